"""Who of a shop changed what its customers pay: coupons, gift cards, tax, common orders."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class PriceThing(StrEnum):
    COUPON = "coupon"
    GIFT_CARD = "gift_card"
    TAX = "tax"
    SPLIT_ORDER = "split_order"


class PriceDeed(StrEnum):
    MADE = "made"
    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    ISSUED = "issued"
    BLOCKED = "blocked"
    SET = "set"
    REMOVED = "removed"


class PriceMove(Base):
    """Audit: nothing is overwritten. `subject_id` names a coupon, a gift card, a batch of them, or
    the shop whose tax or terms it is; `told` is what they say from then on."""

    __tablename__ = "price_moves"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    thing: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[str] = mapped_column(String(64), index=True)
    deed: Mapped[str] = mapped_column(String(12))
    told: Mapped[dict[str, str]] = mapped_column(default=dict)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
