"""The same shop where people also wait for a place: nobody is passed, nobody waits beside a free
place, and whoever is passed over had a reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import select

from data.group_buys import EntryState, Team, WaitlistEntry, waiting_entry
from data.group_buys.invitation_models import InvitedSeat
from data.group_buys.models import RUNNING
from data.group_buys.turns import TURN_TTL
from data.kernel.errors import ShopError
from tests.data.group_buys.inviting import gets_link, waits_by
from tests.data.group_buys.machine import NAMES, PEOPLE, PICK, GroupBuyMachine
from tests.data.group_buys.model import ModelTeam, Place, Waiter

_PASSES = {"error_too_often", "error_refused", "error_out_of_stock"}
PATHS = ("seated", "passed", "left", "closed")
_TURNS = (EntryState.SEATED, EntryState.PASSED)
_DIRECTED = 2
Reasons = dict[tuple[str, str], set[str]]


class WaitingMachine(GroupBuyMachine):
    """Seats are given by jobs; what those did is compared with what the model allows."""

    paths: ClassVar[Sequence[str]] = PATHS

    # What people do.

    def __init__(self) -> None:
        super().__init__()
        self.waited: dict[tuple[str, str], str | None] = {}  # by whom they first stood in this line
        self.invited: dict[str, set[str | None]] = {}  # who may be credited with a seat

    @precondition(lambda self: self.model.teams)
    @rule(person=PEOPLE, pick=PICK, by=st.none() | PEOPLE)
    def get_in_line(self, person: str, pick: int, by: str | None) -> None:
        self._wait(self._team(pick), person, by=by)

    def _wait(self, team: ModelTeam, person: str, *, by: str | None = None) -> None:
        reasons = self.model.why_not_wait(team, person, self.shop.now)
        waits = person in _people(team)
        by = by if any(place.person == by for place in team.live()) else None
        try:
            if by is None:
                self.shop.waits(team.id, person)
            else:
                waits_by(self.shop, team.id, gets_link(self.shop, team.id, by), person)
        except ShopError as error:
            self._expected(error, reasons, person)
            return
        assert not reasons
        if not waits:
            first = self.waited.setdefault((team.id, person), None if by == person else by)
            team.line.append(Waiter(self._entry(team, person), person, by and first))
        self.the_shop_is_as_the_model_says()

    @precondition(lambda self: self.model.teams)
    @rule(person=PEOPLE, pick=PICK)
    def leave_line(self, person: str, pick: int) -> None:
        self._leave_line(self._team(pick), person)

    def _leave_line(self, team: ModelTeam, person: str) -> None:
        waits = person in _people(team)
        assert self.shop.leaves_line(team.id, person) == waits
        if waits:
            team.line = [waiter for waiter in team.line if waiter.person != person]
            self.model.end_if_idle(team, self.shop.now)
            self._close_lines()

    @rule()
    def work(self) -> None:
        before = self._reasons()
        super().work()
        self._take_turns(before)
        self._close_lines()

    # Paths that random play seldom finds.

    @initialize(path=st.sampled_from(PATHS))
    def begin(self, path: str) -> None:
        self._begin(self.only or path)

    def _begin(self, path: str) -> None:
        """In some runs somebody opens a team before, and leaves it again."""
        if path == "left" and self._open("Qi") is not None:
            self.give_up(0)
        self.wait_for_a_full_team(path)

    @precondition(lambda self: self.directed < _DIRECTED)
    @rule(path=st.sampled_from(PATHS))
    def wait_for_a_full_team(self, path: str) -> None:
        """Two wait, and the one who came last into the team leaves it again, or all of it pays."""
        self.directed += 1
        team = self._opened_by_somebody()
        if team is None:
            return
        for person in NAMES:
            self._join(team, person)
        for person in NAMES:
            self._wait(team, person, by=team.live()[0].person if team.live() else None)
        if not team.line:
            return
        if path == "closed":
            self._all_pay(team)
        elif path == "left":
            self._leave_line(team, team.line[0].person)
        else:
            self._call_the_next(team, passes=path == "passed")

    def _call_the_next(self, team: ModelTeam, *, passes: bool) -> None:
        """Who holds as many unpaid seats as one may when it is their turn is passed over."""
        first = team.line[0].person
        if passes:
            for _ in range(3):
                self._open(first)
        self.give_up(self.model.places().index(team.live()[-1]))
        self.work()
        self._all_pay(team)

    def _all_pay(self, team: ModelTeam) -> None:
        for place in team.live():
            self._start(place)
            self._arrive(place)
        self._close_lines()

    # What must hold.

    @invariant()
    def the_shop_is_as_the_model_says(self) -> None:
        super().the_shop_is_as_the_model_says()
        self._close_lines()
        with self.shop.database.reading() as session:
            waiting = WaitlistEntry.state == EntryState.WAITING
            entries = session.scalars(select(WaitlistEntry).order_by(WaitlistEntry.id)).all()
            counted = {team.id: team.waiting for team in session.scalars(select(Team))}
            lines = session.execute(
                select(WaitlistEntry.team_id, WaitlistEntry.id)
                .where(waiting)
                .order_by(WaitlistEntry.id)
            ).all()
        for team in self.model.teams:
            ids = [entry for team_id, entry in lines if team_id == team.id]
            assert ids == [waiter.id for waiter in team.line]
            assert counted[team.id] == len(team.line)
        self.seen |= {f"entry {entry.state}" for entry in entries}
        self._each_is_credited_to_who_invited_them()

    def _each_is_credited_to_who_invited_them(self) -> None:
        with self.shop.database.reading() as session:
            noted = {one.seat_id: one.inviter_id for one in session.scalars(select(InvitedSeat))}
        assert noted.keys() <= self.invited.keys()
        for seat_id, by in self.invited.items():
            assert noted.get(seat_id) in {self.shop.person(one) if one else None for one in by}
        self.seen |= {"credited"} if noted else set()

    def _take_turns(self, before: Reasons) -> None:
        """Those who had their turn stood first, in that order; who got no place may have none."""
        now, had = self.shop.now, {team.id: self._had_a_turn(team) for team in self.model.teams}
        for team in self.model.teams:
            turns = had[team.id]
            assert [one.id for one in turns] == [waiter.id for waiter in team.line[: len(turns)]]
            seats = [one.seat_id for one in turns]
            for waiter, seat_id in zip(team.line, seats, strict=False):
                if seat_id is not None:
                    self._sit(team, waiter, seat_id, now)
        after = self._reasons()
        for team in self.model.teams:
            passed = [one.id for one in had[team.id] if one.state == EntryState.PASSED]
            for waiter in team.line:
                key = (team.id, waiter.person)
                may_not = (before[key] | after[key]) & _PASSES
                paused = self.model.may_be_paused(waiter.person)
                assert waiter.id not in passed or may_not or paused
            team.line = team.line[len(had[team.id]) :]
            self.model.end_if_idle(team, now)
            self.model.follow(team)
            assert not (team.runs(now) and team.is_waited_for())

    def _sit(self, team: ModelTeam, waiter: Waiter, seat_id: str, now: datetime) -> None:
        """Who had a place here before is at most still the first inviter's."""
        ends, who = team.pay_until or team.deadline, waiter.person
        before = [place.id for place in team.places if place.person == who]
        earlier = {by for seat in before for by in self.invited.get(seat, ())}
        self.invited[seat_id] = {None, *earlier} if before else {waiter.by}
        team.places.append(Place(seat_id, team, who, min(now + TURN_TTL, ends)))

    def _had_a_turn(self, team: ModelTeam) -> list[WaitlistEntry]:
        waited = [waiter.id for waiter in team.line]
        with self.shop.database.reading() as session:
            found = session.scalars(
                select(WaitlistEntry)
                .where(WaitlistEntry.id.in_(waited), WaitlistEntry.state.in_(_TURNS))
                .order_by(WaitlistEntry.ended_version)
            ).all()
            session.expunge_all()
        return list(found)

    def _reasons(self) -> Reasons:
        """Why each of those who wait might be given no seat."""
        now = self.shop.now
        return {
            (team.id, waiter.person): self.model.why_not(team, waiter.person, now)
            for team in self.model.teams
            for waiter in team.line
        }

    def _close_lines(self) -> None:
        for team in self.model.teams:
            if team.state not in RUNNING:
                team.line.clear()

    def _entry(self, team: ModelTeam, person: str) -> int:
        with self.shop.database.reading() as session:
            person_id = self.shop.person(person)
            entry = waiting_entry(session, team_id=team.id, person_id=person_id)
            assert entry is not None
            return entry.id


def _people(team: ModelTeam) -> list[str]:
    return [waiter.person for waiter in team.line]
