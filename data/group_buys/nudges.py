"""A member has the others reminded of a team: rarely, by day, and nobody who said no.

While people may join, its group is told how it stands. While those who joined are to pay, only they
are told, each alone. Who left has no seat and hears nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from data.delivery.messages import Purpose
from data.group_buys.facts import TeamNudged
from data.group_buys.invitations import NOT_INSIDE
from data.group_buys.models import LIVE, RUNNING, Seat, SeatState, Team, TeamState
from data.group_buys.nudge_models import TeamNudge
from data.group_buys.teams import change_team, team_now
from data.kernel.errors import GroupBuyClosed, NoSeatLeft, Refused, TooOften
from data.kernel.facts import announce
from data.people import Answer, Chat, Verdict, may_contact, private_chat_of, speak_to_group
from data.people.contact import ALLOWED, QUIET
from data.people.merged import known_as

# Our decision: a second word within half a working day, or a fourth at all, presses people.
APART = timedelta(hours=4)
MOST = 3
# Why not: the details of the refusals.
NO_GROUP, USED_UP, TOO_SOON = "nudge_no_group", "nudges_used_up", "nudge_too_soon"
UNHEARD = "nudge_unheard"


def nudge(session: Session, *, team_id: str, person_id: str, now: datetime) -> Team:
    """Count it and have it told. Two at once: the row of the team lets one of them through."""
    with session.begin_nested():
        if not _count(session, team_id, person_id, now):
            _refuse(session, team_id, person_id, now)
        team = team_now(session, team_id)
        _note(session, team, now)
        if team.state == TeamState.OPEN:
            _take_place(session, team, now)
        seats = _to_remind(session, team, person_id)
        _listen_for(session, seats, now)
        nudged = TeamNudged(
            merchant_id=team.merchant_id,
            team_id=team.id,
            chat_id=team.chat_id,
            number=team.nudges,
            seats=seats,
        )
        announce(session, nudged, now=now)
    return team


def may_be_nudged(team: Team, now: datetime) -> bool:
    """Is there anything to remind of, and a time left for it? A look; who asks is not looked at."""
    to_pay = team.state == TeamState.PAYING and team.paid < team.held
    to_join = team.state == TeamState.OPEN and team.held < team.target and not team.waiting
    rested = team.next_nudge_at is None or team.next_nudge_at <= now
    in_time = team.ends_at > now and team.nudges < MOST and rested
    return in_time and (to_pay or (to_join and team.chat_id is not None))


def nudgeable(
    session: Session, *, person_id: str, chat_id: str | None, now: datetime
) -> list[Team]:
    """Running teams of theirs, in this group or (without one) anywhere, what ends soonest first."""
    mine = select(Seat.team_id).where(Seat.person_id == person_id, Seat.state.in_(LIVE))
    ends_at = func.coalesce(Team.pay_until, Team.expires_at)
    running = select(Team).where(Team.id.in_(mine), Team.state.in_(RUNNING), ends_at > now)
    if chat_id is not None:
        running = running.where(Team.chat_id == chat_id)
    return list(session.scalars(running.order_by(ends_at, Team.id)))


def _count(session: Session, team_id: str, person_id: str, now: datetime) -> bool:
    return change_team(
        session,
        Team.id == team_id,
        _has_seat(person_id),
        or_(_to_join(now), _to_pay(person_id, now)),
        Team.nudges < MOST,
        or_(Team.next_nudge_at.is_(None), Team.next_nudge_at <= now),
        nudges=Team.nudges + 1,
        next_nudge_at=now + APART,
    )


def _has_seat(person_id: str) -> ColumnElement[bool]:
    seats = select(Seat.id).where(Seat.team_id == Team.id, Seat.person_id == person_id)
    return seats.where(Seat.state.in_(LIVE)).correlate(Team).exists()


def _to_join(now: datetime) -> ColumnElement[bool]:
    has_room = and_(Team.held < Team.target, Team.waiting == 0)
    in_time = and_(Team.state == TeamState.OPEN, Team.expires_at > now)
    return and_(in_time, has_room, Team.chat_id.is_not(None))


def _to_pay(person_id: str, now: datetime) -> ColumnElement[bool]:
    """Somebody else has yet to: nobody has themselves reminded."""
    in_time = and_(Team.state == TeamState.PAYING, Team.pay_until > now)
    unpaid = select(Seat.id).where(Seat.team_id == Team.id, Seat.state == SeatState.HELD)
    return and_(in_time, unpaid.where(Seat.person_id != person_id).correlate(Team).exists())


def _refuse(session: Session, team_id: str, person_id: str, now: datetime) -> None:
    """Say why not; that one may not was decided by the UPDATE alone."""
    team = team_now(session, team_id)
    mine = select(Seat.id).where(Seat.team_id == team_id, Seat.person_id == person_id)
    if session.scalar(mine.where(Seat.state.in_(LIVE)).limit(1)) is None:
        raise Refused(NOT_INSIDE)
    if team.state not in RUNNING or team.ends_at <= now:
        raise GroupBuyClosed(team_id)
    if team.state == TeamState.OPEN and team.chat_id is None:
        raise Refused(NO_GROUP)
    if team.nudges >= MOST:
        raise TooOften(USED_UP, most=MOST)
    if team.next_nudge_at is not None and team.next_nudge_at > now:
        raise TooOften(TOO_SOON, left=team.next_nudge_at - now)
    raise NoSeatLeft(team_id)


def _note(session: Session, team: Team, now: datetime) -> None:
    session.add(
        TeamNudge(
            team_id=team.id,
            number=team.nudges,
            merchant_id=team.merchant_id,
            at=now,
            next_at=now + APART,
        )
    )
    session.flush()


def _take_place(session: Session, team: Team, now: datetime) -> None:
    """A group hears as little from us unasked as a person does, and nothing while some sleep."""
    chat = session.get_one(Chat, team.chat_id)
    verdict = speak_to_group(session, chat=chat, now=now)
    if verdict.answer is not Answer.NOW:
        left = verdict.at - now if verdict.at else None
        raise TooOften(f"nudge_{verdict.reason}", left=left)


def _listen_for(session: Session, seats: tuple[str, ...], now: datetime) -> None:
    """A word that none of them would get now is not said, so it is not counted either."""
    verdicts = [_may_hear(session, seat, now) for seat in seats]
    if not verdicts or any(verdict.answer is Answer.NOW for verdict in verdicts):
        return
    nights = [one.at - now for one in verdicts if one.reason == QUIET and one.at is not None]
    if nights:
        raise TooOften(f"nudge_{QUIET}", left=min(nights))
    raise Refused(UNHEARD)


def _may_hear(session: Session, seat_id: str, now: datetime) -> Verdict:
    """In their own chat; who has none may get one by being told (dialogs/notices/herald.py)."""
    person = known_as(session, session.get_one(Seat, seat_id).person_id)
    chat = private_chat_of(session, person=person)
    if chat is None:
        return ALLOWED
    return may_contact(session, person=person, chat=chat, purpose=Purpose.NUDGE, now=now)


def _to_remind(session: Session, team: Team, person_id: str) -> tuple[str, ...]:
    """Seats still to be paid for, but the asker's."""
    if team.state != TeamState.PAYING:
        return ()
    unpaid = select(Seat.id).where(Seat.team_id == team.id, Seat.state == SeatState.HELD)
    return tuple(session.scalars(unpaid.where(Seat.person_id != person_id).order_by(Seat.id)))
