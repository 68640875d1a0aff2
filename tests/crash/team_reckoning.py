"""After the load of teams: each seat is held against its team, its order and the bank's books."""

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.group_buys import Seat, SeatState, Team, TeamState
from data.group_buys.models import TeamStep
from data.orders import Order, OrderState
from data.payments import Refund
from data.payments.gateway import PaymentStatus
from data.payments.refunds import DIFFERENCE
from data.payments.sandbox_models import SandboxPayment
from tests.crash.premises import SHIPPING
from tests.crash.reckoning import kept

LADDER = {2: 6600, 3: 5900, 4: 5000}
_ENDS = (SeatState.FULFILLED, SeatState.RELEASED, SeatState.REFUNDED)
_DECIDED = (TeamState.SUCCESS, TeamState.FAILED, TeamState.CANCELLED)


def reckon_teams(session: Session) -> Counter[str]:
    """What was met: teams by way of paying and end, seats by end, money that went back, or was
    taken only in part."""
    money, met = kept(session), Counter[str]()
    teams = {team.id: team for team in session.scalars(select(Team))}
    seats = session.scalars(select(Seat)).all()
    for team in teams.values():
        assert team.state in _DECIDED, (team.id, team.state)
        met[f"{team.mode} {team.state}"] += 1
    for seat in seats:
        _hold_against_money(session, seat, teams[seat.team_id], money)
        met[f"seat {seat.state}"] += 1
    ordered = {seat.order_id for seat in seats if seat.order_id}
    assert ordered == set(session.scalars(select(Order.id)))
    met["difference"] = _count(session, Refund.cause_ref == DIFFERENCE)
    met["taken in part"] = _taken_in_part(session)
    held = select(func.count()).where(SandboxPayment.status == PaymentStatus.AUTHORIZED)
    assert session.scalar(held) == 0, "the bank still holds somebody's money"
    return met


def _hold_against_money(
    session: Session, seat: Seat, team: Team, money: dict[str, list[int]]
) -> None:
    """Who has goods paid what their team came to; of everybody else nothing was kept."""
    assert seat.state in _ENDS, (seat.id, seat.state)
    mine = money.get(seat.order_id or "", [])
    if seat.state != SeatState.FULFILLED:
        assert mine == [], (seat.id, seat.state)
        assert not _was_owed(session, seat, team), (seat.id, seat.state)
        return
    assert team.state == TeamState.SUCCESS
    size = team.final_size or 0
    price = next(LADDER[least] for least in sorted(LADDER, reverse=True) if least <= size)
    assert mine == [price * seat.quantity + SHIPPING], seat.id
    assert session.get_one(Order, seat.order_id).state == OrderState.READY


def _was_owed(session: Session, seat: Seat, team: Team) -> bool:
    """They had paid when their team succeeded, the money was really taken, and they did not call it
    off themselves: then there must be goods."""
    if team.state != TeamState.SUCCESS or seat.paid_at is None:
        return False
    refunds = session.scalars(select(Refund).where(Refund.order_id == seat.order_id)).all()
    called_off = any(refund.cause_ref == "cancelled" for refund in refunds)
    return bool(refunds) and not called_off and seat.paid_at <= _decided_at(session, team)


def _decided_at(session: Session, team: Team) -> datetime:
    step = select(TeamStep.at).where(TeamStep.team_id == team.id, TeamStep.state == team.state)
    return session.scalars(step).one()


def _taken_in_part(session: Session) -> int:
    """Holds of which only the price that the team came to was taken."""
    found = select(SandboxPayment.amount_minor, Seat.quantity).join(
        Seat, Seat.order_id == SandboxPayment.order_id
    )
    rows = session.execute(
        found.where(SandboxPayment.authorize_only, SandboxPayment.status == PaymentStatus.CAPTURED)
    )
    return sum(taken < LADDER[2] * units + SHIPPING for taken, units in rows)


def _count(session: Session, condition: object) -> int:
    return session.scalar(select(func.count()).select_from(Refund).where(condition)) or 0  # type: ignore[arg-type]
