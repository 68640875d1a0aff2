"""What became of a payment after its money came: looks at the provider, fees, disputes, alarms."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class PaymentLook(Base):
    """When a captured payment is looked at again; one for each. `turn` is the lease, `looks` how
    many of the planned ones were made.

    `named`: numbers of refunds there that notices spoke of and nobody here knew.
    """

    __tablename__ = "payment_looks"
    __table_args__ = (Index("ix_payment_looks_due_at", "due_at"),)

    attempt_id: Mapped[str] = mapped_column(ForeignKey("payment_attempts.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    due_at: Mapped[datetime | None]
    turn: Mapped[int] = mapped_column(default=0)
    looks: Mapped[int] = mapped_column(default=0)
    named: Mapped[list[str]] = mapped_column(default=list)
    looked_at: Mapped[datetime | None]


class PaymentFee(Base):
    """What a provider kept for itself; below zero where it gave that back. `booked` False: it is in
    another currency than the payment, and stands here alone."""

    __tablename__ = "payment_fees"
    __table_args__ = (
        UniqueConstraint("attempt_id", "provider_ref"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    attempt_id: Mapped[str] = mapped_column(ForeignKey("payment_attempts.id"))
    provider_ref: Mapped[str] = mapped_column(String(128))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    booked: Mapped[bool]
    at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class DisputeState(StrEnum):
    """open → won | lost; what was decided may be opened again there, and decided otherwise."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Dispute(Base):
    """A buyer's objection at the bank. `out_minor`: how much of the payment lies there, or stayed
    there, and is no refund of ours. `is_claim`: while it is open nothing is given back by us."""

    __tablename__ = "payment_disputes"
    __table_args__ = (
        UniqueConstraint("attempt_id", "provider_ref"),
        CheckConstraint("out_minor >= 0", name="out"),
        Index("ix_payment_disputes_merchant", "merchant_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    attempt_id: Mapped[str] = mapped_column(ForeignKey("payment_attempts.id"))
    provider_ref: Mapped[str] = mapped_column(String(128))
    amount_minor: Mapped[int]
    out_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(8))
    is_claim: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(80), default="")
    moves: Mapped[int] = mapped_column(default=0)  # of its money: each is one entry in the books
    answer_by: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def out(self) -> Money:
        return Money(self.out_minor, self.currency)


class Alarm(StrEnum):
    """What a person of the shop has to know, or do something about."""

    REFUNDED_THERE = "refunded_there"  # a refund that somebody began at the provider
    REFUND_UNTOLD = "refund_untold"  # something was given back there; nobody tells how much
    REFUND_NO_ROOM = "refund_no_room"  # more was given back there than we have left to promise
    REFUND_WAITS = "refund_waits"  # the shop's balance there is too low
    REFUND_HELD = "refund_held"  # not sent while the payment is disputed
    DISPUTED = "disputed"
    DISPUTE_LOST = "dispute_lost"


class PaymentAlarm(Base):
    """Raised once for each thing it is `about` (a refund, a dispute, a fee), and closed by what
    settles it, or by whoever has looked."""

    __tablename__ = "payment_alarms"
    __table_args__ = (
        UniqueConstraint("attempt_id", "what", "about"),
        Index("ix_payment_alarms_merchant", "merchant_id", "closed_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    attempt_id: Mapped[str] = mapped_column(ForeignKey("payment_attempts.id"))
    what: Mapped[str] = mapped_column(String(24))
    about: Mapped[str] = mapped_column(String(128))
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(120), default="")

    @property
    def amount(self) -> Money | None:
        if self.amount_minor is None or self.currency is None:
            return None
        return Money(self.amount_minor, self.currency)
