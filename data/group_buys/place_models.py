"""Where else the live card of a team stands than in the chat it was opened in."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class TeamPlace(Base):
    """A chat that was shown the card of a team by somebody who shared it; `share_hash` is their
    link, where we are not in that chat and the card is all that there is."""

    __tablename__ = "team_places"

    team_id: Mapped[str] = mapped_column(String(32), ForeignKey("teams.id"), primary_key=True)
    chat_id: Mapped[str] = mapped_column(String(32), ForeignKey("chats.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    share_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
