"""Drives one turn to its end: runs the actions that the engine asks for, finds early events."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dialogs.engine.inputs import ActionResult, Failed, Happened, Input
from dialogs.engine.outcome import Effect, Event, Outcome, RunAction, Wait
from dialogs.engine.state import State
from dialogs.engine.step import step
from dialogs.engine.work import Flows

Run = Callable[[RunAction], ActionResult]
Early = Callable[[Wait], Happened | None]
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
    """What a turn needs from outside. `early` looks for an event that came before its wait did;
    `see` is shown each effect at its time, before the next action runs."""

    run_action: Run
    early: Early = lambda wait: None
    see: See = lambda effect: None


def run(
    state: State,
    event: Input,
    flows: Flows,
    run_action: Run,
    *,
    early: Early | None = None,
    see: See | None = None,
) -> Turned:
    """Take one input and go on until the conversation waits for the next."""
    outside = Outside(run_action, early or (lambda wait: None), see or (lambda effect: None))
    turned = _drive(state, event, flows, outside)
    if turned.failed is None:
        return turned
    apology = _drive(state, Failed(turned.failed), flows, outside)
    if apology.failed is not None:  # the pattern itself is broken: say nothing, change nothing
        return Turned(state, (Event("turn_failed", data={"reason": turned.failed}),), (), "broken")
    return replace(apology, failed=turned.failed)


def _drive(state: State, event: Input, flows: Flows, outside: Outside) -> Turned:
    events: list[Event] = []
    effects: list[Effect] = []
    outcome = Outcome(state)
    following: Input | None = event
    while following is not None:
        outcome = step(outcome.state, following, flows)
        if outcome.failed is not None:
            return Turned(state, (), (), outcome.failed)
        events += outcome.events
        following = _early_event(outcome, outside)
        effects += outcome.effects
        for effect in outcome.effects:
            outside.see(effect)
        if outcome.action is not None:
            following = outside.run_action(outcome.action)
    return Turned(outcome.state, tuple(events), tuple(effects))


def _early_event(outcome: Outcome, outside: Outside) -> Happened | None:
    """The payment may have been faster than the turn that waits for it."""
    if outcome.action is not None:
        return None
    for effect in outcome.effects:
        if isinstance(effect, Wait) and (found := outside.early(effect)):
            return replace(found, wait=effect.wait)
    return None
