"""People who turned out to be one: who somebody is now, and everybody they have been."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.people.models import Person


def known_as(session: Session, person_id: str) -> Person:
    """Who this is today. What was begun before a merge may still name who they were."""
    person = session.get_one(Person, person_id)
    while person.merged_into is not None:
        person = session.get_one(Person, person.merged_into)
    return person


def been(session: Session, person_id: str) -> list[str]:
    """Their id, and the ids of all who were merged into them, one after the other."""
    found, new = [person_id], [person_id]
    while new:
        before = select(Person.id).where(Person.merged_into.in_(new)).order_by(Person.id)
        new = list(session.scalars(before))
        found += new
    return found
