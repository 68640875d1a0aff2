"""Counts per day that only grow while they stay under their limit: the arithmetic behind the caps.

A message needs a place in several counts at once (its person, its chat, a new shop). They are
taken in the order of their ids, so that two workers never wait for each other crosswise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.kernel.database import changed
from data.kernel.once import insert_once
from data.people.models import ProactiveCount


@dataclass(frozen=True, slots=True)
class Place:
    """`whom` is the id of a person, a chat or a merchant."""

    whom: str
    day: date
    limit: int


def has_room(session: Session, places: Sequence[Place]) -> bool:
    """A look, no promise: `take_places` decides."""
    return all(_count(session, place) < place.limit for place in places)


def take_places(session: Session, places: Sequence[Place], *, merchant_id: str) -> bool:
    """One more in every count, or in none."""
    taken: list[Place] = []
    for place in sorted(places, key=lambda place: place.whom):
        if not _take(session, place, merchant_id):
            for other in taken:
                _give_back(session, other)
            return False
        taken.append(place)
    return True


def _count(session: Session, place: Place) -> int:
    n = session.scalar(
        select(ProactiveCount.n).where(
            ProactiveCount.whom == place.whom, ProactiveCount.day == place.day
        )
    )
    return n or 0


def _take(session: Session, place: Place, merchant_id: str) -> bool:
    insert_once(
        session,
        ProactiveCount,
        whom=place.whom,
        day=place.day,
        merchant_id=merchant_id,
        n=0,
    )
    taken = session.execute(
        update(ProactiveCount)
        .where(
            ProactiveCount.whom == place.whom,
            ProactiveCount.day == place.day,
            ProactiveCount.n < place.limit,
        )
        .values(n=ProactiveCount.n + 1)
        .execution_options(synchronize_session=False)
    )
    return changed(taken) == 1


def _give_back(session: Session, place: Place) -> None:
    session.execute(
        update(ProactiveCount)
        .where(ProactiveCount.whom == place.whom, ProactiveCount.day == place.day)
        .values(n=ProactiveCount.n - 1)
        .execution_options(synchronize_session=False)
    )
