"""Who waits for a place in a full team, in the order in which they came.

WAITING ──▶ SEATED | LEFT | PASSED | CLOSED      (all four final)
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
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


class WaitlistEntry(Base):
    """One person in line for one team, for so many units. Numbers only rise, and are given under
    the team's lock: a smaller `id` came earlier.

    `ended_version`: of the team, when they ceased to wait; it tells who did so first (the audit).
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
