"""What the shop itself may do with a team: complete it with those who are there, or call it off.

Others fill a team with invented members when too few came (D8 in docs/group-buy-defects.md). Here
the shop asks for fewer, openly: the UPDATE that finds who is there lowers what is asked for, and
the card, the group and every member are told.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, case, delete, func
from sqlalchemy.orm import InstrumentedAttribute, Session

from data.group_buys.facts import TeamCancelled
from data.group_buys.models import RUNNING, PayMode, Team, TeamState
from data.group_buys.pledges import ask_if_full
from data.group_buys.teams import change_team, end_team, is_running, succeed_if_full, team_now
from data.group_buys.tier_models import TeamTier
from data.kernel.errors import GroupBuyClosed, NotFound, WrongState

FEWEST = 2  # one person alone is no team
_LONGEST_NAME = 120  # its column


def complete_with(
    session: Session, *, merchant_id: str, team_id: str, people: int, by: str, now: datetime
) -> None:
    """Complete an open team with the `people` who have paid; where people join first, with those
    who have joined, who are asked to pay now. Each pays the price of that size, or the first one.

    `people`: as many as the shop saw and agreed to. `by`: who of the shop. GroupBuyClosed;
    WrongState says what is in the way: team_changed, team_too_small, or team_undecided while
    somebody may still pay or waits for a place.
    """
    team = _of_shop(session, merchant_id, team_id)
    joins_first = team.mode == PayMode.JOIN_FIRST
    there = (*_everybody(Team.held if joins_first else Team.paid, people), *_in_time(now))
    lowered = {**_asked_for(people), "closed_by": by[:_LONGEST_NAME]}
    still_open = (Team.id == team_id, Team.state == TeamState.OPEN)
    if people < FEWEST or not change_team(session, *still_open, *there, **lowered):
        raise _why_not(team_now(session, team_id), people, now)
    out_of_reach = (TeamTier.team_id == team_id, TeamTier.min_size > people)
    session.execute(delete(TeamTier).where(*out_of_reach))
    decide = ask_if_full if joins_first else succeed_if_full
    decide(session, team_id, now=now)


def _everybody(there: InstrumentedAttribute[int], people: int) -> tuple[ColumnElement[bool], ...]:
    """As many as was agreed to, and nobody else who may still come to it."""
    return there == people, Team.held == people, Team.waiting == 0


def _in_time(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Once its time is over that decides, though nobody may have looked yet."""
    return (func.coalesce(Team.pay_until, Team.expires_at) > now,)


def _asked_for(people: int) -> dict[str, object]:
    fewer = case((Team.minimum > people, people), else_=Team.minimum)
    return {"minimum": fewer, "target": people}


def _why_not(team: Team, people: int, now: datetime) -> GroupBuyClosed | WrongState:
    if not is_running(team, now):
        return GroupBuyClosed(team.id)
    if _there(team) != people:
        return WrongState("team_changed")
    return WrongState("team_too_small" if people < FEWEST else "team_undecided")


def _there(team: Team) -> int:
    """Who has done what is asked at first: paid, or where people join first, joined."""
    return team.held if team.mode == PayMode.JOIN_FIRST else team.paid


def enough_in(team: Team, now: datetime) -> int:
    """With so many the shop could complete it now; 0: it could not."""
    people = _there(team)
    everybody = people == team.held and not team.waiting
    return people if is_running(team, now) and everybody and people >= FEWEST else 0


def cancel_team(
    session: Session, *, merchant_id: str, team_id: str, by: str, now: datetime
) -> None:
    """Call off a team that is open or being paid for: everybody is let go, every payer refunded.
    GroupBuyClosed: it is over, or its time is."""
    _of_shop(session, merchant_id, team_id)
    ended = end_team(
        session,
        team_id,
        TeamState.CANCELLED,
        *_in_time(now),
        fact=TeamCancelled,
        now=now,
        also={"closed_by": by[:_LONGEST_NAME]},
    )
    if not ended:
        raise GroupBuyClosed(team_id)


def may_cancel(team: Team, now: datetime) -> bool:
    return team.state in RUNNING and team.ends_at > now


def _of_shop(session: Session, merchant_id: str, team_id: str) -> Team:
    team = team_now(session, team_id)
    if team.merchant_id != merchant_id:
        raise NotFound("team")
    return team
