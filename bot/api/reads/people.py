"""Customers and their reminders. Whose day it is stays with the person who saved it (T52)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from data.kernel.errors import NotFound
from data.occasions.models import Occasion, Reminder
from data.people import Person


@dataclass(frozen=True, slots=True)
class ReminderView:
    """`kind` of the day and whom we remind; never the day's subject or relation."""

    reminder: Reminder
    kind: str
    person_id: str


def list_people(session: Session, *, merchant_id: str, where: Where) -> Page[Person]:
    """Each once: who turned out to be somebody else is that one now."""
    mine = (Person.merchant_id == merchant_id, Person.merged_into.is_(None))
    query = select(Person).where(*mine)
    return newest_first(session, query, at=Person.created_at, key=Person.id, where=where)


def find_person(session: Session, *, merchant_id: str, person_id: str) -> Person:
    person = session.get(Person, person_id)
    if person is None or person.merchant_id != merchant_id:
        raise NotFound("customer")
    return person


def names_of(session: Session, *, merchant_id: str, ids: Collection[str]) -> dict[str, str]:
    rows = session.execute(
        select(Person.id, Person.name).where(Person.merchant_id == merchant_id, Person.id.in_(ids))
    )
    return dict(rows.all())


def list_reminders(
    session: Session, *, merchant_id: str, after: int, limit: int
) -> Sequence[ReminderView]:
    """In the order they were planned; `after` is the last one seen."""
    rows = session.execute(
        select(Reminder, Occasion.kind, Occasion.person_id)
        .join(Occasion, Occasion.id == Reminder.occasion_id)
        .where(Reminder.merchant_id == merchant_id, Reminder.id > after)
        .order_by(Reminder.id)
        .limit(limit)
    )
    return [ReminderView(*row) for row in rows]
