"""When a team was reminded of: each time is a row, and nobody's name stands in it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class TeamNudge(Base):
    """The `number`-th time of this team; no other may follow before `next_at`."""

    __tablename__ = "team_nudges"

    team_id: Mapped[str] = mapped_column(String(32), ForeignKey("teams.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    at: Mapped[datetime]
    next_at: Mapped[datetime]
