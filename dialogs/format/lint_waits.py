"""A wait must know what it waits for: its key slot is filled on every way that leads to it.

The slots that surely hold something are carried along all ways at once, and where ways meet only
what all of them filled counts. An action of the shop may fill anything, so it counts as filling;
a called flow is walked with what its caller filled.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dialogs.format.documents import Document
from dialogs.format.flow import (
    END,
    ActionStep,
    Call,
    Collect,
    Flow,
    FlowSet,
    Link,
    SetSlots,
    Step,
    WaitStep,
)
from dialogs.format.own_names import OWN_ACTION_NAMES

Names = frozenset[str]
_NONE: Names = frozenset()


def check_waits(document: Document, flow_set: FlowSet) -> None:
    if document.gaps or not any(isinstance(step, WaitStep) for step in _steps(flow_set)):
        return  # what was left out may have filled anything
    walk = _Walk(flow_set)
    entered = _entered(flow_set)
    for flow in flow_set.flows.values():
        if flow.triggers or flow.guard is not None or flow.id not in entered:
            guard = flow.guard.filled.held if flow.guard is not None else _NONE
            walk.start(flow.id, walk.initial | guard)
    for step in walk.unset.values():
        path = (*step.path, "x-wait", "key")
        document.report("wait_without_key", path, name=step.key or "", other=step.id)


def _steps(flow_set: FlowSet) -> Iterator[Step]:
    return (step for flow in flow_set.flows.values() for step in flow.steps.values())


def _entered(flow_set: FlowSet) -> set[str]:
    """Flows that others go to; without a trigger or guard of their own, nobody else starts them."""
    return {step.flow for step in _steps(flow_set) if isinstance(step, Call | Link)}


@dataclass(slots=True)
class _Walk:
    """`unset` are the waits that some way comes to without their key."""

    flow_set: FlowSet
    unset: dict[tuple[str | int, ...], WaitStep] = field(default_factory=dict)
    _seen: dict[tuple[str, Names], Names] = field(default_factory=dict)

    @property
    def initial(self) -> Names:
        return frozenset(name for name, _ in self.flow_set.initial_values)

    @property
    def _all(self) -> Names:
        return frozenset(self.flow_set.domain.slots)

    def start(self, name: str, filled: Names) -> Names:
        """Walk a flow with what is filled at its beginning; gives what is at its end."""
        flow = self.flow_set.flows.get(name)
        if flow is None:
            return filled
        if (name, filled) not in self._seen:
            self._seen[name, filled] = self._all  # a circle of calls adds nothing
            self._seen[name, filled] = self._flow(flow, filled)
        return self._seen[name, filled]

    def _flow(self, flow: Flow, filled: Names) -> Names:
        before: dict[str, Names] = {flow.first: filled}
        todo = [flow.first]
        while todo:
            step = flow.steps.get(todo.pop())
            if step is None:
                continue
            for target, after in self._ways(step, before[step.id]):
                known = before.get(target)
                both = after if known is None else known & after
                if both != known:
                    before[target] = both
                    todo.append(target)
        self._judge(flow, before)
        return before.get(END, self._all)

    def _judge(self, flow: Flow, before: dict[str, Names]) -> None:
        for name, filled in before.items():
            step = flow.steps.get(name)
            if isinstance(step, WaitStep) and step.key in self._all - filled:
                self.unset[step.path] = step
            if isinstance(step, Link):
                ended = filled - self.flow_set.reset[flow.id]
                self.start(step.flow, ended | self.initial)

    def _ways(self, step: Step, filled: Names) -> Iterator[tuple[str, Names]]:
        """Each target, and what is filled when it is come to."""
        after = self._after(step, filled)
        if isinstance(step, WaitStep) and step.on_timeout is not None:
            yield step.on_timeout, filled
        for branch in step.next:
            if branch.condition is None:
                yield branch.target, after
            else:
                yield branch.target, after | branch.condition.filled.held
                after |= branch.condition.filled.failed

    def _after(self, step: Step, filled: Names) -> Names:
        match step:
            case Collect():
                return filled | {step.slot}
            case SetSlots():
                emptied = {slot for slot, value in step.values if value is None}
                return filled - emptied | {s for s, value in step.values if value is not None}
            case WaitStep():
                return filled | {slot for slot, _ in step.fields}
            case Call():
                return self.start(step.flow, filled)
            case ActionStep() if not _is_our_own(step.name):
                return self._all
        return filled


def _is_our_own(name: str) -> bool:
    return name.startswith("utter_") or name in OWN_ACTION_NAMES
