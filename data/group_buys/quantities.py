"""How many units a seat is for, changed while it is only held: more friends' shares in one hand."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from data.catalogue import release_hold
from data.group_buys.aside import hold_for_seat, put_back
from data.group_buys.limits import admit_more
from data.group_buys.models import Seat, SeatState
from data.group_buys.seats import count_taken, seat_now
from data.group_buys.teams import is_running, team_now
from data.kernel.database import changed
from data.kernel.errors import GroupBuyClosed, Invalid, OutOfStock, WrongState


def change_quantity(session: Session, *, seat_id: str, quantity: int, now: datetime) -> Seat:
    """So many units instead; the time to pay in stays the same, and so does the team's card, which
    counts people.

    WrongState once it is ordered; Refused, OutOfStock, GroupBuyClosed: nothing changed.
    """
    if quantity < 1:
        raise Invalid("quantity")
    seat = seat_now(session, seat_id)
    team = team_now(session, seat.team_id)
    if not is_running(team, now):
        raise GroupBuyClosed(team.id)
    more = quantity - seat.quantity
    if not more:
        return seat
    with session.begin_nested():
        release_hold(session, owner_ref=seat.id, now=now)
        put_back(session, seat, now=now)
        _write(session, seat, quantity)
        hold_for_seat(session, seat, team=team, now=now)
        admit_more(session, seat=seat, quantity=quantity, now=now)
        if not count_taken(session, seat.campaign_id, more):
            raise OutOfStock(seat.campaign_id)
    return seat


def _write(session: Session, seat: Seat, quantity: int) -> None:
    """As we saw it, unordered and held, or not at all."""
    won = session.execute(
        update(Seat)
        .where(Seat.id == seat.id, Seat.quantity == seat.quantity)
        .where(Seat.state == SeatState.HELD, Seat.order_id.is_(None))
        .values(quantity=quantity)
        .execution_options(synchronize_session=False)
    )
    session.refresh(seat)
    if not changed(won):
        raise WrongState("seat")
