"""Nobody hoards seats (T38): one a team, three unpaid at once, a pause after three lapses
(data/people/takers.py); and what a campaign allows one person: so many units, or none to who has
bought here before. Who is new has one unpaid seat of that kind: of two they would pay both.

All of a person's seats are counted under the lock of their SeatTaker row, so two taps at once
count one after the other.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from data.group_buys.models import LIVE, Campaign, Seat, SeatState, Team
from data.kernel.database import table_of
from data.kernel.entities import Entities, known
from data.kernel.errors import AlreadyJoined, Refused, TooOften
from data.orders import Order, OrderState
from data.people.merged import been, been_ids
from data.people.takers import lock_taker

# Numbers of T38.
SEAT_TTL = timedelta(minutes=10)
HOLDS_PER_PERSON = 3
# An order in one of these was paid, and its money has not been asked back.
BOUGHT = (
    OrderState.PAID,
    OrderState.WAITING_GROUP,
    OrderState.READY,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
)

# What every join runs is compiled once (docs/adr/0040).
_PERSON = bindparam("person", type_=table_of(Seat).c.person_id.type)
_SEATS = Entities(
    select(Seat).where(
        Seat.person_id.in_(been_ids(_PERSON)), or_(*(Seat.state == state for state in LIVE))
    ),
    fresh=True,
)


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
    lock_taker(session, team.merchant_id, person_id, now)
    seats = _live_seats(session, person_id, but)
    if any(seat.team_id == team.id for seat in seats):
        raise AlreadyJoined(team.id)
    if sum(seat.state == SeatState.HELD for seat in seats) >= HOLDS_PER_PERSON:
        raise TooOften("seat_holds", limit=HOLDS_PER_PERSON)
    campaign = _campaign_of(session, team.campaign_id)
    _refuse_too_many(campaign, seats, quantity)
    if campaign.new_customers_only:
        _refuse_a_second_first(session, campaign, seats, person_id)


def admit_more(session: Session, *, seat: Seat, quantity: int, now: datetime) -> None:
    """May their seat be one of so many units? Locks and counts as `admit` does."""
    lock_taker(session, seat.merchant_id, seat.person_id, now)
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


def _refuse_a_second_first(
    session: Session, campaign: Campaign, seats: Sequence[Seat], person_id: str
) -> None:
    """`seats` were read before it is asked what was bought: one that is paid in between stands in
    both, not in neither."""
    if _has_bought(session, person_id):
        raise Refused("new_customers_only")
    held = {seat.campaign_id for seat in seats if seat.state == SeatState.HELD}
    if campaign.id in held or _any_for_new(session, held):
        raise Refused("first_purchase_held")


def _any_for_new(session: Session, campaigns: Collection[str]) -> bool:
    if not campaigns:
        return False
    such = select(Campaign.id).where(Campaign.id.in_(campaigns), Campaign.new_customers_only)
    return session.scalar(such.limit(1)) is not None


def has_two_firsts(session: Session, *people: str) -> bool:
    """Have they, together, two unpaid seats that are each for who buys here for the first time?"""
    held = (
        select(func.count())
        .select_from(Seat)
        .join(Campaign, Campaign.id == Seat.campaign_id)
        .where(
            Seat.person_id.in_(people), Seat.state == SeatState.HELD, Campaign.new_customers_only
        )
    )
    return (session.scalar(held) or 0) > 1


def _has_bought(session: Session, person_id: str) -> bool:
    """Something that was paid and has not gone back."""
    bought = select(Order.id).where(
        Order.person_id.in_(been(session, person_id)), Order.state.in_(BOUGHT)
    )
    return session.scalar(bought.limit(1)) is not None
