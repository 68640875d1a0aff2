"""How a seat is taken, moved on and given up. The order of locks stands in teams.py."""

from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.catalogue import release_hold
from data.delivery.jobs import enqueue_once
from data.group_buys.aside import hold_for_seat, put_back
from data.group_buys.facts import SeatEnd, SeatLost, SeatToPay, TeamCancelled, TeamChanged
from data.group_buys.limits import SEAT_TTL, admit
from data.group_buys.models import (
    PAYING,
    RUNNING,
    SEAT_MOVES,
    Campaign,
    Seat,
    SeatState,
    Team,
    TeamState,
)
from data.group_buys.pledges import ask_if_full, decide_window, is_pledge
from data.group_buys.teams import (
    change_team,
    is_running,
    next_leader,
    team_now,
    tell,
    turn_team,
)
from data.kernel.database import table_of
from data.kernel.entities import Entities
from data.kernel.errors import (
    AlreadyJoined,
    GroupBuyClosed,
    Invalid,
    NoSeatLeft,
    OutOfStock,
)
from data.kernel.facts import announce
from data.kernel.ids import new_id
from data.kernel.moving import as_it_is, change_where, turn_row
from data.kernel.prepared import Prepared
from data.people.takers import count_lapse

EXPIRY = "seat_expiry"

# What every join runs is compiled once (docs/adr/0040).
_CAMPAIGNS, _TEAMS, _SEATS = table_of(Campaign), table_of(Team), table_of(Seat)
_NOW: BindParameter[datetime] = bindparam("now", type_=_TEAMS.c.expires_at.type)
_TAKEN = _CAMPAIGNS.c.taken + bindparam("units", type_=_CAMPAIGNS.c.taken.type)
_COUNT_TAKEN = Prepared(
    update(_CAMPAIGNS)
    .where(
        _CAMPAIGNS.c.id == bindparam("campaign"),
        or_(_CAMPAIGNS.c.stock_limit.is_(None), _CAMPAIGNS.c.stock_limit >= _TAKEN),
    )
    .values(taken=_TAKEN)
)


