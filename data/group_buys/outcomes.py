"""What an order's fate does to its seat, and what a team's fate does to its seats' orders.

`listen` is wired as a listener; the runners in JOBS are wired in the worker.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner
from data.delivery.models import Job
from data.group_buys.facts import SeatEnd, TeamChanged
from data.group_buys.models import PAYING, PayMode, Seat, SeatState, Team, TeamState
from data.group_buys.modes import PAY_WINDOW
from data.group_buys.pledges import ASK, WINDOW, decide_pledges, decide_window
from data.group_buys.queries import seat_of_order
from data.group_buys.seats import (
    EXPIRY,
    ask_seat,
    end_seat,
    free_place,
    seat_now,
    tell_lost,
    tell_to_pay,
    turn_seat,
)
from data.group_buys.service import DEADLINE
from data.group_buys.sharing import COLLECT, collect_unsent
from data.group_buys.teams import (
    CLOSE,
    SETTLE,
    change_team,
    decide_at_deadline,
    succeed_if_full,
    team_now,
    tell,
)
from data.kernel.facts import Fact
from data.orders import (
    Order,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderKind,
    OrderPaid,
    OrderReady,
    OrderRefunded,
    OrderState,
    lock_order,
)
from data.payments import (
    HoldLost,
    RefundRequested,
    ask_again,
    cancel_order,
    lower_price,
    refund_order,
    settle_group_order,
)
from data.people.takers import forgive

_ENDS: Mapping[type[Fact], SeatEnd] = {
    OrderExpired: SeatEnd.LAPSED,
    OrderCancelled: SeatEnd.LEFT,
    OrderRefunded: SeatEnd.REFUNDED,
}


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """Group-buys hear of orders."""
    if isinstance(fact, OrderPaid):
        if session.get_one(Order, fact.order_id).kind == OrderKind.GROUP:
            seat_paid(session, order_id=fact.order_id, now=now)
    elif isinstance(fact, OrderReady):
        if session.get_one(Order, fact.order_id).kind == OrderKind.GROUP:
            _goods_owed(session, fact.order_id)
    elif isinstance(fact, HoldLost):
        _hold_lost(session, fact.order_id, now)
    elif isinstance(fact, OrderFact) and (cause := _ends_seat(session, fact)):
        _order_ended(session, fact.order_id, cause, now)


def _ends_seat(session: Session, fact: OrderFact) -> SeatEnd | None:
    if isinstance(fact, RefundRequested) and _is_going_back(session, fact.order_id):
        return SeatEnd.REFUNDED
    return _ENDS.get(type(fact))


def _is_going_back(session: Session, order_id: str) -> bool:
    """All of its money, not just a second payment."""
    return session.get_one(Order, order_id).state == OrderState.REFUND_PENDING


def seat_paid(session: Session, *, order_id: str, now: datetime) -> None:
    """Money came for a seat. Whether in time is decided here, by our clock, in this transaction."""
    seat = seat_of_order(session, order_id=order_id)
    if seat is None or seat.state in PAYING:
        return  # no seat's order; or told twice
    is_asked_again = _is_asked_again(seat, now)
    if not turn_seat(session, seat, SeatState.PAID, paid_at=now):
        _refund(session, seat, now)
        return
    forgive(session, person_id=seat.person_id)
    mine = Team.id == seat.team_id
    if change_team(session, mine, *_still_counts(now), paid=Team.paid + 1):
        decides = decide_window if _pays_when_full(session, seat) else succeed_if_full
        if not decides(session, seat.team_id, now=now):
            tell(session, TeamChanged, team_now(session, seat.team_id), now=now)
    elif is_asked_again and change_team(
        session, mine, Team.state == TeamState.SUCCESS, paid=Team.paid + 1
    ):
        settle_seat(session, seat_id=seat.id, now=now)
    else:
        _too_late(session, seat, now)


def _pays_when_full(session: Session, seat: Seat) -> bool:
    return team_now(session, seat.team_id).mode == PayMode.JOIN_FIRST


def _still_counts(now: datetime) -> tuple[ColumnElement[bool], ...]:
    in_time = and_(Team.state == TeamState.OPEN, Team.expires_at > now)
    return (or_(in_time, and_(Team.state == TeamState.PAYING, Team.pay_until > now)),)


def _is_asked_again(seat: Seat, now: datetime) -> bool:
    """A place in a team that succeeded is held only for who paid once already and is to pay once
    more; what was held before its deadline is over with it, also by a clock that is behind."""
    return seat.paid_at is not None and seat.held_until > now


def _goods_owed(session: Session, order_id: str) -> None:
    seat = seat_of_order(session, order_id=order_id)
    if seat is not None:
        turn_seat(session, seat, SeatState.FULFILLED)


def _hold_lost(session: Session, order_id: str, now: datetime) -> None:
    """Its team succeeded, and it cannot be charged: they may pay another way for a while."""
    seat = seat_of_order(session, order_id=order_id)
    until = now + PAY_WINDOW
    if seat is None or seat.state != SeatState.PAID:
        return
    team = team_now(session, seat.team_id)
    if team.state != TeamState.SUCCESS:
        return
    _lower(session, seat, team, now)
    if not ask_again(session, order_id=order_id, until=until, now=now):
        return
    turn_seat(session, seat, SeatState.HELD, held_until=until)
    change_team(session, Team.id == seat.team_id, paid=Team.paid - 1)
    tell_to_pay(session, seat, now=now)
    tell(session, TeamChanged, team_now(session, team.id), now=now)


def _too_late(session: Session, seat: Seat, now: datetime) -> None:
    """The seat was held, but its team is over: the money goes straight back."""
    turn_seat(session, seat, SeatState.REFUNDED)
    _refund(session, seat, now)  # its goods first (teams.py)
    free_place(session, seat, paid=False, now=now)
    tell_lost(session, seat, SeatEnd.LATE, now=now)


def _refund(session: Session, seat: Seat, now: datetime) -> None:
    if seat.order_id is not None:
        refund_order(session, order_id=seat.order_id, cause_ref=f"seat:{seat.id}", now=now)


def _order_ended(session: Session, order_id: str, cause: SeatEnd, now: datetime) -> None:
    seat = seat_of_order(session, order_id=order_id)
    if seat is not None:
        team = team_now(session, seat.team_id)
        end_seat(session, seat, cause=_why(team, seat, cause, now), now=now)


def _why(team: Team, seat: Seat, cause: SeatEnd, now: datetime) -> SeatEnd:
    """A seat that ends because its team did says so; unless that is because they did not pay."""
    is_over = team.pay_until is not None and team.pay_until <= now
    if is_over and seat.state == SeatState.HELD:
        return SeatEnd.LAPSED
    ends = {
        TeamState.FAILED: SeatEnd.TEAM_FAILED,
        TeamState.CANCELLED: SeatEnd.TEAM_CANCELLED,
    }
    return ends.get(TeamState(team.state), cause)


def expire_team(session: Session, *, team_id: str, now: datetime) -> bool:
    """The deadline is over: enough have paid, or it failed; once and for all."""
    if team_now(session, team_id).mode == PayMode.JOIN_FIRST:
        return decide_pledges(session, team_id, now=now)
    return decide_at_deadline(session, team_id, now=now)


def release_lapsed_seat(session: Session, *, seat_id: str, now: datetime) -> bool:
    """A seat nobody ordered for in time. One with an order lives as long as its order."""
    seat = seat_now(session, seat_id)
    if seat.state != SeatState.HELD or seat.order_id is not None or seat.held_until > now:
        return False
    cause = _why(team_now(session, seat.team_id), seat, SeatEnd.LAPSED, now)
    return end_seat(session, seat, cause=cause, now=now)


def close_seat(session: Session, *, seat_id: str, now: datetime) -> None:
    """Its team is over without success: the seat is let go, paid money goes back once."""
    seat = _with_order_locked(session, seat_id)
    team = team_now(session, seat.team_id)
    cause = _why(team, seat, SeatEnd.LEFT, now)
    if seat.state == SeatState.HELD and seat.order_id is not None:
        cancel_order(
            session, order_id=seat.order_id, person_id=None, now=now
        )  # and `listen` ends the seat
    elif seat.state == SeatState.HELD:
        end_seat(session, seat, cause=cause, now=now)
    elif seat.state == SeatState.PAID:
        _refund(session, seat, now)  # its goods first (teams.py); mostly that ends the seat
        end_seat(session, seat_now(session, seat_id), cause=cause, now=now)


def settle_seat(session: Session, *, seat_id: str, now: datetime) -> None:
    """Its team succeeded: the goods are owed now, at the price it came to, and the money is ours.

    A place that is only held at the deadline is over with its own time, which is never longer: that
    of a pledge nobody came to ask for its money is over now.
    """
    seat = _with_order_locked(session, seat_id)
    team = team_now(session, seat.team_id)
    if seat.state == SeatState.HELD and seat.order_id is None:
        end_seat(session, seat, cause=_why(team, seat, SeatEnd.LAPSED, now), now=now)
    if seat.state != SeatState.PAID or seat.order_id is None:
        return
    _lower(session, seat, team, now)
    settle_group_order(session, order_id=seat.order_id, now=now)


def _lower(session: Session, seat: Seat, team: Team, now: datetime) -> None:
    """To the price that its team came to."""
    final = team.final_price
    if team.mode == PayMode.JOIN_FIRST:
        return  # that is the price it was ordered at
    if seat.order_id is not None and final is not None and final < team.price:
        off = (team.price - final) * seat.quantity
        lower_price(session, order_id=seat.order_id, off=off, now=now)


def _with_order_locked(session: Session, seat_id: str) -> Seat:
    """Order before seat, as payments do."""
    order_id = seat_now(session, seat_id).order_id
    if order_id is not None:
        lock_order(session, order_id=order_id)
    return seat_now(session, seat_id)


def _run_deadline(session: Session, job: Job, now: datetime) -> None:
    expire_team(session, team_id=job.args["team_id"], now=now)


def _run_window(session: Session, job: Job, now: datetime) -> None:
    decide_window(session, job.args["team_id"], now=now)


def _run_ask(session: Session, job: Job, now: datetime) -> None:
    ask_seat(session, seat_id=job.args["seat_id"], now=now)


def _run_expiry(session: Session, job: Job, now: datetime) -> None:
    release_lapsed_seat(session, seat_id=job.args["seat_id"], now=now)


def _run_close(session: Session, job: Job, now: datetime) -> None:
    close_seat(session, seat_id=job.args["seat_id"], now=now)


def _run_settle(session: Session, job: Job, now: datetime) -> None:
    settle_seat(session, seat_id=job.args["seat_id"], now=now)


JOBS: Mapping[str, JobRunner] = {
    DEADLINE: _run_deadline,
    WINDOW: _run_window,
    ASK: _run_ask,
    EXPIRY: _run_expiry,
    CLOSE: _run_close,
    SETTLE: _run_settle,
    COLLECT: collect_unsent,
}
