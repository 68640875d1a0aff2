"""Who takes what is kept for them until they pay."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class SeatTaker(Base):
    """How a person treats what is kept for them: `lapses` in a row; `paused_until` after too
    many.

    Its row is also the lock under which a person's seats are counted.
    """

    __tablename__ = "seat_takers"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    lapses: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None]
