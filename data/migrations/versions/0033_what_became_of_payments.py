"""What became of payments: when each is looked at again, fees, disputes, what a person must know.

Refunds tell who began them. The simulated bank can keep fees and take up disputes, too.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_LOOKS, _FEES, _DISPUTES = "payment_looks", "payment_fees", "payment_disputes"
_ALARMS, _SANDBOX = "payment_alarms", "sandbox_entries"
_MINOR = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_looks()
    _make_fees()
    _make_disputes()
    _make_alarms()
    _make_entries()
    kind = sa.Column("kind", sa.String(length=8), server_default="ours", nullable=False)
    op.add_column("refunds", kind)
    # What was paid before this came is looked at when a notice hints at it, or somebody asks for it
    # (`tuanzi audit --ask-providers`): not all of it at once.
    op.execute(
        "INSERT INTO payment_looks (attempt_id, merchant_id, due_at, turn, looks, named) "
        "SELECT id, merchant_id, NULL, 0, 0, '[]' FROM payment_attempts "
        "WHERE state = 'captured'"
    )


def _make_looks() -> None:
    op.create_table(
        _LOOKS,
        _text("attempt_id", 32),
        _text("merchant_id", 32),
        _moment("due_at"),
        sa.Column("turn", _MINOR, nullable=False),
        sa.Column("looks", _MINOR, nullable=False),
        sa.Column("named", sa.JSON(), nullable=False),
        _moment("looked_at"),
        _to(_LOOKS, "attempt_id", "payment_attempts.id"),
        _to(_LOOKS, "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f(f"pk_{_LOOKS}")),
    )
    op.create_index("ix_payment_looks_due_at", _LOOKS, ["due_at"])


def _make_fees() -> None:
    op.create_table(
        _FEES,
        sa.Column("id", sa.Integer(), nullable=False),
        _text("merchant_id", 32),
        _text("attempt_id", 32),
        _text("provider_ref", 128),
        sa.Column("amount_minor", _MINOR, nullable=False),
        _text("currency", 3),
        sa.Column("booked", sa.Boolean(), nullable=False),
        _moment("at", nullable=False),
        _to(_FEES, "attempt_id", "payment_attempts.id"),
        _to(_FEES, "merchant_id", "merchants.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_FEES}")),
        _once(_FEES, "attempt_id", "provider_ref"),
        sqlite_autoincrement=True,
    )


def _make_disputes() -> None:
    op.create_table(
        _DISPUTES,
        _text("id", 32),
        _text("merchant_id", 32),
        _text("order_id", 32),
        _text("attempt_id", 32),
        _text("provider_ref", 128),
        sa.Column("amount_minor", _MINOR, nullable=False),
        sa.Column("out_minor", _MINOR, nullable=False),
        _text("currency", 3),
        _text("state", 8),
        sa.Column("is_claim", sa.Boolean(), nullable=False),
        _text("reason", 80),
        sa.Column("moves", _MINOR, nullable=False),
        _moment("answer_by"),
        _moment("opened_at", nullable=False),
        _moment("updated_at", nullable=False),
        _to(_DISPUTES, "attempt_id", "payment_attempts.id"),
        _to(_DISPUTES, "merchant_id", "merchants.id"),
        _to(_DISPUTES, "order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_DISPUTES}")),
        _once(_DISPUTES, "attempt_id", "provider_ref"),
        sa.CheckConstraint("out_minor >= 0", name=op.f(f"ck_{_DISPUTES}_out")),
    )
    op.create_index("ix_payment_disputes_merchant", _DISPUTES, ["merchant_id", "state"])


def _make_alarms() -> None:
    op.create_table(
        _ALARMS,
        sa.Column("id", sa.Integer(), nullable=False),
        _text("merchant_id", 32),
        _text("order_id", 32),
        _text("attempt_id", 32),
        _text("what", 24),
        _text("about", 128),
        sa.Column("amount_minor", _MINOR, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        _moment("raised_at", nullable=False),
        _moment("closed_at"),
        _text("closed_by", 120),
        _to(_ALARMS, "attempt_id", "payment_attempts.id"),
        _to(_ALARMS, "merchant_id", "merchants.id"),
        _to(_ALARMS, "order_id", "orders.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_ALARMS}")),
        _once(_ALARMS, "attempt_id", "what", "about"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_payment_alarms_merchant", _ALARMS, ["merchant_id", "closed_at"])


def _make_entries() -> None:
    op.create_table(
        _SANDBOX,
        _text("key", 32),
        _text("payment_key", 32),
        _text("what", 8),
        sa.Column("amount_minor", _MINOR, nullable=False),
        _text("currency", 3),
        _text("status", 12),
        _moment("created_at", nullable=False),
        _to(_SANDBOX, "payment_key", "sandbox_payments.key"),
        sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{_SANDBOX}")),
    )


def _text(name: str, longest: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=longest), nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _once(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def downgrade() -> None:
    op.drop_column("refunds", "kind")
    for table in (_SANDBOX, _ALARMS, _DISPUTES, _FEES, _LOOKS):
        op.drop_table(table)
