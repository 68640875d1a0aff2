"""Changes of an order, goods that come back, and what of a gift card's part went back with them."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_AWAITING = sa.text("state = 'awaiting'")


def upgrade() -> None:
    _create_changes()
    _create_returns()
    _create_return_lines()
    op.add_column("gift_card_uses", _zero("returned_minor"))
    op.add_column("order_charges", _zero("shipping_minor"))


def _create_changes() -> None:
    op.create_table(
        "order_changes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("nth", _COUNT, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", _COUNT, nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("line_id", _COUNT, nullable=True),
        sa.Column("was_variant_id", sa.String(length=32), nullable=True),
        sa.Column("new_variant_id", sa.String(length=32), nullable=True),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.Column("becomes", sa.JSON(), nullable=False),
        sa.Column("unit_minor", _COUNT, nullable=True),
        sa.Column("back_minor", _COUNT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("extra_order_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("back_minor >= 0", name=op.f("ck_order_changes_back")),
        _to("order_changes", "merchant_id", "merchants.id"),
        _to("order_changes", "order_id", "orders.id"),
        _to("order_changes", "line_id", "order_lines.id"),
        _to("order_changes", "was_variant_id", "variants.id"),
        _to("order_changes", "new_variant_id", "variants.id"),
        _to("order_changes", "extra_order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_changes")),
        sa.UniqueConstraint("order_id", "nth", name=op.f("uq_order_changes_order_id_nth")),
        sa.UniqueConstraint("extra_order_id", name=op.f("uq_order_changes_extra_order_id")),
    )
    op.create_index(op.f("ix_order_changes_order_id"), "order_changes", ["order_id"])
    op.create_index(
        "ix_order_changes_awaiting",
        "order_changes",
        ["order_id"],
        unique=True,
        sqlite_where=_IS_AWAITING,
        postgresql_where=_IS_AWAITING,
    )


def _create_returns() -> None:
    op.create_table(
        "returns",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("asked_ref", sa.String(length=160), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", _COUNT, nullable=False),
        sa.Column("back_minor", _COUNT, nullable=False),
        sa.Column("given_minor", _COUNT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("received_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= given_minor AND given_minor <= back_minor", name=op.f("ck_returns_given")
        ),
        _to("returns", "merchant_id", "merchants.id"),
        _to("returns", "order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
        sa.UniqueConstraint("order_id", "asked_ref", name=op.f("uq_returns_order_id_asked_ref")),
    )
    op.create_index(op.f("ix_returns_order_id"), "returns", ["order_id"])


def _create_return_lines() -> None:
    op.create_table(
        "return_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("return_id", sa.String(length=32), nullable=False),
        sa.Column("line_id", _COUNT, nullable=False),
        sa.Column("quantity", _COUNT, nullable=False),
        sa.Column("back_minor", _COUNT, nullable=False),
        sa.CheckConstraint("quantity > 0 AND back_minor >= 0", name=op.f("ck_return_lines_sane")),
        _to("return_lines", "merchant_id", "merchants.id"),
        _to("return_lines", "return_id", "returns.id"),
        _to("return_lines", "line_id", "order_lines.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_lines")),
        sa.UniqueConstraint("return_id", "line_id", name=op.f("uq_return_lines_return_id_line_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_return_lines_line_id"), "return_lines", ["line_id"])


def _zero(column: str) -> sa.Column[int]:
    return sa.Column(column, _COUNT, server_default="0", nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    op.drop_column("order_charges", "shipping_minor")
    op.drop_column("gift_card_uses", "returned_minor")
    for table in ("return_lines", "returns", "order_changes"):
        op.drop_table(table)
