"""Waiting for the outside: a group leaves the stack, and comes back with its event."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dialogs.engine.frames import (
    activate,
    enter,
    give_up_floor,
    go_on,
    interrupt,
    reset_slots_of,
)
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
    key = _key(work.slots.get(step.key) if step.key else None)
    work.note_each("wait_started", work.stack[root:], events=list(step.events), wait=wait)
    frames = tuple(work.stack[root:])
    waits = frames[0]
    work.effects.append(Wait(wait, step.events, key, step.timeout, waits.id, waits.heard))
    del work.stack[root:]
    kept = _take_values(work, waits)
    work.parked.append(Parked(wait, step.events, key, frames, kept))
    give_up_floor(work, waits, completed=False)


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
    for parked in that_wait_for(work, event):
        if work.mode is Mode.HUMAN or work.pending is not None:
            _make_ready(work, parked, event)
        else:
            wake(work, parked, event)
        return
    work.note("event_ignored", event=event.event)


def _is_for(event: Happened, parked: Parked) -> bool:
    is_settled = not _still_waits(parked) or (parked.ready is not None and event.event == TIMEOUT)
    if is_settled or 0 < event.number <= parked.frames[0].heard:
        return False
    if event.wait is not None:
        return parked.wait == event.wait and event.event in (TIMEOUT, *parked.events)
    return event.event in parked.events and event.key == parked.key != ""


def give_up(work: Work, waits: Iterable[Parked]) -> None:
    """What would wake them has come and broken the turn, and comes no more: they end."""
    for parked in tuple(waits):
        work.note_each("flow_cancelled", parked.frames)
        _forget(work, parked)


def that_wait_for(work: Work, event: Happened) -> list[Parked]:
    """One at most: no two waits have the same number, and the first of those with a name counts."""
    return [parked for parked in work.parked if _is_for(event, parked)][:1]


def ready(work: Work) -> list[Parked]:
    return [parked for parked in work.parked if parked.ready is not None]


def _still_waits(parked: Parked) -> bool:
    """Time that ran out meanwhile ends no wait before the flow goes on: what comes yet counts."""
    return parked.ready is None or parked.ready[0] == TIMEOUT


def _make_ready(work: Work, parked: Parked, event: Happened) -> None:
    """A person has the chat, or an action is under way: the flow goes on afterwards."""
    at = work.parked.index(parked)
    told = (event.event, dict(event.payload))
    root = _having_heard(parked.frames[0], event)
    work.parked[at] = replace(parked, ready=told, frames=(root, *parked.frames[1:]))
    if event.event != TIMEOUT:
        work.effects.append(Unwait(parked.wait))
    work.note("wait_ready", parked.frames[-1], event=event.event)


def _having_heard(root: Frame, event: Happened) -> Frame:
    return root._replace(heard=max(root.heard, event.number))


def wake_ready(work: Work) -> None:
    for parked in ready(work):
        assert parked.ready is not None  # noqa: S101  # just filtered; mypy needs it said
        wake(work, parked, Happened(parked.ready[0], payload=parked.ready[1]))


def _forget(work: Work, parked: Parked) -> None:
    work.parked.remove(parked)
    if _still_waits(parked):
        work.effects.append(Unwait(parked.wait))


def wake(work: Work, parked: Parked, event: Happened) -> None:
    """Back on top, with its own values; what came before the event can no longer be corrected."""
    _forget(work, parked)
    root, *children = parked.frames
    interrupt(work, root.flow)
    root = _having_heard(root, event)._replace(kind=FrameKind.REGULAR, stash=parked.slots)
    work.stack.append(root)
    work.stack += children
    activate(work)
    frame = work.stack[-1]
    step = work.step(frame)
    ended = "wait_timed_out" if event.event == TIMEOUT else "wait_ended"
    work.note_each(ended, parked.frames, event=event.event, wait=parked.wait)
    assert isinstance(step, WaitStep)  # noqa: S101  # a frame is parked at nothing else
    if event.event == TIMEOUT and step.on_timeout is not None:
        enter(work, step.on_timeout)
        return
    for index in range(len(work.stack) - len(parked.frames), len(work.stack)):
        work.change(index, barrier=len(work.stack[index].trail))
    for slot, field in step.fields:
        work.set_slot(slot, event.payload.get(field))
    go_on(work, step)
