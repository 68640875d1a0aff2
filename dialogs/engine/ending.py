"""Flows that cannot go on: their version must go, or nobody has gone on with them. Pure.

What is to be said of it waits for the person's next word: nobody is written to for this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialogs.engine.migrating import Group, groups_of
from dialogs.engine.outcome import Event, Unwait
from dialogs.engine.state import Frame, FrameKind, State
from dialogs.engine.work import PATTERN, Flows
from dialogs.format.flow import Flow, FlowSet
from dialogs.format.values import is_allowed

CODE_CHANGE = f"{PATTERN}code_change"


def restarted(
    state: State, lost: frozenset[str], flows: Flows
) -> tuple[State, tuple[Event, ...], tuple[Unwait, ...]]:
    """Every flow in a lost version begins again on the live one, or ends where that has none of
    its name. pattern_code_change stands on top, to be said first.

    What was parked there ends without a word: no question was open, and to begin a purchase again
    because its payment has come would be worse than silence.
    """
    live = flows.flows_for(flows.live)
    waits = tuple(one for one in state.parked if one.frames[0].version in lost)
    groups = groups_of(state.stack)
    hit = [group[0] for group in groups if group[0].version in lost]
    if state.pending is not None or not (waits or hit):
        return state, (), ()
    renewal = _Renewal(state, live, state.serial)
    stack = [
        frame for group in groups for frame in (renewal.of(group) if group[0] in hit else group)
    ]
    stack += renewal.apology(hit)
    for one in waits:
        renewal.note("flow_dropped", one.frames)
    going_on = [group for group in groups if group[0] not in hit]
    after = state._replace(
        stack=tuple(stack),
        slots=_without_ended(state, going_on, flows),
        parked=tuple(one for one in state.parked if one not in waits),
        serial=renewal.serial,
    )
    return after, tuple(renewal.events), tuple(Unwait(one.wait) for one in waits)


@dataclass(slots=True)
class _Renewal:
    """`again`: flows that begin anew."""

    state: State
    live: FlowSet
    serial: int
    events: list[Event] = field(default_factory=list)
    again: set[str] = field(default_factory=set)

    def of(self, group: Group) -> list[Frame]:
        """The same flow at its beginning, with what its guard asks for, or nothing."""
        root = group[0]
        flow = self.live.flows.get(root.flow) if root.is_root else None
        values = self._said_with(root, flow) if flow else {}
        context = {"chat": self.state.chat_kind}
        if flow is None or (flow.guard is not None and not flow.guard(values, context)):
            self.note("flow_dropped", group)
            return []
        self.note("flow_restarted", group)
        self.again.add(flow.id)
        return [self._frame(flow, root.kind, stash=values)]

    def apology(self, hit: list[Frame]) -> list[Frame]:
        flow = next((root.flow for root in reversed(hit) if root.is_root), None)
        pattern = self.live.flows.get(CODE_CHANGE)
        if flow is None or pattern is None:
            return []
        context = {"flow": flow, "again": flow in self.again}
        return [self._frame(pattern, FrameKind.PATTERN, context=context)]

    def note(self, name: str, group: Group) -> None:
        self.events += _notes(name, group, self.live)

    def _said_with(self, root: Frame, flow: Flow) -> dict[str, Any]:
        """As if "buy this one" were said again."""
        known = {**self.state.slots, **root.stash}
        slots = self.live.domain.slots
        wanted = flow.guard.slots if flow.guard else frozenset()
        return {
            slot: known[slot]
            for slot in sorted(wanted & known.keys() & slots.keys())
            if is_allowed(slots[slot], known[slot])
        }

    def _frame(self, flow: Flow, kind: FrameKind, **more: Any) -> Frame:
        self.serial += 1
        return Frame(self.serial, flow.id, flow.first, kind, self.live.sha, **more)


def lapsed(state: State, flows: Flows) -> tuple[State, tuple[Event, ...]]:
    """Whatever was under way ends, except what waits for an event: that has its own deadline."""
    if state.pending is not None:
        return state, ()
    live = flows.flows_for(flows.live)
    roots = [frame for frame in state.stack if frame.is_root]
    last = roots[-1].flow if roots else state.lapsed
    events = tuple(_notes("flow_expired", state.stack, live))
    slots = _without_ended(state, [], flows)
    return state._replace(stack=(), slots=slots, lapsed=last), events


def _without_ended(state: State, going_on: list[Group], flows: Flows) -> dict[str, object]:
    """The values that outlive their flow, and those of flows that go on."""
    live = flows.flows_for(flows.live)
    kept = {slot for flow in live.flows for slot in live.owned[flow] - live.reset[flow]}
    for group in going_on:
        owned = flows.flows_for(group[0].version).owned.get(group[0].flow, frozenset())
        kept |= owned - group[0].stash.keys()  # what is put away comes back with its flow
    return {slot: value for slot, value in state.slots.items() if slot in kept}


def _notes(name: str, frames: Sequence[Frame], live: FlowSet) -> Iterator[Event]:
    """Each run that had begun ends, the uppermost first. Of the live version: the log's reader
    looks a version up, and this one may be gone."""
    for frame in reversed(frames):
        if frame.trail:
            data = {"from": frame.version}
            yield Event(name, frame.flow, frame.step, live.sha, frame.id, data)
