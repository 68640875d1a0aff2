"""Gift cards, and what of an order's total each of them pays.

use   held ▶ redeemed ▶ returned        (paid with the rest; given back with the rest)
      held ▶ released ▶ held            (the order closed unpaid; late money found it again)
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money

PURSE = "purse:"  # how `issued_by` of a card begins that nobody has the code of: purses.py


class UseState(StrEnum):
    HELD = "held"
    REDEEMED = "redeemed"
    RELEASED = "released"
    RETURNED = "returned"


_U = UseState
USE_TRANSITIONS: dict[UseState, frozenset[UseState]] = {
    _U.HELD: frozenset({_U.REDEEMED, _U.RELEASED}),
    _U.RELEASED: frozenset({_U.HELD}),
    _U.REDEEMED: frozenset({_U.RETURNED}),
    _U.RETURNED: frozenset(),
}


class GiftCard(Base):
    """What the shop owes whoever has the code; of that itself only a hash and the end are kept.

    `voided_minor`: of what was issued, what its payers have back (purses.py)."""

    __tablename__ = "gift_cards"
    __table_args__ = (
        CheckConstraint(
            "0 <= held_minor AND held_minor <= balance_minor AND balance_minor <= issued_minor",
            name="balance",
        ),
        CheckConstraint("issued_minor > 0", name="issued"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_end: Mapped[str] = mapped_column(String(4))
    currency: Mapped[str] = mapped_column(String(3))
    issued_minor: Mapped[int]
    balance_minor: Mapped[int]
    held_minor: Mapped[int] = mapped_column(default=0)
    voided_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    note: Mapped[str] = mapped_column(String(120), default="")
    issued_by: Mapped[str] = mapped_column(String(120))
    batch_id: Mapped[str | None] = mapped_column(String(64), index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def issued(self) -> Money:
        return Money(self.issued_minor, self.currency)

    @property
    def balance(self) -> Money:
        return Money(self.balance_minor, self.currency)

    @property
    def held(self) -> Money:
        return Money(self.held_minor, self.currency)


class GiftCardBatch(Base):
    """Cards that a shop gave away together, for a reason. `id` comes with the order to issue them,
    so that the same order issues them once."""

    __tablename__ = "gift_card_batches"
    __table_args__ = (
        CheckConstraint("count > 0", name="count"),
        CheckConstraint("each_minor > 0", name="each"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    count: Mapped[int]
    each_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(120))
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class GiftCardUse(Base):
    """What one card pays of one order; `returned_minor` of it went back for goods that came back
    (all of it is another state)."""

    __tablename__ = "gift_card_uses"
    __table_args__ = (
        UniqueConstraint("card_id", "order_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    card_id: Mapped[str] = mapped_column(ForeignKey("gift_cards.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    amount_minor: Mapped[int]
    returned_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12), default=UseState.HELD)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def left(self) -> Money:
        """What of it has not gone back."""
        return Money(self.amount_minor - self.returned_minor, self.currency)
