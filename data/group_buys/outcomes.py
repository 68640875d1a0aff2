"""What an order's fate does to its seat, and what a team's fate does to its seats' orders.

`listen` is wired as a listener; the runners in JOBS are wired in the worker.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner
from data.delivery.models import Job
from data.group_buys.facts import SeatEnd, TeamChanged, TeamFailed
from data.group_buys.limits import forgive
from data.group_buys.models import PAYING, Seat, SeatState, Team, TeamState
from data.group_buys.queries import seat_of_order
from data.group_buys.seats import EXPIRY, end_seat, free_place, seat_now, tell_lost, turn_seat
from data.group_buys.service import DEADLINE
from data.group_buys.sharing import COLLECT, collect_unsent
from data.group_buys.teams import (
    CLOSE,
    SETTLE,
    change_team,
    end_team,
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
    OrderRefunded,
    OrderState,
    lock_order,
)
from data.payments import RefundRequested, cancel_order, refund_order, settle_group_order

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
    if not turn_seat(session, seat, SeatState.PAID, paid_at=now):
        _refund(session, seat, SeatEnd.LATE, now)
        return
    forgive(session, person_id=seat.person_id)
    mine = Team.id == seat.team_id
    if not change_team(session, mine, *_still_counts(now), paid=Team.paid + 1):
        _too_late(session, seat, now)
    elif not succeed_if_full(session, seat.team_id, now=now):
        tell(session, TeamChanged, team_now(session, seat.team_id), now=now)


def _still_counts(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Team.state == TeamState.OPEN, Team.expires_at > now)


def _too_late(session: Session, seat: Seat, now: datetime) -> None:
    """The seat was held, but its team is over: the money goes straight back."""
    turn_seat(session, seat, SeatState.REFUNDED)
    free_place(session, seat, paid=False, now=now)
    _refund(session, seat, SeatEnd.LATE, now)
    tell_lost(session, seat, SeatEnd.LATE, now=now)


def _refund(session: Session, seat: Seat, cause: SeatEnd, now: datetime) -> None:
    if seat.order_id is not None:
        refund_order(session, order_id=seat.order_id, cause_ref=f"seat:{seat.id}", now=now)


def _order_ended(session: Session, order_id: str, cause: SeatEnd, now: datetime) -> None:
    seat = seat_of_order(session, order_id=order_id)
    if seat is not None:
        team = team_now(session, seat.team_id)
        end_seat(session, seat, cause=_why(team, cause), now=now)


def _why(team: Team, cause: SeatEnd) -> SeatEnd:
    """A seat that ends because its team did says so."""
    ends = {
        TeamState.FAILED: SeatEnd.TEAM_FAILED,
        TeamState.CANCELLED: SeatEnd.TEAM_CANCELLED,
    }
    return ends.get(TeamState(team.state), cause)


def expire_team(session: Session, *, team_id: str, now: datetime) -> bool:
    """The deadline is over and the team is not full: it failed, once and for all."""
    overdue = Team.expires_at <= now
    return end_team(session, team_id, TeamState.FAILED, overdue, fact=TeamFailed, now=now)


def release_lapsed_seat(session: Session, *, seat_id: str, now: datetime) -> bool:
    """A seat nobody ordered for in time. One with an order lives as long as its order."""
    seat = seat_now(session, seat_id)
    if seat.state != SeatState.HELD or seat.order_id is not None or seat.held_until > now:
        return False
    return end_seat(
        session, seat, cause=_why(team_now(session, seat.team_id), SeatEnd.LAPSED), now=now
    )


def close_seat(session: Session, *, seat_id: str, now: datetime) -> None:
    """Its team is over without success: the seat is let go, paid money goes back once."""
    seat = _with_order_locked(session, seat_id)
    cause = _why(team_now(session, seat.team_id), SeatEnd.LEFT)
    if seat.state == SeatState.HELD and seat.order_id is not None:
        cancel_order(
            session, order_id=seat.order_id, person_id=None, now=now
        )  # and `listen` ends the seat
    elif seat.state == SeatState.HELD:
        end_seat(session, seat, cause=cause, now=now)
    elif seat.state == SeatState.PAID and end_seat(session, seat, cause=cause, now=now):
        _refund(session, seat, cause, now)


def settle_seat(session: Session, *, seat_id: str, now: datetime) -> None:
    """Its team succeeded: the goods are owed now, and the money is ours."""
    seat = _with_order_locked(session, seat_id)
    if seat.state != SeatState.PAID or seat.order_id is None:
        return
    if settle_group_order(session, order_id=seat.order_id, now=now):
        turn_seat(session, seat, SeatState.FULFILLED)


def _with_order_locked(session: Session, seat_id: str) -> Seat:
    """Order before seat, as payments do."""
    order_id = seat_now(session, seat_id).order_id
    if order_id is not None:
        lock_order(session, order_id=order_id)
    return seat_now(session, seat_id)


def _run_deadline(session: Session, job: Job, now: datetime) -> None:
    expire_team(session, team_id=job.args["team_id"], now=now)


def _run_expiry(session: Session, job: Job, now: datetime) -> None:
    release_lapsed_seat(session, seat_id=job.args["seat_id"], now=now)


def _run_close(session: Session, job: Job, now: datetime) -> None:
    close_seat(session, seat_id=job.args["seat_id"], now=now)


def _run_settle(session: Session, job: Job, now: datetime) -> None:
    settle_seat(session, seat_id=job.args["seat_id"], now=now)


JOBS: Mapping[str, JobRunner] = {
    DEADLINE: _run_deadline,
    EXPIRY: _run_expiry,
    CLOSE: _run_close,
    SETTLE: _run_settle,
    COLLECT: collect_unsent,
}
