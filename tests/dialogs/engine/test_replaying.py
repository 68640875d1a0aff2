"""What is recorded of a conversation gives the same conversation again."""

import json
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.kernel.ids import FlowSha
from dialogs.engine import (
    RECORDED,
    ActionResult,
    ChatKind,
    Event,
    Flows,
    Happened,
    Heard,
    Input,
    Lapsed,
    Moved,
    Recorded,
    RunAction,
    State,
    Unplayable,
    move_on,
    replay,
    run,
    to_json,
)
from dialogs.engine.commands import CannotHandle, Command, SetSlot, StartFlow
from dialogs.engine.inputs import Change
from dialogs.format import FlowSet, load_flow_set
from tests.dialogs.engine.talk import SHOP, Talk, recommend_and_order, shop, sources
from tests.dialogs.engine.test_events import ENDS
from tests.dialogs.engine.test_migrating import changed, moved
from tests.dialogs.engine.test_properties import SETS, Actor, inputs, results

LIVE = FlowSha("live")


def stored(events: tuple[Event, ...] | list[Event]) -> list[Recorded]:
    """As the log gives them back: only the inputs, out of JSON."""
    rows = json.loads(json.dumps([event.to_json() for event in events]))
    return [
        Recorded.of(row["event"], row["version"], row.get("data", {}))
        for row in rows
        if row["event"] in RECORDED
    ]


def test_every_input_and_every_command_can_be_recorded() -> None:
    assert {recipe.made for recipe in RECORDED.values()} == {*get_args(Input), *get_args(Change)}
    for kind in get_args(Command):
        needed = {"flow": "gift", "flows": ("gift",), "slot": "budget", "value": 5, "action": "a"}
        command = kind(**{name: needed[name] for name in needed if name in kind.__match_args__})
        record = Recorded(Heard((command,)), LIVE).as_event()
        assert [each.given for each in stored([record])] == [Heard((command,))]


@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    st.integers(0, 1),
    st.sampled_from(ChatKind),
    st.lists(inputs, min_size=1, max_size=14),
    st.lists(results, min_size=1, max_size=4),
)
def test_whatever_was_said_its_record_gives_the_same_state(
    which: int, kind: ChatKind, told: list[Input], answers: list[ActionResult]
) -> None:
    library, state, events = Flows.of(SETS[which]), State(chat_kind=kind), list[Event]()
    actor = Actor(answers)
    for each in told:
        turned = run(state, each, library, actor)
        state = turned.state
        events += turned.events
    again = replay(stored(events), library.flows_for, state=State(chat_kind=kind))
    assert to_json(again) == to_json(state)
    assert_truthful(events, state, SETS[which])


def assert_truthful(events: list[Event], state: State, flow_set: FlowSet) -> None:
    """Every run of a flow ends once or goes on; what is told of it is told at one of its steps."""
    parked = [frame for each in state.parked for frame in each.frames]
    going_on = [frame.id for frame in (*state.stack, *parked) if frame.trail]
    begun = [event.frame for event in events if event.name == "flow_started"]
    ended = [event.frame for event in events if event.name in ENDS]
    assert sorted(begun) == sorted([*ended, *going_on])
    for event in events:
        if event.frame in begun:
            assert event.step in flow_set.flows[event.flow].steps, event


def test_each_input_is_replayed_on_the_version_that_was_live_then() -> None:
    """A published version changes what starts from then on, in a replay as in life."""
    other = shop("flows:\n  extra:\n    description: more\n    steps:\n      - collect: colour\n")
    library = {shop().sha: shop(), other.sha: other}
    state, events = State(), list[Event]()
    for flow_set, flow in ((shop(), "gift"), (other, "extra"), (other, "extra")):
        commands: tuple[Command, ...] = (StartFlow(flow),)
        if flow == "extra" and state.stack:
            commands = (SetSlot("recipient", "mum"), *commands)
        flows = Flows(flow_set.sha, library.__getitem__)
        turned = run(state, Heard(commands), flows, recommend_and_order)
        state, events = turned.state, [*events, *turned.events]
    versions = {event.version for event in events if event.name in RECORDED}
    assert versions == set(library)
    assert to_json(replay(stored(events), library.__getitem__)) == to_json(state)


def test_what_was_told_from_outside_is_replayed_with_its_number() -> None:
    talk = Talk()
    talk.act = lambda call: ActionResult({"payment": "pay1"} if call.name == "action_order" else {})
    said = {"product": "p1", "address": "Long Road", "copies": 1, "sure": True}
    talk.hear(StartFlow("order"), SetSlot("product", "p1"))
    for slot in ("address", "copies", "sure"):
        talk.hear(SetSlot(slot, said[slot]))
    talk.take(Happened("payment_paid", "pay1", {"number": "R7"}, number=9))
    assert "utter_thanks" in talk.said
    assert next(event for event in talk.events if event.name == "told").data["number"] == 9
    assert replay(stored(talk.events), talk.flows.flows_for) == talk.state


def test_what_an_action_may_not_say_is_refused_again() -> None:
    """A number that is none cannot stand in JSON, and would not fit any slot."""
    unfit: list[Any] = [float("nan"), {1}, [float("inf")], "x" * 20_000]
    for value in unfit:
        talk = Talk()
        talk.act = lambda call, value=value: ActionResult({"anything": value, "product": "p1"})
        talk.hear(StartFlow("gift"))
        for slot, said in (("recipient", "mum"), ("occasion", "birthday"), ("budget", 50)):
            talk.hear(SetSlot(slot, said))
        assert talk.slots["product"] == "p1"
        assert "anything" not in talk.slots
        assert replay(stored(talk.events), talk.flows.flows_for) == talk.state


def test_a_record_that_does_not_fit_is_no_replay() -> None:
    with pytest.raises(Unplayable):
        replay([Recorded(ActionResult(), LIVE)], Flows.of(shop()).flows_for)


def test_a_replay_runs_no_action() -> None:
    talk, ran = Talk(), list[RunAction]()
    talk.act = lambda call: ran.append(call) or ActionResult()  # type: ignore[func-returns-value]
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"), SetSlot("budget", 50))
    talk.hear(SetSlot("occasion", "birthday"))
    assert len(ran) == 2
    assert replay(stored(talk.events), talk.flows.flows_for) == talk.state
    assert len(ran) == 2


def test_what_happened_between_the_turns_is_replayed_in_its_place() -> None:
    """A flow goes on in the next version, begins again in the one after it, and is put aside."""
    old, new = shop(), changed()
    newest = load_flow_set(sources(SHOP.replace("find a gift", "find a present")))
    library = {each.sha: each for each in (old, new, newest)}
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"), SetSlot("occasion", "birthday"))
    assert moved(talk, {"gift": {"2_collect_budget": "budget"}}) == ["flow_migrated"]
    talk.hear(SetSlot("budget", 50.0))
    for live, change in ((newest, Moved(lost=(new.sha,))), (newest, Lapsed())):
        talk.flows = Flows(live.sha, library.__getitem__)
        stands = move_on(talk.state, change, talk.flows)
        talk.state, talk.events = stands.state, [*talk.events, *stands.events]
        talk.hear(CannotHandle())
    assert {"flow_restarted", "flow_expired"} <= set(talk.names())
    assert replay(stored(talk.events), library.__getitem__) == talk.state
