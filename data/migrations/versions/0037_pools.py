"""Presents that several people pay for together; what of a gift card its payers have back."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "gift_cards", sa.Column("voided_minor", _COUNT, server_default="0", nullable=False)
    )
    _create_pools()
    _create_pool_steps()
    _create_contributions()
    _create_pool_shares()


def _create_pools() -> None:
    op.create_table(
        "pools",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("variant_id", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=32), nullable=True),
        sa.Column("organiser_id", sa.String(length=32), nullable=False),
        sa.Column("recipient_id", sa.String(length=32), nullable=True),
        sa.Column("for_name", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("share_rule", sa.String(length=8), nullable=False),
        sa.Column("end_rule", sa.String(length=16), nullable=False),
        sa.Column("shares", _COUNT, nullable=True),
        sa.Column("least_minor", _COUNT, nullable=False),
        sa.Column("cap_minor", _COUNT, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_minor", _COUNT, nullable=False),
        sa.Column("shipping_minor", _COUNT, nullable=False),
        sa.Column("target_minor", _COUNT, nullable=False),
        sa.Column("held_minor", _COUNT, nullable=False),
        sa.Column("paid_minor", _COUNT, nullable=False),
        sa.Column("places", _COUNT, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=True),
        sa.Column("version", _COUNT, nullable=False),
        sa.Column("ship_to", sa.Text(), nullable=True),
        sa.Column("order_id", sa.String(length=32), nullable=True),
        sa.Column("card_id", sa.String(length=32), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "0 <= paid_minor AND paid_minor <= held_minor AND held_minor <= target_minor",
            name=op.f("ck_pools_raised"),
        ),
        sa.CheckConstraint("target_minor > 0 AND least_minor > 0", name=op.f("ck_pools_amounts")),
        sa.CheckConstraint("shares >= 2", name=op.f("ck_pools_shares")),
        _to("pools", "merchant_id", "merchants.id"),
        _to("pools", "variant_id", "variants.id"),
        _to("pools", "chat_id", "chats.id"),
        _to("pools", "organiser_id", "people.id"),
        _to("pools", "order_id", "orders.id"),
        _to("pools", "card_id", "gift_cards.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pools")),
        sa.UniqueConstraint("order_id", name=op.f("uq_pools_order_id")),
    )
    op.create_index("ix_pools_in_chat", "pools", ["chat_id", "state"])
    for column in ("merchant_id", "organiser_id", "recipient_id"):
        op.create_index(op.f(f"ix_pools_{column}"), "pools", [column])


def _create_pool_steps() -> None:
    op.create_table(
        "pool_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("pool_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("paid_minor", _COUNT, nullable=False),
        sa.Column("people", _COUNT, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _to("pool_steps", "merchant_id", "merchants.id"),
        _to("pool_steps", "pool_id", "pools.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_steps")),
        sa.UniqueConstraint("pool_id", "state", name=op.f("uq_pool_steps_pool_id_state")),
        sqlite_autoincrement=True,
    )


def _create_contributions() -> None:
    op.create_table(
        "contributions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("pool_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", _COUNT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_contributions_amount")),
        _to("contributions", "merchant_id", "merchants.id"),
        _to("contributions", "pool_id", "pools.id"),
        _to("contributions", "person_id", "people.id"),
        _to("contributions", "order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributions")),
        sa.UniqueConstraint("order_id", name=op.f("uq_contributions_order_id")),
    )
    op.create_index("ix_contributions_pool", "contributions", ["pool_id", "state"])
    op.create_index("ix_contributions_person", "contributions", ["person_id", "state"])


def _create_pool_shares() -> None:
    op.create_table(
        "pool_shares",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("pool_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        _to("pool_shares", "merchant_id", "merchants.id"),
        _to("pool_shares", "pool_id", "pools.id"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_pool_shares")),
    )
    op.create_index(op.f("ix_pool_shares_pool_id"), "pool_shares", ["pool_id"])


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    for table in ("pool_shares", "contributions", "pool_steps", "pools"):
        op.drop_table(table)
    op.drop_column("gift_cards", "voided_minor")
