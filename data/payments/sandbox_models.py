"""Rows of the SIMULATED bank: they stand for another institution, and move no real money.

Nothing of the shop reads them except through the Gateway port. A plan says what the payer (or
the bank) will do about one key when it comes up.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class Outcome(StrEnum):
    """What the payer's visit to the bank comes to; the pay page offers all five."""

    APPROVED = "approved"
    DECLINED = "declined"
    LOST = "lost"  # the bank takes the money, then the connection breaks; it never calls back
    TWICE = "twice"  # approved, and the bank calls back twice
    LATE = "late"  # the bank thinks about it, takes the money later and calls back then


class RefundOutcome(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    LOST = "lost"
    LATE = "late"  # pending first
    REVERSED = "reversed"  # succeeds, and is found later not to have worked
    UNSAID = "unsaid"  # the same, and the bank never calls back
    SHORT = "short"  # it waits until the shop's balance is filled up


class SandboxPlan(Base):
    """`key` is a payment's; `about` is `payment` or `refund`. `done` once it has been acted on."""

    __tablename__ = "sandbox_plans"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    about: Mapped[str] = mapped_column(String(8), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(12))
    delay_seconds: Mapped[int]
    done: Mapped[bool] = mapped_column(default=False)


class SandboxPayment(Base):
    """`settles_at` is when a slow bank makes up its mind, or a hold runs out."""

    __tablename__ = "sandbox_payments"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    provider_ref: Mapped[str] = mapped_column(String(32), unique=True)
    order_id: Mapped[str] = mapped_column(String(32))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    authorize_only: Mapped[bool]
    status: Mapped[str] = mapped_column(String(12))
    refunded_minor: Mapped[int] = mapped_column(default=0)
    settles_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class SandboxRefund(Base):
    __tablename__ = "sandbox_refunds"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    payment_key: Mapped[str] = mapped_column(ForeignKey("sandbox_payments.key"))
    provider_ref: Mapped[str] = mapped_column(String(32), unique=True)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(12))
    becomes: Mapped[str | None] = mapped_column(String(12))  # … at settles_at
    settles_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class SandboxEntry(Base):
    """A fee that the bank kept of a payment, or a dispute about it (`what`)."""

    __tablename__ = "sandbox_entries"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    payment_key: Mapped[str] = mapped_column(ForeignKey("sandbox_payments.key"))
    what: Mapped[str] = mapped_column(String(8))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(12), default="")
    created_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
