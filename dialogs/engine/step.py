"""One step of a conversation: (state, input) gives a new state, events, effects. Pure.

Where an action must be run the outcome names it, and the next input is its result; `run` in
running.py goes on until the turn is over. An action that runs between turns leaves the state
`pending`: what comes meanwhile moves nothing on the stack (calling.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dialogs.engine.calling import NEED_THE_FLOOR, drop_all, fail, is_answered, note_held
from dialogs.engine.carrying_out import carry_out
from dialogs.engine.cleaning import Plan, clean
from dialogs.engine.commands import Command, StartFlow
from dialogs.engine.frames import end_act, finish, go_on
from dialogs.engine.handing_on import take_over
from dialogs.engine.inputs import (
    ActionAnswered,
    ActionFailed,
    ActionResult,
    Failed,
    HandBack,
    HandOver,
    Happened,
    Heard,
    Input,
    StartPattern,
    TakenOver,
)
from dialogs.engine.outcome import Handoff, Outcome
from dialogs.engine.state import Asking, Frame, FrameKind, Mode, Pending, State
from dialogs.engine.waiting import give_up, happen, ready, that_wait_for, wake_ready
from dialogs.engine.walking import advance, collect
from dialogs.engine.work import PATTERN, Flows, Runaway, Work
from dialogs.format.flow import END, Collect

SESSION_END = f"{PATTERN}session_end"
_GREETING = "utter_greet"


def step(state: State, event: Input, flows: Flows) -> Outcome:
    """Take one input. `failed` in the outcome means that nothing of the turn holds."""
    result = event.result if isinstance(event, ActionAnswered) else event
    if isinstance(result, ActionResult) and result.failed:
        return Outcome(state, failed=result.failed)
    work = Work(state, flows, state.pending.spent if state.pending else 0)
    work.pending = state.pending
    try:
        if state.pending is not None and isinstance(event, NEED_THE_FLOOR):
            note_held(work, event)
        else:
            _TAKE[type(event)](work, event, state)
        advance(work)
    except Runaway:
        return Outcome(state, failed="too_many_steps")
    return work.outcome()


def _heard(work: Work, event: Heard, state: State) -> None:
    if work.mode is Mode.HUMAN:
        work.note("muted")
        work.listening = True
        return
    sayings = _lift(work, lambda frame: frame.kind is FrameKind.PATTERN and not frame.trail)
    work.leads_from = event.version
    plan = clean(work, event.commands)
    if sayings:  # an answer to a question that is no more is not told that nobody understood it
        plan.cannot = None
    if work.lapsed:
        _recall(work, plan)
    carry_out(work, plan)
    work.leads_from = None
    work.stack += sayings


def _recall(work: Work, plan: Plan) -> None:
    """Whoever comes back to nothing in particular hears what was put aside meanwhile; whoever
    wants something is not bothered with it."""
    flow, work.lapsed = work.lapsed, ""
    wants = plan.starts or plan.acts or plan.handoff or plan.cancel or plan.restart
    live = work.flow_set().flows
    if work.stack or wants or not {flow, SESSION_END} <= live.keys():
        return
    plan.cannot = None
    guard = live[flow].guard
    again = guard is None or guard(work.slots, {"chat": work.chat_kind})
    if again:  # it greets as well, and one message with buttons is enough
        plan.chats = [response for response in plan.chats if response != _GREETING]
    work.push_pattern(SESSION_END.removeprefix(PATTERN), {"flow": flow, "again": again})


def _action_result(work: Work, event: ActionResult, state: State) -> None:
    pending = state.pending
    if pending is None:
        raise ValueError("no_action_pending")
    work.pending = None
    work.effects += event.effects
    if pending.why is Asking.ACT:
        end_act(work, goes_on=bool(event.commands))
    else:
        for slot, value in event.slots.items():
            if value is not None or work.slots.get(slot) is not None:  # empty stays empty
                work.set_slot(slot, value)
        _go_on_after(work, pending)
    if event.commands:
        _go_on_with(work, event.commands)


def _action_answered(work: Work, event: ActionAnswered, state: State) -> None:
    if not is_answered(work, event.call):
        return
    result = event.result
    if work.mode is Mode.HUMAN:  # a person speaks now: what it would say comes too late
        result = replace(result, effects=(), commands=())
    _action_result(work, result, state)
    _go_on_between(work)


def _action_failed(work: Work, event: ActionFailed, state: State) -> None:
    if not is_answered(work, event.call):
        return
    fail(work, event)
    if event.hopeless:
        work.listening = True
    else:
        _go_on_between(work)


def _go_on_between(work: Work) -> None:
    """The events that came meanwhile are next; where a person has the chat, all of it waits."""
    if work.mode is Mode.HUMAN:
        work.listening = True
    else:
        wake_ready(work)


def _go_on_with(work: Work, commands: tuple[Command, ...]) -> None:
    """Flows that an action asks for come after the presses and sayings that still stand on top;
    presses that it asks for come first, for they never listen."""
    waiting = _lift(work, lambda frame: not frame.is_root and not frame.trail)
    if any(isinstance(command, StartFlow) for command in commands):
        _end_what_is_over(work)
    carry_out(work, clean(work, commands))
    acts = _lift(work, lambda frame: frame.kind is FrameKind.ACT)
    work.stack += [*waiting, *acts]


def _end_what_is_over(work: Work) -> None:
    """The flow that asked for another one has ended: under it, it would be taken for running."""
    while work.stack and work.stack[-1].is_root and work.stack[-1].step == END:
        finish(work)


def _lift(work: Work, wanted: Callable[[Frame], bool]) -> list[Frame]:
    at = len(work.stack)
    while at > 0 and wanted(work.stack[at - 1]):
        at -= 1
    lifted = work.stack[at:]
    del work.stack[at:]
    return lifted


def _go_on_after(work: Work, pending: Pending) -> None:
    current = work.step(work.stack[-1])
    if pending.why is Asking.STEP:
        go_on(work, current)
    elif isinstance(current, Collect):
        if pending.why is Asking.VALIDATION:
            collect(work, current, validated=True)
        else:
            work.listening = work.slots.get(current.slot) is None


def _happened(work: Work, event: Happened, state: State) -> None:
    before = len(work.stack)
    happen(work, event)
    work.listening = len(work.stack) == before  # nobody woke: nothing is asked again


def _taken_over(work: Work, event: TakenOver, state: State) -> None:
    _happened(work, take_over(work, event), state)


def _hand_over(work: Work, event: HandOver, state: State) -> None:
    if work.mode is not Mode.HUMAN:
        work.effects.append(Handoff())
        work.hand_over()
    work.listening = True


def _hand_back(work: Work, event: HandBack, state: State) -> None:
    if work.mode is Mode.BOT:
        work.listening = True
        return
    _take_back(work)
    if work.pending is None:
        wake_ready(work)


def _take_back(work: Work) -> None:
    work.mode = Mode.BOT
    work.note("handed_back")


def _start_pattern(work: Work, event: StartPattern, state: State) -> None:
    if work.mode is Mode.HUMAN or event.flow not in work.flow_set().flows:
        work.listening = True
        return
    work.push_pattern(event.flow.removeprefix(PATTERN), event.context)


def _failed(work: Work, event: Failed, state: State) -> None:
    work.note("turn_failed", reason=event.reason)
    if isinstance(event.taken, HandBack):
        _take_back(work)
        give_up(work, ready(work))
    elif event.taken is not None:
        give_up(work, that_wait_for(work, event.taken))
    if event.hopeless:
        drop_all(work)
        work.listening = True
    elif work.mode is Mode.HUMAN:
        work.listening = True
    else:
        work.push_pattern("internal_error", {"reason": event.reason})


_TAKE: Mapping[type, Callable[[Work, Any, State], None]] = {
    Heard: _heard,
    ActionResult: _action_result,
    ActionAnswered: _action_answered,
    ActionFailed: _action_failed,
    Happened: _happened,
    TakenOver: _taken_over,
    HandOver: _hand_over,
    HandBack: _hand_back,
    StartPattern: _start_pattern,
    Failed: _failed,
}
