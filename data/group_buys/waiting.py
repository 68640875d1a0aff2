"""A full team has a waiting list: who comes gets in line, may leave it, and never passes anybody.

The team's own row counts who waits, so that the UPDATE which takes a place sees it. Whose turn it
is stands in turns.py; people are seated by jobs of their own, for locks are taken in one order.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from data.group_buys.facts import TeamChanged
from data.group_buys.limits import admit
from data.group_buys.models import LIVE, Seat, Team, TeamState
from data.group_buys.seats import end_if_idle
from data.group_buys.teams import change_team, team_now, tell
from data.group_buys.waitlist_models import EntryState, InvitedBy, WaitlistEntry
from data.kernel.database import changed
from data.kernel.errors import (
    GroupBuyClosed,
    Invalid,
    NoSeatLeft,
    TooOften,
    WrongState,
)
from data.people import person_of

# Our decisions: who is twenty-first has no hope left, and as many lists as seats unpaid (T38).
MOST_WAITING = 20
LISTS_PER_PERSON = 3


class Overtaken(Exception):
    """Somebody else was first: look again."""


def has_place(team: Team, now: datetime) -> bool:
    """Is one free? Once everybody is asked to pay, as many as joined by then, at their price."""
    if team.state == TeamState.OPEN:
        return team.expires_at > now and team.held < team.target
    return _is_paying(team, now) and team.held < (team.final_size or 0)


def place_is_free(now: datetime) -> ColumnElement[bool]:
    """The same, in the very UPDATE."""
    still_open = and_(Team.state == TeamState.OPEN, Team.expires_at > now)
    paying = and_(Team.state == TeamState.PAYING, Team.pay_until > now)
    return or_(and_(still_open, Team.held < Team.target), and_(paying, Team.held < Team.final_size))


def has_line(team: Team, now: datetime) -> bool:
    """Does who comes now get a place only by waiting for one, whatever room the list has?"""
    if team.state == TeamState.OPEN:
        return team.expires_at > now and (team.held >= team.target or team.waiting > 0)
    return _is_paying(team, now)


def _is_paying(team: Team, now: datetime) -> bool:
    return team.state == TeamState.PAYING and team.ends_at > now


def get_in_line(
    session: Session,
    *,
    team_id: str,
    person_id: str,
    quantity: int = 1,
    by: InvitedBy | None = None,
    now: datetime,
) -> WaitlistEntry:
    """At the end of it, for so many units; who is in line already may change how many, and not by
    whom they came.

    WrongState where a place is free: take that. GroupBuyClosed, NoSeatLeft (the list is full),
    AlreadyJoined, TooOften, Refused: nothing changed.
    """
    if quantity < 1:
        raise Invalid("quantity")
    team = team_now(session, team_id)
    person_of(session, merchant_id=team.merchant_id, person_id=person_id)
    with session.begin_nested():
        admit(session, team=team, person_id=person_id, quantity=quantity, now=now)
        entry = waiting_entry(session, team_id=team_id, person_id=person_id)
        if entry is not None:
            return _for_so_many(session, entry, quantity)
        if len(lists_of(session, person_id=person_id)) >= LISTS_PER_PERSON:
            raise TooOften("waiting_lists", limit=LISTS_PER_PERSON)
        _count_in(session, team_id, now)
        entry = WaitlistEntry(
            merchant_id=team.merchant_id,
            team_id=team_id,
            person_id=person_id,
            quantity=quantity,
            state=EntryState.WAITING,
            created_at=now,
            share_hash=by.share_hash if by else None,
            rewarded=by is not None and by.rewarded,
        )
        session.add(entry)
        session.flush()
    tell(session, TeamChanged, team_now(session, team_id), now=now)
    return entry


def _for_so_many(session: Session, entry: WaitlistEntry, quantity: int) -> WaitlistEntry:
    """Their place in line stays."""
    session.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id, WaitlistEntry.state == EntryState.WAITING)
        .values(quantity=quantity)
        .execution_options(synchronize_session=False)
    )
    session.refresh(entry)
    return entry


def _count_in(session: Session, team_id: str, now: datetime) -> None:
    """Nobody gets in line beside a free place that nobody waits for."""
    full = or_(Team.held >= Team.target, Team.waiting > 0)
    waits = and_(Team.state == TeamState.OPEN, Team.expires_at > now, full)
    paying = and_(Team.state == TeamState.PAYING, Team.pay_until > now)
    room = Team.waiting < MOST_WAITING
    if change_team(session, Team.id == team_id, or_(waits, paying), room, waiting=Team.waiting + 1):
        return
    team = team_now(session, team_id)
    if team.waiting >= MOST_WAITING:
        raise NoSeatLeft(team_id)
    if has_place(team, now):
        raise WrongState("place_free")
    raise GroupBuyClosed(team_id)


def leave_line(session: Session, *, team_id: str, person_id: str, now: datetime) -> bool:
    """False: they were not in it (any more)."""
    entry = waiting_entry(session, team_id=team_id, person_id=person_id)
    return entry is not None and drop(session, entry, EntryState.LEFT, now=now)


def leave_lines(session: Session, *, person_id: str, now: datetime) -> None:
    """All of them: the shop forgets this person."""
    for entry in lists_of(session, person_id=person_id):
        drop(session, entry, EntryState.LEFT, now=now)


def join_lines(session: Session, *, kept: str, gone: str, now: datetime) -> None:
    """Two people become one, who waits once, where the first of them stood; not for a team in which
    one of them has a place."""
    for entry in (*lists_of(session, person_id=gone), *lists_of(session, person_id=kept)):
        other = kept if entry.person_id == gone else gone
        twin = waiting_entry(session, team_id=entry.team_id, person_id=other)
        if (twin is not None and twin.id < entry.id) or _sits(session, entry.team_id, other):
            drop(session, entry, EntryState.LEFT, now=now)


def _sits(session: Session, team_id: str, person_id: str) -> bool:
    seat = select(Seat.id).where(
        Seat.team_id == team_id, Seat.person_id == person_id, Seat.state.in_(LIVE)
    )
    return session.scalar(seat.limit(1)) is not None


def drop(session: Session, entry: WaitlistEntry, to: EntryState, *, now: datetime) -> bool:
    """Out of the line without a place. False: somebody else was first."""
    try:
        with session.begin_nested():
            mine = Team.id == entry.team_id
            if not change_team(session, mine, Team.waiting > 0, waiting=Team.waiting - 1):
                raise Overtaken
            end_entry(session, entry, to)
    except Overtaken:
        return False
    team = team_now(session, entry.team_id)
    if not end_if_idle(session, team, now=now):
        tell(session, TeamChanged, team, now=now)
    return True


def end_entry(
    session: Session, entry: WaitlistEntry, to: EntryState, *, seat_id: str | None = None
) -> None:
    """Under the team's lock, which the caller has. Who is to be seated is still the first."""
    earlier = aliased(WaitlistEntry)
    before = select(earlier.id).where(
        earlier.team_id == entry.team_id,
        earlier.state == EntryState.WAITING,
        earlier.id < entry.id,
    )
    conditions = [WaitlistEntry.id == entry.id, WaitlistEntry.state == EntryState.WAITING]
    if to == EntryState.SEATED:
        conditions.append(~before.exists())
    version = select(Team.version).where(Team.id == entry.team_id).scalar_subquery()
    ended = session.execute(
        update(WaitlistEntry)
        .where(*conditions)
        .values(state=to, seat_id=seat_id, ended_version=version)
        .execution_options(synchronize_session=False)
    )
    if not changed(ended):
        raise Overtaken
    session.refresh(entry)


