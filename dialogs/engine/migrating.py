"""Flows under way go on in another version, where somebody has said at which of its steps. Pure.

A root moves with the flows it has called, with its trail and with its values, or not at all: where
an open step is not named, the whole group stays in its version and ends there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data.kernel.ids import FlowSha
from dialogs.engine.outcome import Event
from dialogs.engine.state import Frame, FrameKind, Parked, State
from dialogs.format.flow import END, Collect, Flow, FlowSet, Step, WaitStep
from dialogs.format.values import is_allowed

Group = tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """From one version to another; `steps`: flow to old step to new step."""

    old: FlowSet
    new: FlowSet
    steps: Mapping[str, Mapping[str, str]]


def pinned(state: State) -> frozenset[FlowSha]:
    """The versions that its frames are of."""
    parked = (frame for one in state.parked for frame in one.frames)
    return frozenset(frame.version for frame in (*state.stack, *parked))


def groups_of(stack: Sequence[Frame]) -> list[Group]:
    """Each root or pattern with what it called, the lowest first."""
    groups: list[list[Frame]] = []
    for frame in stack:
        if frame.kind is FrameKind.CALL and groups:
            groups[-1].append(frame)
        else:
            groups.append([frame])
    return [tuple(group) for group in groups]


def migrated(state: State, passage: Passage) -> tuple[State, tuple[Event, ...]]:
    """Everything that may go on in the new version does."""
    if state.pending is not None:  # an action is under way: its result belongs where it began
        return state, ()
    events: list[Event] = []
    slots = dict(state.slots)
    stack: list[Frame] = []
    above = groups_of(state.stack)
    while above:
        group = above.pop(0)
        moved = _moved(group, passage)
        if moved is not None:
            events += _notes(group, moved, passage)
            moved = _fit_stash(moved, passage)
            elsewhere = group[0].stash.keys() | _owned_by(above, passage)
            _fit(slots, passage, group[0].flow, elsewhere)
        stack += moved or group
    if events:
        slots = {**dict(passage.new.initial_values), **slots}
    parked = tuple(_parked(one, passage, events) for one in state.parked)
    return state._replace(stack=tuple(stack), slots=slots, parked=parked), tuple(events)


def _parked(parked: Parked, passage: Passage, events: list[Event]) -> Parked:
    moved = _moved(parked.frames, passage)
    if moved is None:
        return parked
    events += _notes(parked.frames, moved, passage)
    slots = dict(parked.slots)
    _fit(slots, passage, moved[0].flow, frozenset())
    return replace(parked, frames=moved, slots=slots)


def _moved(group: Group, passage: Passage) -> Group | None:
    moved = [_frame(frame, passage) for frame in group]
    return tuple(frame for frame in moved if frame) if all(moved) else None


def _frame(frame: Frame, passage: Passage) -> Frame | None:
    """None: it stands where nobody said how to go on."""
    steps = passage.steps.get(frame.flow)
    new = passage.new.flows.get(frame.flow)
    if frame.version != passage.old.sha or steps is None or new is None:
        return None
    if not frame.trail:  # it has not begun
        return frame._replace(step=new.first, version=passage.new.sha)
    target = frame.step if frame.step == END else steps.get(frame.step)
    if target is None:
        return None
    old = passage.old.flows[frame.flow]
    before = _leading_to(new, target)
    ways = [(at, name) for at, name in _trail(frame, old, new, steps) if name in before]
    trail = tuple(dict.fromkeys(name for _, name in ways))
    barrier = len({name for at, name in ways if at < frame.barrier})
    return frame._replace(step=target, version=passage.new.sha, trail=trail, barrier=barrier)


def _trail(
    frame: Frame, old: Flow, new: Flow, steps: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Where each visited step is now; one that is no more cannot be gone back to."""
    for at, name in enumerate(frame.trail):
        if name in steps:
            yield at, steps[name]
        elif _is_same(old.steps[name], new.steps.get(name)):
            yield at, name


def _leading_to(flow: Flow, target: str) -> set[str]:
    """The steps from which one comes to it: going back to any other would pass it by."""
    found = {target}
    while True:
        more = {step.id for step in flow.steps.values() if _targets(step) & found} - found
        if not more:
            return found
        found |= more


def _targets(step: Step) -> set[str]:
    late = {step.on_timeout} if isinstance(step, WaitStep) and step.on_timeout else set()
    return {branch.target for branch in step.next} | late


def _is_same(old: Step, new: Step | None) -> bool:
    if isinstance(old, Collect) and isinstance(new, Collect):
        return old.slot == new.slot
    return type(old) is type(new)


def _owned_by(groups: Sequence[Group], passage: Passage) -> frozenset[str]:
    """What groups further up use: their values are in the slots, those below are put away."""
    found: frozenset[str] = frozenset()
    for group in groups:
        for flow_set in (passage.old, passage.new):
            found |= flow_set.owned.get(group[0].flow, frozenset())
    return found


def _fit_stash(group: Group, passage: Passage) -> Group:
    stash = dict(group[0].stash)
    _fit(stash, passage, group[0].flow, frozenset())
    return (group[0]._replace(stash=stash), *group[1:])


def _fit(
    values: dict[str, Any], passage: Passage, flow: str, elsewhere: frozenset[str] | set[str]
) -> None:
    """What the flow uses no more, or allows no more, is forgotten."""
    dropped = passage.old.reset[flow] - passage.new.owned[flow]
    declared = passage.new.domain.slots
    for slot in (passage.old.owned[flow] | passage.new.owned[flow]) - elsewhere:
        value = values.get(slot)
        fits = slot in declared and (value is None or is_allowed(declared[slot], value))
        if slot in dropped or not fits:
            values.pop(slot, None)


def _notes(before: Group, after: Group, passage: Passage) -> Iterator[Event]:
    for old, new in zip(before, after, strict=True):
        data = {"from": passage.old.sha, "from_step": old.step}
        yield Event("flow_migrated", new.flow, new.step, new.version, new.id, data)
