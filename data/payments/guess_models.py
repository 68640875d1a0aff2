"""Codes that were no code of the shop's, by who said them; whoever guesses is stopped."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class CodeMiss(Base):
    """Kept for a day; of what was typed nothing is."""

    __tablename__ = "code_misses"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]
