"""People who turned out to be one: who somebody is now, and everybody they have been."""

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.orm import Session

from data.kernel.database import table_of
from data.kernel.prepared import Prepared
from data.people.models import Person

_PEOPLE = table_of(Person)
_BEFORE = Prepared(
    select(_PEOPLE.c.id).where(_PEOPLE.c.merged_into == bindparam("who")).order_by(_PEOPLE.c.id)
)


def known_as(session: Session, person_id: str) -> Person:
    """Who this is today. What was begun before a merge may still name who they were."""
    person = session.get_one(Person, person_id)
    while person.merged_into is not None:
        person = session.get_one(Person, person.merged_into)
    return person


def been(session: Session, person_id: str) -> list[str]:
    """Their id, and the ids of all who were merged into them, one after the other."""
    found = [person_id]
    for each in found:  # which grows meanwhile
        found += [before for (before,) in _BEFORE.rows(session, who=each)]
    return found


def been_ids(person: BindParameter[str]) -> Select[tuple[str]]:
    """The same within a statement, in no order."""
    all_of_them = select(person.label("id")).cte("been", recursive=True)
    before = select(_PEOPLE.c.id).where(_PEOPLE.c.merged_into == all_of_them.c.id)
    all_of_them = all_of_them.union(before)
    return select(all_of_them.c.id)
