"""Links that let anybody look at a team, and join it: their tokens are kept as hashes only."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class TeamShare(Base):
    """`/g/<token>` of one team. Links of a team stand side by side until they are revoked.

    `unsent_since`: it was made for a list to choose from, and nobody has told us that it was sent.
    """

    __tablename__ = "team_shares"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), index=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    unsent_since: Mapped[datetime | None]
