"""Goods on their way back. A return's states, and the only ways between them:

    requested ──▶ approved ──▶ received ◀──▶ refunded   (back again: a refund failed after all)
        └───────▶ refused         ◀───────▶ exchanged  (back again: its order was called off)

The shop decides and receives; `refunded` is what the providers say in the end. An exchange is a
return that names another variant: `exchanged` once the order for that is owed.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class ReturnState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    RECEIVED = "received"
    REFUNDED = "refunded"
    EXCHANGED = "exchanged"


_R = ReturnState
RETURN_TRANSITIONS: dict[ReturnState, frozenset[ReturnState]] = {
    _R.REQUESTED: frozenset({_R.APPROVED, _R.REFUSED}),
    _R.APPROVED: frozenset({_R.RECEIVED}),
    _R.REFUSED: frozenset(),
    _R.RECEIVED: frozenset({_R.REFUNDED, _R.EXCHANGED}),
    _R.REFUNDED: frozenset({_R.RECEIVED}),
    _R.EXCHANGED: frozenset({_R.RECEIVED}),
}


class Return(Base):
    """`back_minor` is what was told would go back, `given_minor` what then did. `asked_ref` is the
    one asking: a request that is repeated is the same return. `note`: what the shop says to it."""

    __tablename__ = "returns"
    __table_args__ = (
        UniqueConstraint("order_id", "asked_ref"),
        CheckConstraint("0 <= given_minor AND given_minor <= back_minor", name="given"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    asked_ref: Mapped[str] = mapped_column(String(160))
    state: Mapped[str] = mapped_column(String(12), default=ReturnState.REQUESTED)
    version: Mapped[int] = mapped_column(default=1)
    back_minor: Mapped[int]
    given_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    note: Mapped[str] = mapped_column(String(300), default="")
    decided_by: Mapped[str] = mapped_column(String(120), default="")
    received_by: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def back(self) -> Money:
        return Money(self.back_minor, self.currency)

    @property
    def given(self) -> Money:
        return Money(self.given_minor, self.currency)


class ReturnLine(Base):
    """How many of one line come back, and which part of what was paid for them."""

    __tablename__ = "return_lines"
    __table_args__ = (
        UniqueConstraint("return_id", "line_id"),
        CheckConstraint("quantity > 0 AND back_minor >= 0", name="sane"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    return_id: Mapped[str] = mapped_column(ForeignKey("returns.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), index=True)
    quantity: Mapped[int]
    back_minor: Mapped[int]


class Exchange(Base):
    """What is wanted instead of a return's goods, one line's. `unit_minor` is what one of it costs,
    `more_minor` how much more that is than one of those; `keeps_minor` of what the return is worth
    pays for it and stays. The order that brings it is placed when the goods are here. One that
    `fell_through` leaves a return like any other."""

    __tablename__ = "exchanges"
    __table_args__ = (
        UniqueConstraint("order_id"),
        CheckConstraint("unit_minor >= 0 AND more_minor >= 0 AND keeps_minor >= 0", name="amounts"),
    )

    return_id: Mapped[str] = mapped_column(ForeignKey("returns.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    variant_id: Mapped[str] = mapped_column(ForeignKey("variants.id"))
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"))
    unit_minor: Mapped[int]
    more_minor: Mapped[int]
    keeps_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    fell_through: Mapped[bool] = mapped_column(default=False)

    @property
    def more(self) -> Money:
        """For one of them."""
        return Money(self.more_minor, self.currency)

    @property
    def keeps(self) -> Money:
        return Money(self.keeps_minor, self.currency)
