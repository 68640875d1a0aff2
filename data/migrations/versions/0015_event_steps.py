"""An event says which run of a flow it belongs to in a column, for counting runs and not visits."""

import sqlalchemy as sa
from alembic import op

# As the models have it: SQLite counts rows only in a plain INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0015"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversation_events", sa.Column("frame", NUMBER, nullable=True))


def downgrade() -> None:
    op.drop_column("conversation_events", "frame")
