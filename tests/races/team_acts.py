"""What one process does when the seats of a team are rushed for, or its window to pay in ends.

The `careless` ones are the controls: the same code, with the guard that the race is about switched
off. They believe what they saw before the others acted.
"""

from collections.abc import Sequence
from datetime import datetime
from multiprocessing.synchronize import Barrier
from unittest.mock import patch

from sqlalchemy.orm import Session

from data.group_buys import (
    Team,
    by_shop,
    complete_with,
    limits,
    outcomes,
    seats,
    wait_for_place,
    waiting,
)
from data.group_buys import join as join_team
from data.group_buys.models import RUNNING
from data.group_buys.pledges import decide_window
from data.group_buys.teams import change_team, team_now
from data.kernel.database import Database
from data.kernel.errors import ShopError
from tests.races import acts


def rush(
    database: Database, barrier: Barrier, team: str, people: Sequence[str], now: datetime
) -> str:
    """Each of these people taps, one after the other; gives what each was told."""
    barrier.wait()
    return " ".join(_tap(database, team, person, now) for person in people)


def _tap(database: Database, team: str, person: str, now: datetime) -> str:
    try:
        with database.transaction() as session:
            join_team(session, team_id=team, person_id=person, now=now)
    except ShopError as error:
        return error.code
    return "ok"


def careless_join(
    database: Database, barrier: Barrier, team: str, person: str, now: datetime
) -> None:
    """Takes the place that it saw free."""
    seen = _team_seen(database, team).held

    def take_place(session: Session, team: Team, quantity: int, _now: datetime) -> Team:
        seats.count_taken(session, team.campaign_id, quantity)
        change_team(session, Team.id == team.id, held=seen + 1)
        return team_now(session, team.id)

    barrier.wait()
    with patch.object(seats, "_take_place", take_place), database.transaction() as session:
        join_team(session, team_id=team, person_id=person, now=now)


def unknown_join(
    database: Database, barrier: Barrier, team: str, person: str, now: datetime
) -> None:
    """Asks nobody whether this person is in the team."""
    barrier.wait()
    with patch.object(seats, "admit"), database.transaction() as session:
        join_team(session, team_id=team, person_id=person, now=now)


def twice_new(database: Database, barrier: Barrier, team: str, person: str, now: datetime) -> None:
    """Counts the seats of this person that it saw before the others acted."""
    with database.reading() as session:
        seen = limits._live_seats(session, person, None)
    barrier.wait()
    with (
        patch.object(limits, "_live_seats", lambda *_: seen),
        database.transaction() as session,
    ):
        join_team(session, team_id=team, person_id=person, now=now)


def wait_for(database: Database, barrier: Barrier, team: str, person: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        wait_for_place(session, team_id=team, person_id=person, now=now)


def careless_wait(
    database: Database, barrier: Barrier, team: str, person: str, now: datetime
) -> None:
    """Saw the team run, and gets in line when it is over."""
    assert _team_seen(database, team).state in RUNNING

    def count_in(session: Session, team_id: str, _now: datetime) -> None:
        change_team(session, Team.id == team_id, waiting=Team.waiting + 1)

    barrier.wait()
    barrier.wait()  # its end came in between
    with patch.object(waiting, "_count_in", count_in), database.transaction() as session:
        wait_for_place(session, team_id=team, person_id=person, now=now)


def end_window(database: Database, barrier: Barrier, team: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        decide_window(session, team, now=now)


def careless_pay(
    database: Database, barrier: Barrier, attempt_id: str, team: str, now: datetime
) -> None:
    """Saw how many were still to pay, and ends the window only if that was this one alone."""
    seen = _team_seen(database, team)

    def decide(session: Session, team_id: str, *, now: datetime) -> bool:
        return seen.paid + 1 >= seen.held and decide_window(session, team_id, now=now)

    with patch.object(outcomes, "decide_window", decide):
        acts.pay(database, barrier, attempt_id, now)


def _team_seen(database: Database, team_id: str) -> Team:
    with database.reading() as session:
        team = session.get_one(Team, team_id)
        session.expunge(team)
        return team


def complete(database: Database, barrier: Barrier, team: str, people: int, now: datetime) -> None:
    """As somebody of the shop who saw so many there."""
    barrier.wait()
    with database.transaction() as session:
        merchant = team_now(session, team).merchant_id
        complete_with(session, merchant_id=merchant, team_id=team, people=people, by="mei", now=now)


def careless_complete(
    database: Database, barrier: Barrier, team: str, people: int, now: datetime
) -> None:
    """Lowers what is asked for to whoever is there by then."""
    whoever = {"minimum": people, "target": Team.held}
    with (
        patch.object(by_shop, "_everybody", lambda *_: ()),
        patch.object(by_shop, "_asked_for", lambda _: whoever),
    ):
        complete(database, barrier, team, people, now)
