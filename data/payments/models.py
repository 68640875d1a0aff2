"""Payment link, attempt, refund, notice. The states and the only ways between them:

    attempt  created ▶ submitted ▶ pending ▶ authorized ▶ captured   (no hold: pending ▶ captured)
             any of the first four ▶ failed, voided; submitted, pending ▶ unknown ▶ what the
             provider shows; failed, voided ▶ captured: its word that money moved always counts
    refund   requested ▶ submitted ▶ pending ▶ succeeded | failed; unknown ▶ what it shows;
             succeeded ▶ failed: some providers find out late; submitted, unknown ▶ requested: it
             never arrived, and must not while its payment is disputed

`call` and `call_at` name the one question or order that is due at the provider: see steps.py.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class AttemptState(StrEnum):
    CREATED = "created"
    SUBMITTED = "submitted"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    VOIDED = "voided"
    UNKNOWN = "unknown"


class RefundState(StrEnum):
    REQUESTED = "requested"
    SUBMITTED = "submitted"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class RefundKind(StrEnum):
    OURS = "ours"
    EXTERNAL = "external"  # begun at the provider, past us; found afterwards


class NoticeState(StrEnum):
    """received → applied (we asked) | quarantined (it contradicts us) | ignored (not of ours)."""

    RECEIVED = "received"
    APPLIED = "applied"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"


_A, _R = AttemptState, RefundState
_SHOWN = frozenset({_A.PENDING, _A.AUTHORIZED, _A.CAPTURED, _A.FAILED, _A.VOIDED})
ATTEMPT_TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    _A.CREATED: frozenset({_A.SUBMITTED, _A.VOIDED}),
    _A.SUBMITTED: _SHOWN | {_A.UNKNOWN},
    _A.PENDING: _SHOWN - {_A.PENDING} | {_A.UNKNOWN},
    _A.AUTHORIZED: frozenset({_A.CAPTURED, _A.FAILED, _A.VOIDED}),
    _A.UNKNOWN: _SHOWN | {_A.SUBMITTED},
    _A.CAPTURED: frozenset(),
    _A.FAILED: frozenset({_A.CAPTURED}),
    _A.VOIDED: frozenset({_A.CAPTURED}),
}
OPEN_ATTEMPTS = (_A.CREATED, _A.SUBMITTED, _A.PENDING, _A.AUTHORIZED, _A.UNKNOWN)
REFUND_TRANSITIONS: dict[RefundState, frozenset[RefundState]] = {
    _R.REQUESTED: frozenset({_R.SUBMITTED}),
    _R.SUBMITTED: frozenset({_R.REQUESTED, _R.PENDING, _R.SUCCEEDED, _R.FAILED, _R.UNKNOWN}),
    _R.PENDING: frozenset({_R.SUCCEEDED, _R.FAILED, _R.UNKNOWN}),
    _R.UNKNOWN: frozenset({_R.REQUESTED, _R.SUBMITTED, _R.PENDING, _R.SUCCEEDED, _R.FAILED}),
    _R.SUCCEEDED: frozenset({_R.FAILED}),
    _R.FAILED: frozenset(),
}
OPEN_REFUNDS = (_R.REQUESTED, _R.SUBMITTED, _R.PENDING, _R.UNKNOWN)


class PaymentLink(Base):
    """The door to one order's pay page; the token itself is told once and never stored."""

    __tablename__ = "payment_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class PaymentAttempt(Base):
    """One try to pay one order. `promised_minor` of what was captured is promised back. `checks`:
    planned looks in a row without news.

    `account_id` None: the house's own (the simulated bank, a messenger's invoices). `details` are
    `gateway.Details`. `superseded`: its payer has chosen another way, or paid by
    another one, and nobody needs to hear of it; of what an order was paid with it is taken off.
    """

    __tablename__ = "payment_attempts"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        UniqueConstraint("provider", "provider_ref"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "0 <= promised_minor AND promised_minor <= captured_minor", name="promised"
        ),
        Index("ix_payment_attempts_call_at", "call_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    number: Mapped[int]
    provider: Mapped[str] = mapped_column(String(24))
    account_id: Mapped[str | None] = mapped_column(String(32))
    provider_ref: Mapped[str | None] = mapped_column(String(128))
    idempotency_key: Mapped[str] = mapped_column(String(32), unique=True)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    authorize_only: Mapped[bool] = mapped_column(default=False)
    capture_wanted: Mapped[bool] = mapped_column(default=False)  # its group came together
    capture_minor: Mapped[int | None]  # … for less than was held
    hold_until: Mapped[datetime | None]  # as the provider told it
    state: Mapped[str] = mapped_column(String(12), default=AttemptState.CREATED)
    captured_minor: Mapped[int] = mapped_column(default=0)
    promised_minor: Mapped[int] = mapped_column(default=0)
    pay_by: Mapped[str | None] = mapped_column(String(8))
    pay_with: Mapped[str | None] = mapped_column(Text)
    pay_until: Mapped[datetime | None]
    superseded: Mapped[bool] = mapped_column(default=False, server_default=false())
    quarantine: Mapped[str | None] = mapped_column(String(80))  # why a person must look at it
    version: Mapped[int] = mapped_column(default=1)
    call: Mapped[str | None] = mapped_column(String(16))
    call_at: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(default=0)
    checks: Mapped[int] = mapped_column(default=0)
    next_check_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def to_capture(self) -> Money | None:
        """What of a hold is to be taken; None: all of it."""
        minor = self.capture_minor
        return None if minor is None else Money(minor, self.currency)

    @property
    def captured(self) -> Money:
        return Money(self.captured_minor, self.currency)

    @property
    def left(self) -> Money:
        """What of it was not promised back."""
        return Money(self.captured_minor - self.promised_minor, self.currency)


class Refund(Base):
    """Money on its way back, once per cause. `retry_of` names the refund that failed before."""

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("attempt_id", "cause_ref"),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_refunds_call_at", "call_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    attempt_id: Mapped[str] = mapped_column(ForeignKey("payment_attempts.id"))
    retry_of: Mapped[str | None] = mapped_column(ForeignKey("refunds.id"))
    kind: Mapped[str] = mapped_column(String(8), default=RefundKind.OURS, server_default="ours")
    cause_ref: Mapped[str] = mapped_column(String(80))
    idempotency_key: Mapped[str] = mapped_column(String(32), unique=True)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12), default=RefundState.REQUESTED)
    provider_ref: Mapped[str | None] = mapped_column(String(128))
    quarantine: Mapped[str | None] = mapped_column(String(80))
    version: Mapped[int] = mapped_column(default=1)
    call: Mapped[str | None] = mapped_column(String(16))
    call_at: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(default=0)
    checks: Mapped[int] = mapped_column(default=0)
    next_check_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PaymentNotice(Base):
    """A provider's callback as it came, its signature checked; it only makes us ask again."""

    __tablename__ = "payment_notices"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str | None] = mapped_column(ForeignKey("merchants.id"))
    provider: Mapped[str] = mapped_column(String(24))
    account_id: Mapped[str | None] = mapped_column(String(32))
    event_id: Mapped[str] = mapped_column(String(128))
    our_ref: Mapped[str] = mapped_column(String(64), index=True)
    claimed_minor: Mapped[int | None]
    claimed_currency: Mapped[str | None] = mapped_column(String(3))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, str]]
    state: Mapped[str] = mapped_column(String(12), default=NoticeState.RECEIVED)
    reason: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime]
