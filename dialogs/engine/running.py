"""Drives one turn to its end: runs the actions that the engine asks for.

Each input it gives to the engine is the first of the events that came of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dialogs.engine.inputs import (
    ActionAnswered,
    ActionFailed,
    ActionResult,
    Failed,
    HandBack,
    Happened,
    Input,
)
from dialogs.engine.outcome import Effect, Event, Outcome, RunAction
from dialogs.engine.recording import Recorded
from dialogs.engine.state import State
from dialogs.engine.step import step
from dialogs.engine.work import Flows

# None: it runs elsewhere, and its answer will be an input of its own.
Run = Callable[[RunAction], ActionResult | None]
See = Callable[[Effect], None]


@dataclass(frozen=True, slots=True)
class Turned:
    """A whole turn. `failed`: the state is the one before it, plus an apology; whatever the
    actions did in it must be undone."""

    state: State
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """What a turn needs from outside. `see` is shown each effect at its time, before the next
    action runs."""

    run_action: Run
    see: See = lambda effect: None


def run(
    state: State,
    event: Input,
    flows: Flows,
    run_action: Run,
    *,
    see: See | None = None,
) -> Turned:
    """Take one input and go on until the conversation waits for the next."""
    outside = Outside(run_action, see or (lambda effect: None))
    turned = _drive(state, event, flows, outside)
    if turned.failed is None:
        return turned
    apology = _drive(state, _sorry(event, turned.failed), flows, outside)
    if apology.failed is not None:  # the pattern itself is broken: say nothing, change nothing
        return Turned(state, (Event("turn_failed", data={"reason": turned.failed}),), (), "broken")
    return replace(apology, failed=turned.failed)


def _sorry(event: Input, reason: str) -> Input:
    """An answer that breaks the turn is no answer; else its frame would wait for ever. So would
    a flow whose event has come and broken it."""
    if isinstance(event, ActionAnswered | ActionFailed):
        return ActionFailed(event.call, reason, hopeless=isinstance(event, ActionFailed))
    return Failed(reason, event if isinstance(event, Happened | HandBack) else None)


def _drive(state: State, event: Input, flows: Flows, outside: Outside) -> Turned:
    events: list[Event] = []
    effects: list[Effect] = []
    outcome = Outcome(state)
    following: Input | None = event
    while following is not None:
        record = Recorded(following, flows.live, outcome.state.chat_kind)
        outcome = step(outcome.state, following, flows)
        if outcome.failed is not None:
            return Turned(state, (), (), outcome.failed)
        events.append(record.as_event())
        events += outcome.events
        effects += outcome.effects
        for effect in outcome.effects:
            outside.see(effect)
        following = None if outcome.action is None else outside.run_action(outcome.action)
    return Turned(outcome.state, tuple(events), tuple(effects))
