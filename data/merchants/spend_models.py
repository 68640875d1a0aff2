"""What each shop has used of a language model, by day."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class ModelSpend(Base):
    """`day` is UTC's. `tokens` holds what calls under way may cost until they say what they did."""

    __tablename__ = "model_spend"
    __table_args__ = (
        CheckConstraint("calls >= 0", name="calls"),
        CheckConstraint("tokens >= 0", name="tokens"),
    )

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    calls: Mapped[int]
    tokens: Mapped[int]
