"""What an order's sum is made of; coupons; gift cards and what they pay."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_charges()
    _create_coupons()
    _create_coupon_uses()
    _create_gift_cards()
    _create_gift_card_uses()
    op.add_column("orders", _zero("credit_minor"))
    op.add_column("order_lines", _zero("discount_minor"))


def _create_charges() -> None:
    op.create_table(
        "order_charges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("amount_minor", _COUNT, nullable=False),
        sa.Column("told_minor", _COUNT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        _to("order_charges", "merchant_id", "merchants.id"),
        _to("order_charges", "order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_charges")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_order_charges_order_id"), "order_charges", ["order_id"])


def _create_coupons() -> None:
    op.create_table(
        "coupons",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("percent_off", _COUNT, nullable=True),
        sa.Column("off_minor", _COUNT, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("from_minor", _COUNT, nullable=False),
        sa.Column("most_off_minor", _COUNT, nullable=True),
        sa.Column("each_person", _COUNT, nullable=False),
        sa.Column("most_uses", _COUNT, nullable=True),
        sa.Column("uses", _COUNT, nullable=False),
        sa.Column("budget_minor", _COUNT, nullable=True),
        sa.Column("spent_minor", _COUNT, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(percent_off IS NULL) <> (off_minor IS NULL)", name=op.f("ck_coupons_one_way")
        ),
        sa.CheckConstraint("percent_off BETWEEN 1 AND 100", name=op.f("ck_coupons_percent")),
        sa.CheckConstraint("off_minor > 0", name=op.f("ck_coupons_off")),
        sa.CheckConstraint(
            "0 <= uses AND (most_uses IS NULL OR uses <= most_uses)", name=op.f("ck_coupons_uses")
        ),
        sa.CheckConstraint(
            "0 <= spent_minor AND (budget_minor IS NULL OR spent_minor <= budget_minor)",
            name=op.f("ck_coupons_budget"),
        ),
        _to("coupons", "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("merchant_id", "code", name=op.f("uq_coupons_merchant_id_code")),
    )


def _create_coupon_uses() -> None:
    op.create_table(
        "coupon_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("coupon_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("nth", _COUNT, nullable=True),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", _COUNT, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        _to("coupon_uses", "merchant_id", "merchants.id"),
        _to("coupon_uses", "coupon_id", "coupons.id"),
        _to("coupon_uses", "person_id", "people.id"),
        _to("coupon_uses", "order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_uses")),
        sa.UniqueConstraint(
            "coupon_id", "person_id", "nth", name=op.f("uq_coupon_uses_coupon_id_person_id_nth")
        ),
        sa.UniqueConstraint("order_id", name=op.f("uq_coupon_uses_order_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_coupon_uses_person_id"), "coupon_uses", ["person_id"])


def _create_gift_cards() -> None:
    op.create_table(
        "gift_cards",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("code_end", sa.String(length=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issued_minor", _COUNT, nullable=False),
        sa.Column("balance_minor", _COUNT, nullable=False),
        sa.Column("held_minor", _COUNT, nullable=False),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.Column("issued_by", sa.String(length=120), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "0 <= held_minor AND held_minor <= balance_minor AND balance_minor <= issued_minor",
            name=op.f("ck_gift_cards_balance"),
        ),
        sa.CheckConstraint("issued_minor > 0", name=op.f("ck_gift_cards_issued")),
        _to("gift_cards", "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_cards")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_gift_cards_code_hash")),
    )
    op.create_index(op.f("ix_gift_cards_merchant_id"), "gift_cards", ["merchant_id"])


def _create_gift_card_uses() -> None:
    op.create_table(
        "gift_card_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("card_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", _COUNT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_gift_card_uses_amount")),
        _to("gift_card_uses", "merchant_id", "merchants.id"),
        _to("gift_card_uses", "card_id", "gift_cards.id"),
        _to("gift_card_uses", "order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card_uses")),
        sa.UniqueConstraint("card_id", "order_id", name=op.f("uq_gift_card_uses_card_id_order_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_gift_card_uses_order_id"), "gift_card_uses", ["order_id"])


def _zero(column: str) -> sa.Column[int]:
    return sa.Column(column, _COUNT, server_default="0", nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    op.drop_column("order_lines", "discount_minor")
    op.drop_column("orders", "credit_minor")
    for table in ("gift_card_uses", "gift_cards", "coupon_uses", "coupons", "order_charges"):
        op.drop_table(table)
