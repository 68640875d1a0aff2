"""Nobody hoards seats (T38): one a team, three unpaid at once, a pause after three lapses.

All of a person's seats are counted under the lock of their SeatTaker row, so two taps at once
count one after the other.
"""

from datetime import datetime, timedelta

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from data.group_buys.models import LIVE, Campaign, Seat, SeatState, SeatTaker, Team
from data.kernel.database import changed
from data.kernel.errors import AlreadyJoined, Refused, TooOften
from data.kernel.once import insert_once
from data.people.merged import been

# Numbers of T38.
SEAT_TTL = timedelta(minutes=10)
HOLDS_PER_PERSON = 3
LAPSES_BEFORE_PAUSE = 3
PAUSE = timedelta(hours=1)


def admit(session: Session, *, team: Team, person_id: str, now: datetime) -> None:
    """May this person take a seat here? Raises why not; locks the person until the commit."""
    _lock_taker(session, team.merchant_id, person_id, now)
    seats = session.execute(
        select(Seat.team_id, Seat.campaign_id, Seat.state).where(
            Seat.person_id.in_(been(session, person_id)), Seat.state.in_(LIVE)
        )
    ).all()
    if any(seat.team_id == team.id for seat in seats):
        raise AlreadyJoined(team.id)
    if sum(seat.state == SeatState.HELD for seat in seats) >= HOLDS_PER_PERSON:
        raise TooOften("seat_holds", limit=HOLDS_PER_PERSON)
    limit = session.scalar(select(Campaign.per_person_limit).where(Campaign.id == team.campaign_id))
    if limit is not None and sum(s.campaign_id == team.campaign_id for s in seats) >= limit:
        raise Refused("person_limit", limit=limit)


def _lock_taker(session: Session, merchant_id: str, person_id: str, now: datetime) -> None:
    insert_once(session, SeatTaker, person_id=person_id, merchant_id=merchant_id, lapses=0)
    locked = session.execute(
        update(SeatTaker)
        .where(SeatTaker.person_id == person_id)
        .where(func.coalesce(SeatTaker.paused_until, now) <= now)
        .values(paused_until=None)
        .execution_options(synchronize_session=False)
    )
    if not changed(locked):
        until = session.scalar(
            select(SeatTaker.paused_until).where(SeatTaker.person_id == person_id)
        )
        raise TooOften("seat_paused", until=until)


def count_lapse(session: Session, *, person_id: str, now: datetime) -> None:
    """They let a seat run out unpaid; the third in a row pauses them."""
    too_many = SeatTaker.lapses + 1 >= LAPSES_BEFORE_PAUSE
    session.execute(
        update(SeatTaker)
        .where(SeatTaker.person_id == person_id)
        .values(
            lapses=case((too_many, 0), else_=SeatTaker.lapses + 1),
            paused_until=case((too_many, now + PAUSE), else_=SeatTaker.paused_until),
        )
        .execution_options(synchronize_session=False)
    )


def forgive(session: Session, *, person_id: str) -> None:
    """They paid: earlier lapses no longer count."""
    session.execute(
        update(SeatTaker)
        .where(SeatTaker.person_id == person_id, SeatTaker.lapses > 0)
        .values(lapses=0)
        .execution_options(synchronize_session=False)
    )
