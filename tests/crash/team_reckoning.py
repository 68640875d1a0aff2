"""After the load of teams: each seat is held against its team, its order and the bank's books."""

from collections import Counter
from collections.abc import Sequence

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
    for team in teams.values():
        if team.state == TeamState.SUCCESS:
            _hold_against_decision(session, team, [one for one in seats if one.team_id == team.id])
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
        return
    assert team.state == TeamState.SUCCESS
    size = team.final_size or 0
    price = next(LADDER[least] for least in sorted(LADDER, reverse=True) if least <= size)
    assert mine == [price * seat.quantity + SHIPPING], seat.id
    assert session.get_one(Order, seat.order_id).state == OrderState.READY


def _hold_against_decision(session: Session, team: Team, seats: Sequence[Seat]) -> None:
    """As many as had paid when it succeeded have goods, but who called it off themselves or whose
    hold was lost. Which of them paid in time is not asked of their moments: who waited for the
    team's row noted theirs before, and came after."""
    decided = select(TeamStep.paid).where(TeamStep.team_id == team.id, TeamStep.state == team.state)
    paid = session.scalars(decided).one()
    have = sum(seat.state == SeatState.FULFILLED for seat in seats)
    excused = sum(_is_excused(session, seat) for seat in seats)
    assert have <= paid <= have + excused, (team.id, have, paid, excused)


def _is_excused(session: Session, seat: Seat) -> bool:
    if seat.state == SeatState.FULFILLED or seat.paid_at is None:
        return False
    refunds = session.scalars(select(Refund).where(Refund.order_id == seat.order_id)).all()
    return not refunds or any(refund.cause_ref == "cancelled" for refund in refunds)


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
