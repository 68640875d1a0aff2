"""Whose turn it is: a place that comes free is held for the first in line, and for nobody else.

Each place has a job of its own, in a lane that nobody else knows: who gives a place up has the
team's row locked, and what seats the next one needs goods and person first (teams.py).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.group_buys.aside import hold_for_seat
from data.group_buys.facts import (
    SeatLost,
    SeatOffered,
    TeamCancelled,
    TeamChanged,
    TeamFailed,
    TeamReached,
    WaitEnded,
)
from data.group_buys.invitations import note_waited
from data.group_buys.limits import admit
from data.group_buys.models import Seat, Team
from data.group_buys.seats import count_taken, remember_expiry, sit_down
from data.group_buys.teams import change_team, team_now, tell
from data.group_buys.waiting import (
    Overtaken,
    all_in_line,
    drop,
    end_entry,
    first_in_line,
    get_in_line,
    has_place,
    place_is_free,
)
from data.group_buys.waitlist_models import EntryState, InvitedBy, WaitlistEntry
from data.kernel.errors import AlreadyJoined, OutOfStock, Refused, ShopError, TooOften
from data.kernel.facts import Fact, announce

NEXT = "waiting_next"  # the job kind; args: team_id
# Thrice what a newcomer has: they were not looking when the place came free.
TURN_TTL = timedelta(minutes=30)
_LOOKS = 20  # as many as can stand in line


def wait_for_place(
    session: Session,
    *,
    team_id: str,
    person_id: str,
    quantity: int = 1,
    by: InvitedBy | None = None,
    now: datetime,
) -> WaitlistEntry:
    """Get in line (see `get_in_line` for what may be said against it)."""
    entry = get_in_line(
        session, team_id=team_id, person_id=person_id, quantity=quantity, by=by, now=now
    )
    _call_next(session, team_now(session, team_id), after=f"entry:{entry.id}", now=now)
    return entry


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """A place came free, or there will be none any more."""
    if isinstance(fact, SeatLost):
        _call_next(session, team_now(session, fact.team_id), after=fact.seat_id, now=now)
    elif isinstance(fact, TeamReached | TeamFailed | TeamCancelled):
        _close(session, fact.team_id, now)


def _call_next(session: Session, team: Team, *, after: str, now: datetime) -> None:
    """`after`: what made it happen, once."""
    if not team.waiting or not has_place(team, now):
        return
    job = NewJob(
        lane=f"{NEXT}:{after}",
        kind=NEXT,
        key=f"{NEXT}:{team.id}:{after}",
        run_at=now,
        args={"team_id": team.id},
        merchant_id=team.merchant_id,
    )
    enqueue(session, job, now=now)


def seat_next(session: Session, *, team_id: str, now: datetime) -> bool:
    """The first in line has a place held, or hears why not. False: no place, or nobody for it."""
    for _ in range(_LOOKS):
        team = team_now(session, team_id)
        entry = first_in_line(session, team_id=team_id)
        if entry is None or not has_place(team, now):
            return False
        try:
            with session.begin_nested():
                seat = _seat(session, team, entry, now)
        except Overtaken:
            continue
        except (OutOfStock, TooOften, Refused) as refusal:
            session.refresh(entry)
            if entry.state == EntryState.WAITING and _pass_over(session, entry, refusal, now):
                return False
            continue  # they have a place by now, or left in this moment: the next one, then
        _offer(session, entry, seat, now)
        return True
    raise Overtaken  # tried again later, as any job


def _seat(session: Session, team: Team, entry: WaitlistEntry, now: datetime) -> Seat:
    """As anybody's seat; that it is theirs to take decides the team's row, then the list."""
    who, many = entry.person_id, entry.quantity
    seat = sit_down(session, team, who, many, until=min(now + TURN_TTL, team.ends_at), now=now)
    if seat is None:
        raise AlreadyJoined(team.id)
    hold_for_seat(session, seat, team=team, now=now)
    admit(session, team=team, person_id=who, quantity=many, but=seat.id, now=now)
    if not count_taken(session, team.campaign_id, seat.quantity):
        raise OutOfStock(team.campaign_id)
    counted = {"held": Team.held + 1, "waiting": Team.waiting - 1}
    mine = Team.id == team.id
    if not change_team(session, mine, Team.waiting > 0, place_is_free(now), **counted):
        raise Overtaken
    end_entry(session, entry, EntryState.SEATED, seat_id=seat.id)
    if team_now(session, team.id).held == 1:  # everybody else has left meanwhile
        change_team(session, mine, leader_id=seat.person_id)
    remember_expiry(session, seat, now)
    note_waited(session, seat=seat, entry=entry, now=now)
    return seat


def _offer(session: Session, entry: WaitlistEntry, seat: Seat, now: datetime) -> None:
    team = team_now(session, seat.team_id)
    tell(session, TeamChanged, team, now=now)
    offered = SeatOffered(
        merchant_id=team.merchant_id,
        team_id=team.id,
        chat_id=team.chat_id,
        seat_id=seat.id,
        person_id=seat.person_id,
        until=seat.held_until,
    )
    announce(session, offered, now=now)
    _call_next(session, team, after=f"entry:{entry.id}:seated", now=now)


def _pass_over(session: Session, entry: WaitlistEntry, refusal: ShopError, now: datetime) -> bool:
    """They may not have it, or there are not as many units: the line moves on without them. False:
    they were out of it before."""
    if not drop(session, entry, EntryState.PASSED, now=now):
        return False
    team = team_now(session, entry.team_id)
    if not isinstance(refusal, AlreadyJoined):  # they have a place: nobody need tell them
        _tell_ended(session, team, entry, _why(refusal), now)
    _call_next(session, team, after=f"entry:{entry.id}:passed", now=now)
    return True


def _why(refusal: ShopError) -> str:
    """What stock says in its detail is an id."""
    return "stock" if isinstance(refusal, OutOfStock) else refusal.detail or refusal.code


def _close(session: Session, team_id: str, now: datetime) -> None:
    """The team ended, under whose lock we are: nobody waits for it any more."""
    line = all_in_line(session, team_id=team_id)
    if not line:
        return
    change_team(session, Team.id == team_id, waiting=0)
    team = team_now(session, team_id)
    for entry in line:
        end_entry(session, entry, EntryState.CLOSED)
        _tell_ended(session, team, entry, None, now)


def _tell_ended(
    session: Session, team: Team, entry: WaitlistEntry, why: str | None, now: datetime
) -> None:
    ended = WaitEnded(
        merchant_id=team.merchant_id,
        team_id=team.id,
        chat_id=team.chat_id,
        entry_id=entry.id,
        person_id=entry.person_id,
        why=why,
    )
    announce(session, ended, now=now)


def _run_next(session: Session, job: Job, now: datetime) -> None:
    seat_next(session, team_id=job.args["team_id"], now=now)


JOBS: Mapping[str, JobRunner] = {NEXT: _run_next}
