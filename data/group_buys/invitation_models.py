"""Who passed a team's link on, and which seats were taken by it. One level, and none above it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class Invitation(Base):
    """A shared link that carries who shared it. The link says nothing of them: they stand here.
    `channel`: the messenger in which they asked for it."""

    __tablename__ = "invitations"

    token_hash: Mapped[str] = mapped_column(ForeignKey("team_shares.token_hash"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))


class InvitedSeat(Base):
    """By whose invitation somebody came to their seat. `level` is one: who invited the inviter is
    of no interest, and there is no other number to write. `rewarded`: both were in messengers
    whose rules allow a reward for that."""

    __tablename__ = "invited_seats"
    __table_args__ = (CheckConstraint("level = 1", name="level"),)

    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), index=True)
    share_hash: Mapped[str] = mapped_column(ForeignKey("invitations.token_hash"))
    inviter_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    level: Mapped[int] = mapped_column(default=1)
    rewarded: Mapped[bool]
    created_at: Mapped[datetime]
