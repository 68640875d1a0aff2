"""Whatever is said, in whatever order: nothing crashes, dangles, or holds a forbidden value."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogs.engine import (
    TIMEOUT,
    ActionAnswered,
    ActionFailed,
    ActionResult,
    ChatKind,
    Flows,
    FrameKind,
    HandBack,
    HandOver,
    Happened,
    Heard,
    Input,
    Mode,
    RunAction,
    StartPattern,
    State,
    from_json,
    open_question,
    run,
    to_json,
)
from dialogs.engine.commands import (
    Act,
    CancelFlow,
    CannotHandle,
    ChitChat,
    Clarify,
    Command,
    CorrectSlots,
    GoBack,
    HumanHandoff,
    RepeatLast,
    Restart,
    SetSlot,
    SkipQuestion,
    StartFlow,
)
from dialogs.format import END, Call, Collect, FlowSet, WaitStep, is_allowed
from tests.dialogs.engine.talk import shop

TALKATIVE_PATTERNS = """
flows:
  pattern_continue_interrupted:
    description: asks before it goes on
    steps:
      - collect: anything
        utter: utter_small_talk
  pattern_chitchat:
    description: asks back
    steps:
      - collect: colour
      - action: utter_small_talk
"""
SETS = (shop(), shop(TALKATIVE_PATTERNS))

flows = st.sampled_from([*sorted(SETS[0].flows), "nonsense"])
slots = st.sampled_from([*sorted(SETS[0].domain.slots), "nonsense"])
values = st.sampled_from(
    [None, "mum", "birthday", "none", "", 0, 5, 50, 1.5, float("nan"), True, False, [], ["a"], {}]
)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(StartFlow, flows),
    st.builds(SetSlot, slots, values, st.booleans()),
    st.builds(SetSlot, slots, values),
    st.builds(CorrectSlots, st.dictionaries(slots, values, max_size=3)),
    st.builds(Clarify, st.lists(flows, max_size=3).map(tuple)),
    st.builds(Act, st.sampled_from(["action_join", "nonsense"])),
    st.builds(ChitChat, st.sampled_from([None, "utter_small_talk"])),
    st.sampled_from(
        [CancelFlow(), SkipQuestion(), GoBack(), RepeatLast(), CannotHandle(), HumanHandoff()]
    ),
)
inputs: st.SearchStrategy[Input] = st.one_of(
    st.lists(commands, max_size=4).map(lambda said: Heard(tuple(said))),
    st.lists(commands, min_size=1, max_size=3).map(lambda said: Heard(tuple(said))),
    st.builds(
        Happened,
        st.sampled_from(["payment_paid", "payment_failed", "reminder_due"]),
        st.sampled_from(["pay1", "pay2", ""]),
        st.just({"number": "R1"}),
    ),
    st.builds(lambda wait: Happened(TIMEOUT, wait=wait), st.integers(1, 60)),
    st.sampled_from(
        [HandOver(), HandBack(), HandBack(), StartPattern("pattern_session_start"),
         Heard((Restart(),))]
    ),
)  # fmt: skip
THIS_CALL = -1  # stands for the call that is under way, whichever it is
results = st.builds(
    ActionResult,
    st.dictionaries(st.one_of(st.just("payment"), slots), values, max_size=2),
    commands=st.lists(commands, max_size=1).map(tuple),
    failed=st.sampled_from([None, None, None, None, None, "boom"]),
)
calls = st.sampled_from([THIS_CALL, THIS_CALL, THIS_CALL, 1, 7, 30])
inputs = st.one_of(
    inputs,
    st.builds(ActionAnswered, calls, results),
    st.builds(ActionFailed, calls, st.just("timeout")),
)
Answers = list[ActionResult | None]


class Actor:
    """Answers every action from a list, over and over; the same list gives the same play. None:
    the action is called, and its answer comes between turns or never."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._next = 0

    def __call__(self, call: RunAction) -> ActionResult | None:
        answer = self._answers[self._next % len(self._answers)]
        self._next += 1
        return answer


def play(which: int, kind: ChatKind, told: list[Input], answers: Answers) -> list[dict[str, Any]]:
    library = Flows.of(SETS[which])
    state, actor, seen = State(chat_kind=kind), Actor(answers), []
    for event in [*told, ActionFailed(THIS_CALL, "timeout")]:
        state = run(state, about_now(event, state), library, actor).state
        assert_sound(state, library)
        seen.append(to_json(state))
        assert from_json(json.loads(json.dumps(seen[-1]))) == state
    return seen


def about_now(event: Input, state: State) -> Input:
    if isinstance(event, ActionAnswered | ActionFailed) and event.call == THIS_CALL:
        return replace(event, call=state.pending.call if state.pending else THIS_CALL)
    return event


def assert_sound(state: State, library: Flows) -> None:
    flow_set = library.flows_for(library.live)
    assert len(state.stack) <= 2 * len(flow_set.flows)
    assert_frames_fit(state, flow_set)
    for parked in state.parked:
        top = parked.frames[-1]
        assert isinstance(flow_set.flows[top.flow].steps[top.step], WaitStep)
    stashes = [parked.slots for parked in state.parked] + [frame.stash for frame in state.stack]
    for values in (state.slots, *stashes):
        for slot, value in values.items():
            assert is_allowed(flow_set.domain.slots[slot], value)
    if state.pending is not None:  # exactly its frame is on top, and its answer can go on
        assert state.stack[-1].id == state.pending.frame
    elif state.mode is Mode.BOT:
        assert_listens(state, library)


def assert_frames_fit(state: State, flow_set: FlowSet) -> None:
    acts = [frame for frame in state.stack if frame.kind is FrameKind.ACT]
    assert not acts or state.pending is not None or state.mode is Mode.HUMAN
    frames = [frame for frame in state.stack if frame not in acts]
    for below, frame in zip((None, *frames), frames, strict=False):
        flow = flow_set.flows[frame.flow]
        assert frame.step == END or frame.step in flow.steps
        assert set(frame.trail) <= set(flow.steps)
        if frame.kind is FrameKind.CALL:
            assert below is not None
            caller = flow_set.flows[below.flow].steps[below.step]
            assert isinstance(caller, Call)
            assert caller.flow == frame.flow


def assert_listens(state: State, library: Flows) -> None:
    """Nothing that was ready is left behind, and what is asked can be answered."""
    flow_set = library.flows_for(library.live)
    assert all(parked.ready is None for parked in state.parked)
    if state.stack:
        top = state.stack[-1]
        step = flow_set.flows[top.flow].steps[top.step]
        assert isinstance(step, Collect)
        assert state.slots.get(step.slot) is None
        if state.chat_kind is ChatKind.GROUP:
            assert not flow_set.domain.slots[step.slot].private
        assert open_question(state, library) is not None


@settings(
    max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    st.integers(0, 1),
    st.sampled_from(ChatKind),
    st.lists(inputs, min_size=1, max_size=14),
    st.lists(st.one_of(results, results, st.none()), min_size=1, max_size=4),
)
def test_no_conversation_crashes_or_dangles_and_a_replay_gives_the_same_states(
    which: int, kind: ChatKind, told: list[Input], answers: Answers
) -> None:
    first = play(which, kind, told, answers)
    assert play(which, kind, told, answers) == first
