"""Occasion: a day of somebody's life that comes back. Reminder: telling of one return of it.

    due ──▶ sent       it was said
      └───▶ skipped    it may not be said (opted out, no consent), or the day went by asleep

At most one reminder of an occasion is due at a time; its job is only an alarm clock, the row
decides. Only the person who saved an occasion ever reads it (T52).
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.occasions.calendar import AnnualDate, CalendarKind


class OccasionKind(StrEnum):
    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"
    FESTIVAL = "festival"
    OTHER = "other"


class ReminderState(StrEnum):
    DUE = "due"
    SENT = "sent"
    SKIPPED = "skipped"


class Occasion(Base):
    """`subject` is whose day it is, encrypted: a name; `relation` is a code (mother, friend)."""

    __tablename__ = "occasions"
    __table_args__ = (
        CheckConstraint("month BETWEEN 1 AND 12 AND day BETWEEN 1 AND 31", name="date"),
        CheckConstraint("lead_days >= 0", name="lead"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    relation: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str | None] = mapped_column(Text)
    calendar: Mapped[str] = mapped_column(String(8))
    month: Mapped[int]
    day: Mapped[int]
    leap: Mapped[bool]
    year: Mapped[int | None]
    lead_days: Mapped[int]
    timezone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def when(self) -> AnnualDate:
        return AnnualDate(
            CalendarKind(self.calendar), self.month, self.day, leap=self.leap, year=self.year
        )

    @when.setter
    def when(self, date: AnnualDate) -> None:
        self.calendar, self.month, self.day = date.calendar, date.month, date.day
        self.leap, self.year = date.leap, date.year


class Reminder(Base):
    """`year` is of the occasion's own calendar: it names the return without doubt (I13)."""

    __tablename__ = "reminders"
    __table_args__ = (UniqueConstraint("occasion_id", "year", "lead"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    occasion_id: Mapped[str] = mapped_column(ForeignKey("occasions.id"))
    year: Mapped[int]
    lead: Mapped[int]
    falls_on: Mapped[date]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default=ReminderState.DUE)
    sent_at: Mapped[datetime | None]
