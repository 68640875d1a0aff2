"""A return may be for another variant of the same product, sent by an order of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "exchanges",
        sa.Column("return_id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("variant_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=True),
        sa.Column("unit_minor", _COUNT, nullable=False),
        sa.Column("more_minor", _COUNT, nullable=False),
        sa.Column("keeps_minor", _COUNT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fell_through", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "unit_minor >= 0 AND more_minor >= 0 AND keeps_minor >= 0",
            name=op.f("ck_exchanges_amounts"),
        ),
        _to("return_id", "returns.id"),
        _to("merchant_id", "merchants.id"),
        _to("variant_id", "variants.id"),
        _to("order_id", "orders.id"),
        sa.PrimaryKeyConstraint("return_id", name=op.f("pk_exchanges")),
        sa.UniqueConstraint("order_id", name=op.f("uq_exchanges_order_id")),
    )


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_exchanges_{column}"))


def downgrade() -> None:
    op.drop_table("exchanges")
