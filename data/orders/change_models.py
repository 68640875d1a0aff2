"""What became of an order after it was placed: where it goes, which variant it is of.

    variant   awaiting ▶ done       (dearer: the difference is an order of its own, and was paid)
              awaiting ▶ lapsed ▶ done     (not paid in time; paid late, and it could still be had)
              done at once: cheaper, or the same price
    address   done at once

A change that is done stays in the order's history. It never says where an order goes.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class ChangeKind(StrEnum):
    ADDRESS = "address"
    VARIANT = "variant"


class ChangeState(StrEnum):
    AWAITING = "awaiting"
    DONE = "done"
    LAPSED = "lapsed"


_C = ChangeState
CHANGE_TRANSITIONS: dict[ChangeState, frozenset[ChangeState]] = {
    _C.AWAITING: frozenset({_C.DONE, _C.LAPSED}),
    _C.LAPSED: frozenset({_C.DONE}),
    _C.DONE: frozenset(),
}
BUYER = "buyer"  # as who changed it; else a colleague's address
_IS_AWAITING = "state = 'awaiting'"


class OrderChange(Base):
    """The order's `nth`. `back_minor` went back with it; `extra_order_id` is the order by which
    more was paid."""

    __tablename__ = "order_changes"
    __table_args__ = (
        UniqueConstraint("order_id", "nth"),
        UniqueConstraint("extra_order_id"),
        CheckConstraint("back_minor >= 0", name="back"),
        # Two that wait for their difference would both think that the goods are theirs to change.
        Index(
            "ix_order_changes_awaiting",
            "order_id",
            unique=True,
            sqlite_where=text(_IS_AWAITING),
            postgresql_where=text(_IS_AWAITING),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    nth: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12), default=ChangeState.DONE)
    version: Mapped[int] = mapped_column(default=1)
    by: Mapped[str] = mapped_column(String(120))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_lines.id"))
    was_variant_id: Mapped[str | None] = mapped_column(ForeignKey("variants.id"))
    new_variant_id: Mapped[str | None] = mapped_column(ForeignKey("variants.id"))
    was: Mapped[dict[str, str]] = mapped_column(default=dict)  # the attributes of either
    becomes: Mapped[dict[str, str]] = mapped_column(default=dict)
    unit_minor: Mapped[int | None]  # what one of the new variant costs
    back_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    extra_order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def back(self) -> Money:
        return Money(self.back_minor, self.currency)
