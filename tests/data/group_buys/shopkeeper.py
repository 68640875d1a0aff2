"""The same shop, with lines and a shopkeeper, who completes teams with fewer, calls them off, or
gives somebody all of their money back."""

from collections.abc import Sequence
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from data.group_buys import PayMode, TeamState
from data.kernel.errors import GroupBuyClosed, WrongState
from tests.data.group_buys.machine import PICK
from tests.data.group_buys.model import FULFILLED, PAID, ModelTeam, Place
from tests.data.group_buys.waiting_machine import WaitingMachine

PATHS = ("completed", "called off", "undecided", "late", "given back")
_DIRECTED = 2


class ShopkeeperMachine(WaitingMachine):
    paths: ClassVar[Sequence[str]] = PATHS

    @precondition(lambda self: self.model.teams)
    @rule(pick=PICK, people=st.integers(min_value=1, max_value=3))
    def complete(self, pick: int, people: int) -> None:
        self._complete(self._team(pick), people)

    def _complete(self, team: ModelTeam, people: int) -> None:
        joins_first = self.mode == PayMode.JOIN_FIRST
        all_there = [len(team.live()), len(team.live()) if joins_first else team.paid()]
        may = team.running(self.shop.now) and people >= 2 and not team.line
        if not (may and all_there == [people, people]):
            self._refused(lambda: self.shop.completes(team.id, people))
            self.seen.add("shop refused")
            return
        self.shop.completes(team.id, people)
        self.seen.add("shop completed")
        (least, price), *steps = team.ladder
        reached = [step for step in steps if step[0] <= people]
        team.ladder = ((min(least, people), price), *reached)
        if joins_first:
            team.ask(self.shop.now)
        else:
            team.succeeds()

    @precondition(lambda self: self.model.teams)
    @rule(pick=PICK)
    def call_off(self, pick: int) -> None:
        self._call_off(self._team(pick))

    def _call_off(self, team: ModelTeam) -> None:
        if not team.runs(self.shop.now):
            self._refused(lambda: self.shop.cancels(team.id))
            return
        self.shop.cancels(team.id)
        self.seen.add("shop called off")
        team.state = TeamState.CANCELLED
        self._close_lines()

    @precondition(lambda self: self.model.places())
    @rule(pick=PICK)
    def give_back(self, pick: int) -> None:
        self._give_back(self._place(pick))

    def _give_back(self, place: Place) -> None:
        """By the form for refunds; what is only reserved is no money to give back."""
        is_ours = place.state in (PAID, FULFILLED) and self.mode != PayMode.HOLD
        if not is_ours or place.attempt is None:
            return
        self.shop.gives_back(place.attempt)
        self.seen.add("shop gave back")
        self.model.ends(place, self.shop.now)

    # Paths that random play seldom finds.

    @initialize(path=st.sampled_from(PATHS))
    def begin(self, path: str) -> None:
        self._begin(self.only or path)

    def _begin(self, path: str) -> None:
        self.decide_for_two(path)

    @precondition(lambda self: self.directed < _DIRECTED)
    @rule(path=st.sampled_from(PATHS))
    def decide_for_two(self, path: str) -> None:
        """Two have paid, of three or more that are asked for; somebody else may be paying still, or
        the time is over and nobody has looked."""
        self.directed += 1
        team = self._opened_by_somebody()
        if team is None:
            return
        for person in ("Wei", "Jun", "An") if path == "undecided" else ("Wei", "Jun")[:1]:
            self._join(team, person)
        self._pay(team, 2)
        if path == "late":
            self.clock(60)
        if path == "called off":
            self._call_off(team)
        elif path != "given back" or self.mode == PayMode.JOIN_FIRST:
            self._complete(team, 2)
        self.work()
        if team.state == TeamState.PAYING:
            self._pay(team, 2)
            self.work()
        if path == "given back":
            self._give_back(team.places[0])

    def _pay(self, team: ModelTeam, people: int) -> None:
        for place in team.live()[:people]:
            self._start(place)
            self._arrive(place)

    @staticmethod
    def _refused(act: object) -> None:
        assert callable(act)
        try:
            act()
        except (GroupBuyClosed, WrongState):
            return
        raise AssertionError
