"""A basket that several people fill and pay, the steps it took, one person's part of it.

SplitOrder   OPEN ──▶ ORDERED | FAILED | CANCELLED      (all three: final)
SplitPart    a share as any other: orders/share_states.py
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money
from data.orders.share_states import ShareState


class SplitState(StrEnum):
    OPEN = "open"
    ORDERED = "ordered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SplitOrder(Base):
    """What it must come to and what its delivery costs are fixed when it opens.

    `held_minor` is what the goods of all live parts cost, `paid_minor` of those with money behind
    them; `places` and `people` are how many parts that is. `final_people` have paid when it was
    decided, and share `final_fee_minor`; `settled` of them know their share by now.
    """

    __tablename__ = "split_orders"
    __table_args__ = (
        CheckConstraint("0 <= paid_minor AND paid_minor <= held_minor", name="paid"),
        CheckConstraint("0 <= people AND people <= places", name="people"),
        CheckConstraint("minimum_minor >= 0 AND fee_minor >= 0", name="terms"),
        CheckConstraint("settled = 0 OR settled <= final_people", name="settled"),
        Index("ix_split_orders_in_chat", "chat_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    chat_id: Mapped[str | None] = mapped_column(ForeignKey("chats.id"))  # where its card lives
    organiser_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    parcel_id: Mapped[str] = mapped_column(ForeignKey("parcels.id"), unique=True)
    locale: Mapped[str] = mapped_column(String(8))  # the organiser's
    currency: Mapped[str] = mapped_column(String(3))
    minimum_minor: Mapped[int]
    fee_minor: Mapped[int]
    free_from_minor: Mapped[int | None]
    held_minor: Mapped[int] = mapped_column(default=0)
    paid_minor: Mapped[int] = mapped_column(default=0)
    places: Mapped[int] = mapped_column(default=0)
    people: Mapped[int] = mapped_column(default=0)
    final_people: Mapped[int | None]
    final_fee_minor: Mapped[int | None]
    settled: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12), default=SplitState.OPEN)
    why: Mapped[str | None] = mapped_column(String(12))  # it came to nothing: see facts.SplitEnd
    version: Mapped[int] = mapped_column(default=1)  # a card shows the newest it has seen
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    @property
    def minimum(self) -> Money:
        return Money(self.minimum_minor, self.currency)

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, self.currency)

    @property
    def paid(self) -> Money:
        return Money(self.paid_minor, self.currency)

    @property
    def missing(self) -> Money:
        """Of what it must come to."""
        return Money(max(0, self.minimum_minor - self.paid_minor), self.currency)


class SplitStep(Base):
    """Append-only: each state it entered, what was paid at that moment and by how many. Of one that
    the shop called off: `by` whom of it, and what its customers were `said`."""

    __tablename__ = "split_steps"
    __table_args__ = (UniqueConstraint("split_id", "state"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    split_id: Mapped[str] = mapped_column(ForeignKey("split_orders.id"))
    state: Mapped[str] = mapped_column(String(12))
    paid_minor: Mapped[int]
    people: Mapped[int]
    by: Mapped[str | None] = mapped_column(String(120))
    said: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[datetime]


_LIVE = text("state IN ('held', 'paid', 'used')")


class SplitPart(Base):
    """What one person puts into it: an order of their own, counted before any money moves.

    `amount_minor` is what its goods cost; `told_minor` is the most that its share of the delivery
    may be, and `nth` which of the shares it is once it was ordered.
    """

    __tablename__ = "split_parts"
    __table_args__ = (
        CheckConstraint("amount_minor > 0 AND told_minor >= 0", name="amounts"),
        UniqueConstraint("split_id", "nth"),
        Index(
            "uq_split_parts_live",
            "split_id",
            "person_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index("ix_split_parts_person", "person_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    split_id: Mapped[str] = mapped_column(ForeignKey("split_orders.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), unique=True)
    amount_minor: Mapped[int]
    told_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    nth: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(12), default=ShareState.HELD)
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def told(self) -> Money:
        return Money(self.told_minor, self.currency)
