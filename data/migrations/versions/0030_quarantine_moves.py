"""What a provider contradicted, what it showed, and who decided what about it."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_TABLE = "quarantine_moves"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=True),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("deed", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("shown_minor", _MINOR, nullable=True),
        sa.Column("shown_currency", sa.String(length=3), nullable=True),
        sa.Column("shown_ref", sa.String(length=128), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _to("merchant_id", "merchants.id"),
        _to("order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
        sqlite_autoincrement=True,
    )
    for column in ("merchant_id", "subject_id"):
        op.create_index(op.f(f"ix_{_TABLE}_{column}"), _TABLE, [column])


_MINOR = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{_TABLE}_{column}"))


def downgrade() -> None:
    op.drop_table(_TABLE)
