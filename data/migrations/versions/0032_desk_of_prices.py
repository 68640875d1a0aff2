"""Who changed what customers pay; gift cards given away together; codes that were none."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_moves()
    _create_batches()
    _create_misses()
    op.add_column("gift_cards", sa.Column("batch_id", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_gift_cards_batch_id"), "gift_cards", ["batch_id"])


def _create_moves() -> None:
    op.create_table(
        "price_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("thing", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("deed", sa.String(length=12), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _to("price_moves", "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_moves")),
        sqlite_autoincrement=True,
    )
    for column in ("merchant_id", "subject_id"):
        op.create_index(op.f(f"ix_price_moves_{column}"), "price_moves", [column])


def _create_batches() -> None:
    op.create_table(
        "gift_card_batches",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("count", _COUNT, nullable=False),
        sa.Column("each_minor", _COUNT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_gift_card_batches_count")),
        sa.CheckConstraint("each_minor > 0", name=op.f("ck_gift_card_batches_each")),
        _to("gift_card_batches", "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card_batches")),
    )
    table = "gift_card_batches"
    op.create_index(op.f(f"ix_{table}_merchant_id"), table, ["merchant_id"])


def _create_misses() -> None:
    op.create_table(
        "code_misses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _to("code_misses", "merchant_id", "merchants.id"),
        _to("code_misses", "person_id", "people.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_misses")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_code_misses_person_id"), "code_misses", ["person_id"])


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    op.drop_index(op.f("ix_gift_cards_batch_id"), "gift_cards")
    op.drop_column("gift_cards", "batch_id")
    op.drop_table("code_misses")
    op.drop_table("gift_card_batches")
    op.drop_table("price_moves")