def joinable(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    """What must still hold, in the very UPDATE, for one more place to be taken by who comes: one
    that came free belongs to who waits for it."""
    is_open = _TEAMS.c.state == TeamState.OPEN
    has_room = _TEAMS.c.held < _TEAMS.c.target
    return (has_room, _TEAMS.c.waiting == 0, is_open, _TEAMS.c.expires_at > now)


def taking(*conditions: ColumnElement[bool]) -> Entities:
    """One place more, and the team as it is with it; none where the conditions do not hold."""
    one_more = {"held": _TEAMS.c.held + 1, "version": _TEAMS.c.version + 1}
    this = _TEAMS.c.id == bindparam("team")
    taken = update(_TEAMS).where(this, *conditions).values(**one_more)
    return Entities(taken.returning(*_TEAMS.c), fresh=True, gives=Team)


_TAKE = taking(*joinable(_NOW))


@cache
def _new_seat(dialect_name: str) -> Entities:
    """None where this person has one in this team."""
    new = (sqlite if dialect_name == "sqlite" else postgresql).insert(_SEATS)
    columns = ("id", "merchant_id", "team_id", "campaign_id", "person_id", "quantity")
    return Entities(
        new.on_conflict_do_nothing().returning(*_SEATS.c),
        gives=Seat,
        columns=(*columns, "state", "held_until", "created_at"),
    )


def seat_now(session: Session, seat_id: str) -> Seat:
    """The seat as the database has it."""
    return as_it_is(session, Seat, seat_id, name="seat")


def take_seat(
    session: Session, *, team: Team, person_id: str, quantity: int = 1, now: datetime
) -> Seat:
    """Goods, person, campaign, team: each must have room, or the caller's savepoint takes it all
    back. What nobody else can wait for is written first."""
    refuse_if_shut(team, now)
    if quantity < 1:
        raise Invalid("quantity")
    until = team.expires_at if is_pledge(team) else min(now + SEAT_TTL, team.expires_at)
    seat = sit_down(session, team, person_id, quantity, until=until, now=now)
    if seat is None:
        admit(session, team=team, person_id=person_id, quantity=quantity, now=now)  # says why not
        raise AlreadyJoined(team.id)
    if not is_pledge(team):
        remember_expiry(session, seat, now)
    hold_for_seat(session, seat, team=team, now=now)
    admit(session, team=team, person_id=person_id, quantity=quantity, but=seat.id, now=now)
    taken = _take_place(session, team, quantity, now)
    is_full = is_pledge(taken) and taken.held >= taken.target
    if is_full and ask_if_full(session, team.id, now=now, but=seat.id):
        ask_seat(session, seat_id=seat.id, now=now)  # at once: all else that follows is paying
    return seat


def sit_down(
    session: Session, team: Team, person_id: str, quantity: int, *, until: datetime, now: datetime
) -> Seat | None:
    """The row of a seat alone, in a savepoint of the caller's. None: they have one in this team."""
    dialect_name = session.get_bind().dialect.name
    new = _new_seat(dialect_name).first(
        session,
        id=new_id("seat"),
        merchant_id=team.merchant_id,
        team_id=team.id,
        campaign_id=team.campaign_id,
        person_id=person_id,
        quantity=quantity,
        state=SeatState.HELD,
        held_until=until,
        created_at=now,
    )
    if new is None:
        return None
    seat: Seat = new[0]
    return seat


def _take_place(session: Session, team: Team, quantity: int, now: datetime) -> Team:
    """The team as it is with one more."""
    if not count_taken(session, team.campaign_id, quantity):
        raise OutOfStock(team.campaign_id)
    taken = _TAKE.first(session, team=team.id, now=now)
    if taken is None:
        refuse_if_shut(team_now(session, team.id), now)
        raise NoSeatLeft(team.id)
    fresh: Team = taken[0]
    return fresh


def count_taken(session: Session, campaign_id: str, units: int) -> bool:
    """So many units more (or fewer) in seats; False where the campaign has not as many."""
    return bool(_COUNT_TAKEN.run(session, campaign=campaign_id, units=units))


def refuse_if_shut(team: Team, now: datetime) -> None:
    """Say why not; whether one may is decided by the UPDATE alone."""
    if not is_running(team, now):
        raise GroupBuyClosed(team.id)
    if team.held >= team.target or team.waiting:
        raise NoSeatLeft(team.id)


def remember_expiry(session: Session, seat: Seat, now: datetime) -> None:
    args, at = {"seat_id": seat.id}, seat.held_until
    enqueue_once(session, EXPIRY, args, merchant_id=seat.merchant_id, at=at, now=now)


def turn_seat(
    session: Session, seat: Seat, to: SeatState, *conditions: ColumnElement[bool], **also: datetime
) -> bool:
    """Move a seat on from the state we last saw it in. False: somebody else was first. `also`:
    moments that change with the state."""
    return turn_row(session, seat, SEAT_MOVES, to, *conditions, **also)


def end_seat(session: Session, seat: Seat, *, cause: SeatEnd, now: datetime) -> bool:
    """Give a seat up: its place goes to others. False: somebody else was first."""
    was = SeatState(seat.state)
    unordered = seat.order_id is None
    to = SeatState.REFUNDED if was in PAYING else SeatState.RELEASED
    still_so = (Seat.order_id.is_(None),) if unordered else ()
    if not turn_seat(session, seat, to, *still_so):
        return False
    if unordered:
        release_hold(session, owner_ref=seat.id, now=now)  # an order lets go of its own
    if cause == SeatEnd.LAPSED:
        count_lapse(session, person_id=seat.person_id, now=now)
    free_place(session, seat, paid=was in PAYING, now=now)
    _after_leaving(session, seat, now)
    tell_lost(session, seat, cause, now=now)
    return True


def free_place(session: Session, seat: Seat, *, paid: bool, now: datetime) -> None:
    """One place fewer taken; `paid` says whether it counted as paid."""
    put_back(session, seat, now=now)
    count_taken(session, seat.campaign_id, -seat.quantity)
    change_team(session, Team.id == seat.team_id, held=Team.held - 1, paid=Team.paid - int(paid))


def _after_leaving(session: Session, seat: Seat, now: datetime) -> None:
    """The next in line leads, at the same deadline; a team that nobody is left in is over."""
    team = team_now(session, seat.team_id)
    if end_if_idle(session, team, now=now):
        return
    heir = next_leader(session, team.id)
    if heir and team.leader_id == seat.person_id and team.state in RUNNING:
        change_team(session, Team.id == team.id, leader_id=heir)
    if team.state in (*RUNNING, TeamState.SUCCESS):
        tell(session, TeamChanged, team_now(session, team.id), now=now)


def end_if_idle(session: Session, team: Team, *, now: datetime) -> bool:
    """Nobody is in it and nobody waits to be; or nobody is left who could still pay."""
    if team.state == TeamState.PAYING:
        return decide_window(session, team.id, now=now)
    if team.state != TeamState.OPEN or team.held or team.waiting:
        return False
    empty = (Team.held == 0, Team.waiting == 0)
    if turn_team(session, team.id, TeamState.CANCELLED, *empty, now=now):
        tell(session, TeamCancelled, team, now=now)
    return True


def ask_seat(session: Session, *, seat_id: str, now: datetime) -> None:
    """Its team is full: who pledged is asked to pay, and has the window for it."""
    seat = seat_now(session, seat_id)
    team = team_now(session, seat.team_id)
    if team.state != TeamState.PAYING or team.pay_until is None:
        return
    mine = (Seat.id == seat_id, Seat.state == SeatState.HELD)
    if change_where(session, Seat, *mine, held_until=team.pay_until):
        session.refresh(seat)
        remember_expiry(session, seat, now)
        tell_to_pay(session, seat, now=now)


def tell_to_pay(session: Session, seat: Seat, *, now: datetime) -> None:
    to_pay = SeatToPay(
        merchant_id=seat.merchant_id,
        team_id=seat.team_id,
        chat_id=team_now(session, seat.team_id).chat_id,
        seat_id=seat.id,
        person_id=seat.person_id,
        until=seat.held_until,
    )
    announce(session, to_pay, now=now)


def tell_lost(session: Session, seat: Seat, cause: SeatEnd, *, now: datetime) -> None:
    lost = SeatLost(
        merchant_id=seat.merchant_id,
        team_id=seat.team_id,
        chat_id=team_now(session, seat.team_id).chat_id,
        seat_id=seat.id,
        person_id=seat.person_id,
        order_id=seat.order_id,
        cause=cause,
    )
    announce(session, lost, now=now)
