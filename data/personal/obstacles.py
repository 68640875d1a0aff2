"""What keeps two people from becoming one: what each of them may do only once, and both are doing.

Two orders that wait for their money are none: one person may well have two.
"""

from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from data.group_buys.limits import HOLDS_PER_PERSON, has_two_firsts
from data.group_buys.models import LIVE, RUNNING, Seat, SeatState, Team
from data.people import Person


class Obstacle(StrEnum):
    """`ALREADY`: they are one since another link; `TOO_LATE`: the link, or one of them, is gone."""

    ALREADY = "already"
    TOO_LATE = "too_late"
    SAME_TEAM = "same_team"
    TOO_MANY_SEATS = "too_many_seats"


def obstacle_between(session: Session, *, kept: str, gone: str) -> Obstacle | None:
    people = {session.get_one(Person, one) for one in (kept, gone)}
    became = {person.merged_into or person.id for person in people}
    if len(became) == 1:
        return Obstacle.ALREADY
    if any(person.merged_into or person.erased_at for person in people):
        return Obstacle.TOO_LATE
    if _in_one_open_team(session, kept, gone):
        return Obstacle.SAME_TEAM
    if _held(session, kept, gone) > HOLDS_PER_PERSON or has_two_firsts(session, kept, gone):
        return Obstacle.TOO_MANY_SEATS
    return None


def _in_one_open_team(session: Session, kept: str, gone: str) -> bool:
    """Two of its places would be one person's, and the audit would be right to complain (I2)."""
    mine, theirs = aliased(Seat), aliased(Seat)
    both = (
        select(Team.id)
        .join(mine, mine.team_id == Team.id)
        .join(theirs, theirs.team_id == Team.id)
        .where(Team.state.in_(RUNNING))
        .where(mine.person_id == kept, mine.state.in_(LIVE))
        .where(theirs.person_id == gone, theirs.state.in_(LIVE))
    )
    return session.scalar(both.limit(1)) is not None


def _held(session: Session, *people: str) -> int:
    held = select(func.count()).where(Seat.person_id.in_(people), Seat.state == SeatState.HELD)
    return session.scalar(held) or 0
