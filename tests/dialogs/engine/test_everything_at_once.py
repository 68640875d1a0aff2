"""Calls, waits, moves to other versions, a month's silence and people of the shop, in any order:
nothing crashes or is left behind, and the log gives the same state again."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.kernel.ids import FlowSha
from dialogs.engine import (
    ActionFailed,
    ChatKind,
    Event,
    Failed,
    Flows,
    FrameKind,
    HandBack,
    Input,
    Lapsed,
    Mode,
    Moved,
    State,
    Way,
    from_json,
    move_on,
    pinned,
    replay,
    run,
    to_json,
)
from dialogs.engine.commands import SetSlot, StartFlow
from dialogs.engine.inputs import Heard
from dialogs.format import FlowSet, WaitStep
from tests.dialogs.engine.talk import shop
from tests.dialogs.engine.test_events import ENDS
from tests.dialogs.engine.test_migrating import changed
from tests.dialogs.engine.test_properties import (
    THIS_CALL,
    Actor,
    Answers,
    about_now,
    inputs,
    results,
)
from tests.dialogs.engine.test_replaying import stored

OLD, NEW = shop(), changed()
# Where flows under way may go on in the next version: at their questions, their wait, their call.
WAY = Way(
    OLD.sha,
    NEW.sha,
    {
        "gift": {"2_collect_budget": "budget", "pick": "pick"},
        "order": {"2_collect_sure": "2_collect_sure", "paid": "paying"},
        "colours": {"0_collect_colour": "which"},
        "outer": {"0_call_colours": "first"},
    },
)
ENDED = {*ENDS, "flow_expired", "flow_dropped", "flow_restarted"}


@dataclass(frozen=True, slots=True)
class Publish:
    """The next version is live; `way`: flows under way may go on in it."""

    way: bool


@dataclass(frozen=True, slots=True)
class Retire:
    """The old version must go."""


@dataclass(frozen=True, slots=True)
class Month:
    """Nobody says anything for so long that the round comes by."""


Happening = Input | Publish | Retire | Month
_A_PURCHASE = Heard((StartFlow("order"), SetSlot("product", "p1"), SetSlot("address", "a")))
happenings: st.SearchStrategy[Happening] = st.one_of(
    inputs,
    inputs,
    st.sampled_from([_A_PURCHASE, Heard((SetSlot("sure", True),)), Heard((StartFlow("outer"),))]),
    st.sampled_from(
        [
            ActionFailed(THIS_CALL, "broken", hopeless=True),
            Failed("broken", HandBack()),
            Failed("broken", HandBack(), hopeless=True),
        ]
    ),
    st.builds(Publish, st.booleans()),
    st.sampled_from([Retire(), Month()]),
)


@dataclass(slots=True)
class Life:
    """One conversation, taken through it as the doors do: first where it stands, then the turn."""

    state: State
    actor: Actor
    live: FlowSet = OLD
    ways: tuple[Way, ...] = ()
    lost: tuple[str, ...] = ()
    events: list[Event] = field(default_factory=list)

    @property
    def flows(self) -> Flows:
        return Flows(self.live.sha, self.library.__getitem__)

    @property
    def library(self) -> dict[FlowSha, FlowSet]:
        return {OLD.sha: OLD, NEW.sha: NEW}

    def take(self, each: Happening) -> None:
        if isinstance(each, Publish):
            self.live, self.ways = NEW, (WAY,) if each.way else self.ways
        elif isinstance(each, Retire):
            self.lost = (OLD.sha,) if self.live is NEW else ()
        elif isinstance(each, Month):
            self._stand()
            if self.state.mode is Mode.BOT:  # the round leaves the others alone
                self._keep(move_on(self.state, Lapsed(), self.flows))
        else:
            self._stand()
            self._keep(run(self.state, about_now(each, self.state), self.flows, self.actor))

    def _stand(self) -> None:
        old = pinned(self.state) - {self.live.sha}
        if old:
            lost = tuple(sha for sha in self.lost if sha in old)
            self._keep(move_on(self.state, Moved(self.ways, lost), self.flows))

    def _keep(self, after: Any) -> None:
        self.state = from_json(json.loads(json.dumps(to_json(after.state))))
        assert self.state == after.state
        self.events += after.events


def assert_sound(life: Life) -> None:
    state = life.state
    for parked in state.parked:
        top = parked.frames[-1]
        assert isinstance(life.library[top.version].flows[top.flow].steps[top.step], WaitStep)
    if state.pending is not None:
        assert state.stack[-1].id == state.pending.frame
    elif state.mode is Mode.BOT:
        assert all(parked.ready is None for parked in state.parked), "left behind"
        assert not any(frame.kind is FrameKind.ACT for frame in state.stack)


def assert_truthful(life: Life) -> None:
    """Every run that began has ended once, or goes on."""
    parked = [frame for each in life.state.parked for frame in each.frames]
    going_on = [frame.id for frame in (*life.state.stack, *parked) if frame.trail]
    begun = [event.frame for event in life.events if event.name == "flow_started"]
    ended = [event.frame for event in life.events if event.name in ENDED]
    assert sorted(begun) == sorted([*ended, *going_on])


def live_through(kind: ChatKind, happened: list[Happening], answers: Answers) -> Life:
    life = Life(State(chat_kind=kind), Actor(answers))
    for each in happened:
        life.take(each)
        assert_sound(life)
    assert_truthful(life)
    begun = State(chat_kind=kind)
    again = replay(stored(life.events), life.library.__getitem__, state=begun)
    assert to_json(again) == to_json(life.state)
    return life


_LIFE = given(
    st.sampled_from(ChatKind),
    st.lists(happenings, min_size=1, max_size=16),
    st.lists(st.one_of(results, results, st.none()), min_size=1, max_size=4),
)


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@_LIFE
def test_whatever_happens_between_the_turns_nothing_is_left_behind_and_the_log_is_whole(
    kind: ChatKind, happened: list[Happening], answers: Answers
) -> None:
    live_through(kind, happened, answers)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@_LIFE
def test_the_same_many_times(kind: ChatKind, happened: list[Happening], answers: Answers) -> None:
    live_through(kind, happened, answers)
