"""What waits in one conversation goes on in another of the same person. Pure.

The giver's log says that it left, the taker's holds all that came: a replay of either gives where
it stands.
"""

from dataclasses import replace

from dialogs.engine.inputs import GivenAway, Happened, TakenOver
from dialogs.engine.outcome import Event, Unwait, Wait
from dialogs.engine.snapshot import parked_from_json
from dialogs.engine.state import Parked, State
from dialogs.engine.work import Flows, Work
from dialogs.format.flow import WaitStep


def given_away(
    state: State, change: GivenAway, flows: Flows
) -> tuple[State, tuple[Event, ...], tuple[Unwait, ...]]:
    gone = [one for one in state.parked if one.wait == change.wait]
    left = tuple(one for one in state.parked if one.wait != change.wait)
    events = tuple(
        Event("flow_left", frame.flow, frame.step, flows.live, frame.id, {"from": frame.version})
        for one in gone
        for frame in reversed(one.frames)
    )
    return state._replace(parked=left), events, tuple(Unwait(one.wait) for one in gone)


def take_over(work: Work, event: TakenOver) -> Happened:
    """It waits here, under numbers of this conversation; gives what woke it, for this wait. What
    is passed over after all leaves it waiting as long as the step says."""
    there = parked_from_json(event.group)
    wait = work.number()
    frames = tuple(frame._replace(id=work.number()) for frame in there.frames)
    here = replace(there, wait=wait, frames=frames, ready=None)
    work.parked.append(here)
    work.note_each("wait_started", here.frames, events=list(here.events), wait=wait)
    _listen(work, here, event.told.number)
    if there.ready is None:
        return replace(event.told, wait=wait)
    name, payload = there.ready
    return Happened(name, payload=payload, wait=wait)


def _listen(work: Work, here: Parked, told: int) -> None:
    """`told` has come with it, and is not found once more."""
    step = work.step(here.frames[-1])
    assert isinstance(step, WaitStep)  # noqa: S101  # a frame is parked at nothing else
    root = here.frames[0]
    effect = Wait(here.wait, here.events, here.key, step.timeout, root.id, max(root.heard, told))
    work.effects.append(effect)
