"""Kept days of two people who are one: the same day of the same person is told of once."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from data.occasions.models import Occasion, Reminder, ReminderState
from data.occasions.schedule import schedule_next
from data.occasions.subjects import same_name, subject_of
from data.orders import Order


def join_days(session: Session, *, kept: str, gone: str, now: datetime) -> None:
    """Before the rest is re-pointed. Of a day that both keep what was said last counts."""
    mine = _days_of(session, kept)
    for day in _days_of(session, gone):
        twin = next((one for one in mine if _is_same(session, one, day)), None)
        if twin is not None:
            _join(session, twin, day, now)


def _days_of(session: Session, person_id: str) -> list[Occasion]:
    """Locked, as an alarm that rings or a correction locks them."""
    found = select(Occasion).where(Occasion.person_id == person_id).order_by(Occasion.id)
    return list(session.scalars(found.with_for_update().execution_options(populate_existing=True)))


def _is_same(session: Session, one: Occasion, other: Occasion) -> bool:
    """As when somebody tells of a day again: whose it is and which, not when (service.py)."""
    if (one.kind, one.relation) != (other.kind, other.relation):
        return False
    return same_name(subject_of(session, one), subject_of(session, other))


def _join(session: Session, twin: Occasion, day: Occasion, now: datetime) -> None:
    if day.updated_at > twin.updated_at:
        twin.when, twin.lead_days, twin.timezone = day.when, day.lead_days, day.timezone
        twin.updated_at = day.updated_at
    _keep_what_was_told(session, twin, day)
    session.execute(update(Order).where(Order.occasion_id == day.id).values(occasion_id=twin.id))
    session.execute(delete(Reminder).where(Reminder.occasion_id == day.id))
    session.delete(day)
    session.flush()
    schedule_next(session, occasion=twin, now=now)


def _keep_what_was_told(session: Session, twin: Occasion, day: Occasion) -> None:
    """What one side was told of this year, the other is not told of again (I13)."""
    told = session.scalars(
        select(Reminder).where(Reminder.occasion_id == day.id, Reminder.state != ReminderState.DUE)
    ).all()
    session.execute(
        delete(Reminder).where(Reminder.occasion_id == twin.id, Reminder.state == ReminderState.DUE)
    )
    known = {
        (row.year, row.lead)
        for row in session.execute(
            select(Reminder.year, Reminder.lead).where(Reminder.occasion_id == twin.id)
        )
    }
    for reminder in told:
        if (reminder.year, reminder.lead) not in known:
            reminder.occasion_id = twin.id
    session.flush()
