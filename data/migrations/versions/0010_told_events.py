"""What befell an object outside is kept for a while: a flow may begin to wait for it afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told_events",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("once", sa.String(length=160), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_told_events_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_told_events")),
        sa.UniqueConstraint(
            "merchant_id",
            "key",
            "event",
            "once",
            name=op.f("uq_told_events_merchant_id_key_event_once"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_told_events_at", "told_events", ["merchant_id", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_told_events_at", table_name="told_events")
    op.drop_table("told_events")
