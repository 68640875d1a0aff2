"""What two people agreed to, when they are one: a no of either side stays a no."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.occasions import protect_minor
from data.people import Consent, ConsentPurpose, Person, opt_out, revoke_consent


@dataclass(frozen=True, slots=True)
class Agreements:
    """`taken_back`: purposes that one of them had agreed to and took back."""

    taken_back: frozenset[ConsentPurpose]
    opted_out_at: datetime | None
    nudges_off_at: datetime | None
    minor_since: datetime | None


def agreements_of(session: Session, *, kept: str, gone: str) -> Agreements:
    """Of both, as long as they are two."""
    people = [session.get_one(Person, one) for one in (kept, gone)]
    refused = (_taken_back(session, person.id) for person in people)
    return Agreements(
        frozenset[ConsentPurpose]().union(*refused),
        _first(person.opted_out_at for person in people),
        _first(person.nudges_off_at for person in people),
        _first(person.minor_since for person in people),
    )


def keep_the_stricter(
    session: Session, *, person: Person, before: Agreements, now: datetime
) -> None:
    """`person` has the consents of both by now."""
    for purpose in sorted(before.taken_back):
        revoke_consent(session, person=person, purpose=purpose, now=now)
    if before.opted_out_at is not None:
        person.opted_out_at = before.opted_out_at
        opt_out(session, person=person, now=now)
    person.nudges_off_at = before.nudges_off_at
    if before.minor_since is not None:
        person.minor_since = before.minor_since
        protect_minor(session, person=person, now=now)


def _taken_back(session: Session, person_id: str) -> set[ConsentPurpose]:
    rows = session.execute(
        select(Consent.purpose, Consent.revoked_at).where(Consent.person_id == person_id)
    ).all()
    live = {row.purpose for row in rows if row.revoked_at is None}
    return {ConsentPurpose(row.purpose) for row in rows} - {ConsentPurpose(one) for one in live}


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
