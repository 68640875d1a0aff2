"""What a provider contradicted, and what a person of the shop decided about it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class QuarantineDeed(StrEnum):
    SET_ASIDE = "set_aside"  # by the provider's word, `by` is empty
    ASKED_AGAIN = "asked_again"
    DISMISSED = "dismissed"  # a notice that somebody has looked at


class QuarantineMove(Base):
    """Audit: nothing is overwritten. `subject_id` names an attempt, a refund or a notice;
    `shown_…` is what the provider said of it."""

    __tablename__ = "quarantine_moves"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"))
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    deed: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(80))
    shown_minor: Mapped[int | None]
    shown_currency: Mapped[str | None] = mapped_column(String(3))
    shown_ref: Mapped[str | None] = mapped_column(String(128))
    by: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime]

    @property
    def shown(self) -> Money | None:
        if self.shown_minor is None or self.shown_currency is None:
            return None
        return Money(self.shown_minor, self.shown_currency)
