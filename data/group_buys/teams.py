"""How a team moves: every change is one conditional UPDATE whose row count decides.

Locks are always taken in this order, so that nobody waits in a circle: order (or a seat without
one) ▸ stock ▸ seat ▸ seat taker ▸ campaign ▸ team ▸ its waiting list ▸ jobs in lanes that nobody
else knows yet.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, case, null, select
from sqlalchemy.orm import Session

from data.delivery.jobs import NewJob, enqueue
from data.group_buys.facts import TeamFailed, TeamMoved, TeamReached
from data.group_buys.models import (
    LIVE,
    PAYING,
    TEAM_MOVES,
    PayMode,
    Seat,
    Team,
    TeamState,
    TeamStep,
)
from data.group_buys.tiers import price_for
from data.kernel.facts import announce
from data.kernel.moving import as_it_is, change_where, leading_to

SETTLE = "seat_settle"
CLOSE = "seat_close"


def team_now(session: Session, team_id: str) -> Team:
    """The team as the database has it, not as this session remembers it."""
    return as_it_is(session, Team, team_id, name="team")


def is_running(team: Team, now: datetime) -> bool:
    """Open and before its deadline, by our own clock."""
    return team.state == TeamState.OPEN and team.expires_at > now


def takes_money(team: Team, now: datetime) -> bool:
    """Is this a moment in which its places are paid for?"""
    if team.state == TeamState.PAYING:
        return team.ends_at > now
    return team.mode != PayMode.JOIN_FIRST and is_running(team, now)


def change_team(session: Session, *conditions: ColumnElement[bool], **values: object) -> bool:
    """The UPDATE behind every change of a team; each gives it a new version."""
    return change_where(session, Team, *conditions, **values, version=Team.version + 1)


def turn_team(
    session: Session,
    team_id: str,
    to: TeamState,
    *conditions: ColumnElement[bool],
    now: datetime,
    **also: object,
) -> bool:
    """What runs becomes `to`, once; the step is kept with the number that had paid. `also`: columns
    that change with the state."""
    still_runs = (Team.id == team_id, Team.state.in_(leading_to(TEAM_MOVES, to)))
    if not change_team(session, *still_runs, *conditions, state=to, **also):
        return False
    note_step(session, team_now(session, team_id), now=now)
    return True


def note_step(session: Session, team: Team, *, now: datetime) -> None:
    session.add(
        TeamStep(
            merchant_id=team.merchant_id,
            team_id=team.id,
            state=team.state,
            held=team.held,
            paid=team.paid,
            minimum=team.minimum,
            target=team.target,
            at=now,
        )
    )
    session.flush()


def succeed_if_full(session: Session, team_id: str, *, now: datetime) -> bool:
    """As many have paid as can: settle with each of them. `>=`, so that no count slips past the
    mark."""
    full = (Team.state == TeamState.OPEN, Team.paid >= Team.target)
    came_to = {"final_size": Team.paid, "final_price_minor": price_for(Team.paid)}
    if not turn_team(session, team_id, TeamState.SUCCESS, *full, now=now, **came_to):
        return False
    carry_out(session, team_id, now)
    return True


def decide_at_deadline(session: Session, team_id: str, *, now: datetime) -> bool:
    """Enough have paid, or not: one UPDATE finds which, so that nobody pays in between."""
    enough = Team.paid >= Team.minimum
    overdue = (Team.id == team_id, Team.state == TeamState.OPEN, Team.expires_at <= now)
    came_to = {
        "state": case((enough, TeamState.SUCCESS), else_=TeamState.FAILED),
        "final_size": case((enough, Team.paid), else_=null()),
        "final_price_minor": case((enough, price_for(Team.paid)), else_=null()),
    }
    if not change_team(session, *overdue, **came_to):
        return False
    note_step(session, team_now(session, team_id), now=now)
    carry_out(session, team_id, now)
    return True


def carry_out(session: Session, team_id: str, now: datetime) -> None:
    """What its seats have to do, now that it is decided. Who has not paid leads no success."""
    team = team_now(session, team_id)
    is_success = team.state == TeamState.SUCCESS
    if is_success and not _leader_has_paid(session, team):
        change_team(session, Team.id == team_id, leader_id=next_leader(session, team_id))
        team = team_now(session, team_id)
    for_each_seat(session, team_id, SETTLE if is_success else CLOSE, now=now)
    tell(session, TeamReached if is_success else TeamFailed, team, now=now)


def _leader_has_paid(session: Session, team: Team) -> bool:
    paid = select(Seat.id).where(Seat.team_id == team.id, Seat.person_id == team.leader_id)
    return session.scalar(paid.where(Seat.state.in_(PAYING)).limit(1)) is not None


def next_leader(session: Session, team_id: str) -> str | None:
    """Who paid first; if nobody has, who has been here longest."""
    return session.scalar(
        select(Seat.person_id)
        .where(Seat.team_id == team_id, Seat.state.in_(LIVE))
        .order_by(Seat.paid_at.is_(None), Seat.paid_at, Seat.created_at, Seat.id)
        .limit(1)
    )


def end_team(
    session: Session,
    team_id: str,
    to: TeamState,
    *conditions: ColumnElement[bool],
    fact: type[TeamMoved],
    now: datetime,
    also: Mapping[str, object] = MappingProxyType({}),
) -> bool:
    """Over without success: every seat is let go, every payer gets their money back."""
    if not turn_team(session, team_id, to, *conditions, now=now, **also):
        return False
    for_each_seat(session, team_id, CLOSE, now=now)
    tell(session, fact, team_now(session, team_id), now=now)
    return True


def for_each_seat(
    session: Session, team_id: str, kind: str, *, now: datetime, of: str = "", but: str = ""
) -> None:
    """One small job a seat, each in a lane of its own: orders are locked before teams, never
    after, and one order that fails holds up nobody else's refund. `of`: what may change, and needs
    the same job anew when it does. `but`: the one seat that needs none."""
    seats = select(Seat).where(Seat.team_id == team_id, Seat.state.in_(LIVE)).order_by(Seat.id)
    for seat in session.scalars(seats.where(Seat.id != but)):
        job = NewJob(
            lane=f"{kind}:{seat.id}",
            kind=kind,
            key=f"{kind}:{seat.id}:{of}" if of else f"{kind}:{seat.id}",
            run_at=now,
            args={"seat_id": seat.id},
            merchant_id=seat.merchant_id,
        )
        enqueue(session, job, now=now)


def tell(session: Session, fact: type[TeamMoved], team: Team, *, now: datetime) -> None:
    """`team`: as the database has it, which by now nobody else can change."""
    moved = fact(
        merchant_id=team.merchant_id, team_id=team.id, chat_id=team.chat_id, version=team.version
    )
    announce(session, moved, now=now)
