"""Words of a messenger's that open one call of ours for a short while."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "passes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=512), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        _to("merchant_id", "merchants"),
        _to("account_id", "channel_accounts"),
        _to("chat_id", "chats"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_passes_account", "passes", ["account_id", "kind", "chat_id"])


def downgrade() -> None:
    op.drop_table("passes")


def _to(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_passes_{column}"))
