"""Waiting for the outside: a group leaves the stack, and comes back with its event."""

from dataclasses import replace
from typing import Any

from dialogs.engine.frames import activate, enter, give_up_floor, go_on, reset_slots_of
from dialogs.engine.inputs import TIMEOUT, Happened
from dialogs.engine.outcome import Unwait, Wait
from dialogs.engine.state import Frame, FrameKind, Mode, Parked
from dialogs.engine.work import Work
from dialogs.format.flow import WaitStep


def park(work: Work, step: WaitStep) -> None:
    """The flow on top leaves the stack with the flows that called it."""
    top = len(work.stack) - 1
    root = work.root_of(top)
    wait = work.number()
    key = work.slots.get(step.key)
    work.note("wait_started", work.stack[top], events=list(step.events), wait=wait)
    work.effects.append(Wait(wait, step.events, _key(key), step.timeout))
    frames = tuple(work.stack[root:])
    del work.stack[root:]
    kept = _take_values(work, frames[0])
    work.parked.append(Parked(wait, step.events, _key(key), frames, kept))
    give_up_floor(work, frames[0], completed=False)


def _key(value: Any) -> str:
    return "" if value is None else str(value)


def _take_values(work: Work, root: Frame) -> dict[str, Any]:
    """The flow's values wait with it: the same flow may be started again meanwhile."""
    owned = work.flow_set(root).owned[root.flow]
    kept = {slot: work.slots[slot] for slot in sorted(owned) if slot in work.slots}
    reset_slots_of(work, root)
    return kept


def happen(work: Work, event: Happened) -> None:
    """Find who waits for this. Nobody is no mistake: a flow may have been cancelled."""
    for parked in work.parked:
        if _is_for(event, parked):
            if work.mode is Mode.HUMAN:
                _make_ready(work, parked, event)
            else:
                wake(work, parked, event)
            return
    work.note("event_ignored", event=event.event)


def _is_for(event: Happened, parked: Parked) -> bool:
    if parked.ready is not None:
        return False
    if event.wait is not None:
        return parked.wait == event.wait and event.event in (TIMEOUT, *parked.events)
    return event.event in parked.events and event.key == parked.key != ""


def _make_ready(work: Work, parked: Parked, event: Happened) -> None:
    """A person has the chat: the flow goes on when it is handed back."""
    at = work.parked.index(parked)
    work.parked[at] = replace(parked, ready=(event.event, dict(event.payload)))
    work.effects.append(Unwait(parked.wait))
    work.note("wait_ready", parked.frames[-1], event=event.event)


def wake_ready(work: Work) -> None:
    for parked in [parked for parked in work.parked if parked.ready is not None]:
        assert parked.ready is not None  # noqa: S101  # just filtered; mypy needs it said
        wake(work, parked, Happened(parked.ready[0], payload=parked.ready[1]))


def wake(work: Work, parked: Parked, event: Happened) -> None:
    """Back on top, with its own values; what came before the event can no longer be corrected."""
    work.parked.remove(parked)
    if parked.ready is None:
        work.effects.append(Unwait(parked.wait))
    root, *children = parked.frames
    work.stack.append(root._replace(kind=FrameKind.REGULAR, stash=parked.slots))
    work.stack += children
    activate(work)
    frame = work.stack[-1]
    step = work.step(frame)
    work.note("wait_ended", frame, event=event.event, wait=parked.wait)
    assert isinstance(step, WaitStep)  # noqa: S101  # a frame is parked at nothing else
    if event.event == TIMEOUT:
        enter(work, step.on_timeout)
        return
    for index in range(len(work.stack) - len(parked.frames), len(work.stack)):
        work.change(index, barrier=len(work.stack[index].trail))
    for slot, field in step.fields:
        work.set_slot(slot, event.payload.get(field))
    go_on(work, step)
