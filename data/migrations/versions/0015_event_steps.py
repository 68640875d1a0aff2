"""An event says which run of a flow it belongs to in a column, for counting runs and not visits;
runs are found by when they began. Events from before this have no run and are not counted."""

import sqlalchemy as sa
from alembic import op

# As the models have it: SQLite counts rows only in a plain INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation_events", sa.Column("frame", NUMBER, nullable=True))
    started = sa.text("kind = 'flow_started'")
    op.create_index(
        "ix_conversation_events_started",
        "conversation_events",
        ["merchant_id", "at"],
        unique=False,
        sqlite_where=started,
        postgresql_where=started,
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_events_started", table_name="conversation_events")
    op.drop_column("conversation_events", "frame")
