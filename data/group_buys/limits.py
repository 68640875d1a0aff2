"""Nobody hoards seats (T38): one a team, three unpaid at once, a pause after three lapses; and
what a campaign allows one person: so many units, or none to who has bought here before.

All of a person's seats are counted under the lock of their SeatTaker row, so two taps at once
count one after the other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import bindparam, case, func, null, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.group_buys.models import LIVE, Campaign, Seat, SeatState, SeatTaker, Team
from data.kernel.database import table_of
from data.kernel.entities import Entities, known
from data.kernel.errors import AlreadyJoined, Refused, TooOften
from data.kernel.prepared import Prepared
from data.orders import Order, OrderState
from data.people.merged import been, been_ids

# Numbers of T38.
SEAT_TTL = timedelta(minutes=10)
HOLDS_PER_PERSON = 3
LAPSES_BEFORE_PAUSE = 3
PAUSE = timedelta(hours=1)
# An order in one of these was paid, and its money has not been asked back.
BOUGHT = (
    OrderState.PAID,
    OrderState.WAITING_GROUP,
    OrderState.READY,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
)

# What every join runs is compiled once (docs/adr/0040).
_TAKERS = table_of(SeatTaker)
_PERSON = bindparam("person", type_=_TAKERS.c.person_id.type)
_SEATS = Entities(
    select(Seat).where(
        Seat.person_id.in_(been_ids(_PERSON)), or_(*(Seat.state == state for state in LIVE))
    ),
    fresh=True,
)


@cache
def _lock(dialect_name: str) -> Prepared:
    """Theirs is made or locked, and a pause that is over forgotten; none comes back while they
    are paused."""
    now = bindparam("now", type_=_TAKERS.c.paused_until.type)
    new = (sqlite if dialect_name == "sqlite" else postgresql).insert(_TAKERS)
    free = new.on_conflict_do_update(
        index_elements=[_TAKERS.c.person_id],
        set_={"paused_until": null()},
        where=func.coalesce(_TAKERS.c.paused_until, now) <= now,
    )
    return Prepared(free.returning(_TAKERS.c.person_id), ("person_id", "merchant_id"))


def admit(
    session: Session,
    *,
    team: Team,
    person_id: str,
    quantity: int = 1,
    but: str | None = None,
    now: datetime,
) -> None:
    """May this person take a seat of so many units here? Raises why not; locks the person until
    the commit. `but`: that seat, where it stands in its row already."""
    _lock_taker(session, team.merchant_id, person_id, now)
    seats = _live_seats(session, person_id, but)
    if any(seat.team_id == team.id for seat in seats):
        raise AlreadyJoined(team.id)
    if sum(seat.state == SeatState.HELD for seat in seats) >= HOLDS_PER_PERSON:
        raise TooOften("seat_holds", limit=HOLDS_PER_PERSON)
    campaign = _campaign_of(session, team.campaign_id)
    _refuse_too_many(campaign, seats, quantity)
    if campaign.new_customers_only and _has_bought(session, person_id):
        raise Refused("new_customers_only")


def admit_more(session: Session, *, seat: Seat, quantity: int, now: datetime) -> None:
    """May their seat be one of so many units? Locks and counts as `admit` does."""
    _lock_taker(session, seat.merchant_id, seat.person_id, now)
    others = _live_seats(session, seat.person_id, seat.id)
    _refuse_too_many(_campaign_of(session, seat.campaign_id), others, quantity)


def _live_seats(session: Session, person_id: str, but: str | None) -> Sequence[Seat]:
    """Also of those who they have been."""
    found = _SEATS.rows(session, person=person_id)
    return [seat for (seat,) in found if seat.id != but]


def _campaign_of(session: Session, campaign_id: str) -> Campaign:
    campaign = known(session, Campaign, campaign_id)
    assert campaign is not None  # noqa: S101  # its seats refer to it
    return campaign


def _refuse_too_many(campaign: Campaign, seats: Sequence[Seat], quantity: int) -> None:
    limit = campaign.per_person_limit
    taken = sum(seat.quantity for seat in seats if seat.campaign_id == campaign.id)
    if taken + quantity > limit:
        raise Refused("person_limit", limit=limit, left=max(limit - taken, 0))


def _has_bought(session: Session, person_id: str) -> bool:
    """Something that was paid and has not gone back."""
    bought = select(Order.id).where(
        Order.person_id.in_(been(session, person_id)), Order.state.in_(BOUGHT)
    )
    return session.scalar(bought.limit(1)) is not None


def _lock_taker(session: Session, merchant_id: str, person_id: str, now: datetime) -> None:
    lock = _lock(session.get_bind().dialect.name)
    if lock.scalar(session, person_id=person_id, merchant_id=merchant_id, now=now) is None:
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
