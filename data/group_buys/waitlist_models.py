"""Who waits for a place in a full team, in the order in which they came.

WAITING ──▶ SEATED | LEFT | PASSED | CLOSED      (all four final)
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base

_WAITING_SQL = text("state = 'waiting'")


class EntryState(StrEnum):
    """PASSED: it was their turn, and they could have no place; CLOSED: the team ended first."""

    WAITING = "waiting"
    SEATED = "seated"
    LEFT = "left"
    PASSED = "passed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class InvitedBy:
    """Whose link (its hash) brought somebody to a line, and may that be rewarded?"""

    share_hash: str
    rewarded: bool


class WaitlistEntry(Base):
    """One person in line for one team, for so many units. Numbers only rise, and are given under
    the team's lock: a smaller `id` came earlier.

    `ended_version`: of the team, when they ceased to wait; it tells who did so first (the audit).
    `share_hash`: the invitation by which they came, `rewarded` as of the seat it becomes.
    """

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        Index(
            "uq_waitlist_entries_waiting",
            "team_id",
            "person_id",
            unique=True,
            sqlite_where=_WAITING_SQL,
            postgresql_where=_WAITING_SQL,
        ),
        Index("ix_waitlist_entries_team", "team_id", "state"),
        Index("ix_waitlist_entries_person", "person_id", "state"),
        CheckConstraint("quantity > 0", name="quantity"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    seat_id: Mapped[str | None] = mapped_column(ForeignKey("seats.id"), unique=True)
    quantity: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(8), default=EntryState.WAITING)
    created_at: Mapped[datetime]
    ended_version: Mapped[int | None]
    share_hash: Mapped[str | None] = mapped_column(String(64))
    rewarded: Mapped[bool] = mapped_column(server_default=false(), default=False)
