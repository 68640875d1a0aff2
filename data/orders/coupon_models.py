"""A shop's coupons, who used them on which order, and what an order's sum is made of besides goods.

A coupon's use is taken with the order and given back with it; `uses` and `spent_minor` are counted
by one conditional UPDATE, so that no two buyers get the last one.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class ChargeKind(StrEnum):
    DISCOUNT = "discount"
    LADDER = "ladder"  # its group grew: what was paid for the goods above their price in the end
    TAX = "tax"  # on top of the prices
    TAX_INCLUDED = "tax_included"  # told, and added to nothing
    SHARE = "share"  # of a present that several pay for


class OrderCharge(Base):
    """A line of an order that is no goods. `amount_minor` is what it adds to the sum (below zero:
    takes off), `shipping_minor` what of that is for shipping; `told_minor` is what is shown.
    `name` is the shop's own, by language."""

    __tablename__ = "order_charges"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[dict[str, str]]
    amount_minor: Mapped[int]
    shipping_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    told_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def told(self) -> Money:
        return Money(self.told_minor, self.currency)


class Coupon(Base):
    """Either a share of the goods (`percent_off`) or a sum (`off_minor`). Limits that are None do
    not bind. `code` is kept in capitals, without spaces and hyphens."""

    __tablename__ = "coupons"
    __table_args__ = (
        UniqueConstraint("merchant_id", "code"),
        CheckConstraint("(percent_off IS NULL) <> (off_minor IS NULL)", name="one_way"),
        CheckConstraint("percent_off BETWEEN 1 AND 100", name="percent"),
        CheckConstraint("off_minor > 0", name="off"),
        CheckConstraint("0 <= uses AND (most_uses IS NULL OR uses <= most_uses)", name="uses"),
        CheckConstraint(
            "0 <= spent_minor AND (budget_minor IS NULL OR spent_minor <= budget_minor)",
            name="budget",
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[dict[str, str]]
    percent_off: Mapped[int | None]
    off_minor: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3))
    from_minor: Mapped[int] = mapped_column(default=0)  # goods for less than that get nothing off
    most_off_minor: Mapped[int | None]
    each_person: Mapped[int] = mapped_column(default=1)
    most_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    budget_minor: Mapped[int | None]
    spent_minor: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    @property
    def off(self) -> Money | None:
        return self._money(self.off_minor)

    @property
    def goods_from(self) -> Money | None:
        return self._money(self.from_minor or None)

    @property
    def most_off(self) -> Money | None:
        return self._money(self.most_off_minor)

    @property
    def budget(self) -> Money | None:
        return self._money(self.budget_minor)

    @property
    def spent(self) -> Money:
        return Money(self.spent_minor, self.currency)

    def _money(self, minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, self.currency)


class CouponUse(Base):
    """One order's use, the buyer's `nth`; None once it was given back."""

    __tablename__ = "coupon_uses"
    __table_args__ = (
        UniqueConstraint("coupon_id", "person_id", "nth"),
        UniqueConstraint("order_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    coupon_id: Mapped[str] = mapped_column(ForeignKey("coupons.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    nth: Mapped[int | None]
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    amount_minor: Mapped[int]
    used_at: Mapped[datetime]

    def amount(self, currency: str) -> Money:
        """In the coupon's currency, which is its order's."""
        return Money(self.amount_minor, currency)
