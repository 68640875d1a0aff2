"""Join now, pay when full: places are pledged without money, and paid for in a window afterwards.

OPEN ──▶ PAYING   as many have joined as can be, or enough at the deadline; what each pays is fixed
PAYING ──▶ SUCCESS | FAILED   nobody is left who could still pay, or the window is over; who waits
                              for a place that came free may still (waiting.py)

Who has to pay for that price: at least as many as its tier asks for. Where fewer do, the merchant's
rule decides: nobody gets anything and whoever paid is refunded, or those who paid get their goods.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, or_, select
from sqlalchemy.orm import Session

from data.delivery.jobs import NewJob, enqueue
from data.group_buys.facts import TeamFailed, TeamPaying
from data.group_buys.models import PayMode, Team, TeamState, Underpaid
from data.group_buys.teams import (
    carry_out,
    change_team,
    end_team,
    for_each_seat,
    note_step,
    team_now,
    tell,
)
from data.group_buys.tier_models import TeamTier
from data.group_buys.tiers import price_for

ASK = "seat_ask"
WINDOW = "team_window"


def is_pledge(team: Team) -> bool:
    """Are places in this team held without anybody paying, for now?"""
    return team.mode == PayMode.JOIN_FIRST and team.state == TeamState.OPEN


def ask_if_full(session: Session, team_id: str, *, now: datetime, but: str = "") -> bool:
    """The last place is taken: each of them is asked to pay. `but`: the seat that the caller asks
    itself."""
    return _ask(session, team_id, Team.held >= Team.target, now, but=but)


def decide_pledges(session: Session, team_id: str, *, now: datetime) -> bool:
    """The deadline is over: enough have joined and are asked to pay, or it failed."""
    overdue = Team.expires_at <= now
    enough = and_(overdue, Team.held >= Team.minimum)
    short = (Team.state == TeamState.OPEN, overdue, Team.held < Team.minimum)
    return (
        _ask(session, team_id, enough, now)
        or end_team(session, team_id, TeamState.FAILED, *short, fact=TeamFailed, now=now)
        or _ask(session, team_id, enough, now)  # somebody joined in between, by a slower clock
    )


def _ask(
    session: Session, team_id: str, condition: ColumnElement[bool], now: datetime, but: str = ""
) -> bool:
    window = team_now(session, team_id).pay_window
    won = change_team(
        session,
        Team.id == team_id,
        Team.state == TeamState.OPEN,
        Team.mode == PayMode.JOIN_FIRST,
        condition,
        state=TeamState.PAYING,
        pay_until=now + window,
        final_size=Team.held,
        final_price_minor=price_for(Team.held),
    )
    if not won:
        return False
    team = team_now(session, team_id)
    note_step(session, team, now=now)
    _remember_window(session, team, now)
    for_each_seat(session, team_id, ASK, now=now, but=but)
    tell(session, TeamPaying, team, now=now)
    return True


def decide_window(session: Session, team_id: str, *, now: datetime) -> bool:
    """One UPDATE finds what follows. False while somebody may still pay."""
    needed = needed_for(Team.final_size)
    ships = and_(Team.underpaid == Underpaid.SHIP, Team.paid > 0)
    nobody_comes = or_(Team.waiting == 0, Team.held >= Team.final_size)
    enough = or_(and_(Team.paid >= needed, Team.paid > 0), ships)
    won = change_team(
        session,
        Team.id == team_id,
        Team.state == TeamState.PAYING,
        or_(and_(Team.paid >= Team.held, nobody_comes), Team.pay_until <= now),
        state=case((enough, TeamState.SUCCESS), else_=TeamState.FAILED),
    )
    if not won:
        return False
    note_step(session, team_now(session, team_id), now=now)
    carry_out(session, team_id, now)
    return True


def needed_for(size: SQLColumnExpression[int | None]) -> ColumnElement[int]:
    """How many must pay for the price of so many; to be worked out by a statement about teams."""
    reached = (
        select(func.max(TeamTier.min_size))
        .where(TeamTier.team_id == Team.id, TeamTier.min_size <= size)
        .correlate(Team)
        .scalar_subquery()
    )
    return func.coalesce(reached, Team.minimum)


def _remember_window(session: Session, team: Team, now: datetime) -> None:
    if team.pay_until is None:
        return
    job = NewJob(
        lane=f"team:{team.id}",
        kind=WINDOW,
        key=f"{WINDOW}:{team.id}",
        run_at=team.pay_until,
        args={"team_id": team.id},
        merchant_id=team.merchant_id,
    )
    enqueue(session, job, now=now)
