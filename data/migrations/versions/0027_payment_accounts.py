"""A shop's accounts at payment providers, and how a payer is handed over to one."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_accounts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", _COUNT, nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused", _COUNT, nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        _to("payment_accounts", "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_accounts")),
        sa.UniqueConstraint(
            "merchant_id",
            "provider",
            "external_id",
            name=op.f("uq_payment_accounts_merchant_id_provider_external_id"),
        ),
    )
    op.create_table(
        "payment_account_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("deed", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _to("payment_account_moves", "merchant_id", "merchants.id"),
        _to("payment_account_moves", "account_id", "payment_accounts.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_account_moves")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_payment_account_moves_merchant_id"), "payment_account_moves", ["merchant_id"]
    )
    for column in _OF_ATTEMPTS:
        op.add_column("payment_attempts", column)
    op.drop_column("payment_attempts", "pay_url")  # nobody ever wrote one
    op.add_column("payment_notices", sa.Column("account_id", sa.String(length=32), nullable=True))


_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OF_ATTEMPTS: tuple[sa.Column[Any], ...] = (
    sa.Column("account_id", sa.String(length=32), nullable=True),
    sa.Column("details", sa.JSON(), server_default="{}", nullable=False),
    sa.Column("pay_by", sa.String(length=8), nullable=True),
    sa.Column("pay_with", sa.Text(), nullable=True),
    sa.Column("pay_until", sa.DateTime(timezone=True), nullable=True),
    sa.Column("superseded", sa.Boolean(), server_default=sa.false(), nullable=False),
)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    op.drop_column("payment_notices", "account_id")
    op.add_column("payment_attempts", sa.Column("pay_url", sa.String(length=2000), nullable=True))
    for column in reversed(_OF_ATTEMPTS):
        op.drop_column("payment_attempts", column.name)
    op.drop_table("payment_account_moves")
    op.drop_table("payment_accounts")