def waiting_entry(session: Session, *, team_id: str, person_id: str) -> WaitlistEntry | None:
    return session.scalar(_waiting(team_id).where(WaitlistEntry.person_id == person_id))


def first_in_line(session: Session, *, team_id: str) -> WaitlistEntry | None:
    return session.scalar(_waiting(team_id).limit(1))


def all_in_line(session: Session, *, team_id: str) -> Sequence[WaitlistEntry]:
    return session.scalars(_waiting(team_id)).all()


def place_in_line(session: Session, entry: WaitlistEntry) -> int:
    """1 is next."""
    before = select(func.count()).where(
        WaitlistEntry.team_id == entry.team_id,
        WaitlistEntry.state == EntryState.WAITING,
        WaitlistEntry.id <= entry.id,
    )
    return session.scalar(before) or 0


def lists_of(session: Session, *, person_id: str) -> Sequence[WaitlistEntry]:
    """Where this person waits, since the longest first."""
    return session.scalars(
        select(WaitlistEntry)
        .where(WaitlistEntry.person_id == person_id, WaitlistEntry.state == EntryState.WAITING)
        .order_by(WaitlistEntry.id)
        .execution_options(populate_existing=True)
    ).all()


def _waiting(team_id: str) -> Select[WaitlistEntry]:
    return (
        select(WaitlistEntry)
        .where(WaitlistEntry.team_id == team_id, WaitlistEntry.state == EntryState.WAITING)
        .order_by(WaitlistEntry.id)
        .execution_options(populate_existing=True)
    )
