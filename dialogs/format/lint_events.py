"""A wait fits what it waits for: the keys it needs and no others, fields that are told."""

from collections.abc import Mapping

from dialogs.format.documents import Document
from dialogs.format.domain import Slot, SlotType
from dialogs.format.flow import FlowSet, Path, WaitStep
from dialogs.format.lint_names import nearest
from dialogs.format.wait_events import TIMEOUT, WAIT_EVENTS

# Which slots can hold what is told.
_HOLDS: Mapping[SlotType, tuple[SlotType, ...]] = {
    SlotType.TEXT: (SlotType.TEXT, SlotType.CATEGORICAL, SlotType.ANY),
    SlotType.FLOAT: (SlotType.FLOAT, SlotType.ANY),
}


def check_events(document: Document, flow_set: FlowSet) -> None:
    for flow in flow_set.flows.values():
        for step in flow.steps.values():
            if isinstance(step, WaitStep):
                _check(document, flow_set.domain.slots, step)


def _check(document: Document, slots: Mapping[str, Slot], step: WaitStep) -> None:
    path: Path = (*step.path, "x-wait")
    for event in step.events:
        if event in WAIT_EVENTS and not WAIT_EVENTS[event].is_sent:
            document.warn("event_not_sent", (*path, "event"), name=event)
    if TIMEOUT in step.events and len(step.events) > 1:
        document.report("timeout_among", (*path, "event"), name=step.id)
        return
    if any(event not in WAIT_EVENTS for event in step.events):
        return  # reported by name; what it needs and tells nobody knows
    _check_keys(document, step, path)
    for slot, told in step.fields:
        _check_field(document, slots.get(slot), told, step, (*path, "set_slots", slot))


def _check_keys(document: Document, step: WaitStep, path: Path) -> None:
    has = {"key": step.key, "on_timeout": step.on_timeout}
    needs = {
        "key": any(WAIT_EVENTS[event].needs_key for event in step.events),
        "on_timeout": TIMEOUT not in step.events,
    }
    for key, value in has.items():
        if needs[key] and value is None:
            if not document.has_gap((*path, key)):
                document.report("missing_key", path, name=key, inside="x-wait")
        elif value is not None and not needs[key]:
            other = ", ".join(step.events)
            document.report("wait_needs_no", (*path, key), name=key, other=other)


def _check_field(
    document: Document, slot: Slot | None, told: str, step: WaitStep, path: Path
) -> None:
    types = [fields[told] for event in step.events if told in (fields := _fields(event))]
    if not types:
        known = {name for event in step.events for name in _fields(event)}
        events = ", ".join(step.events)
        document.report("unknown_field", path, name=told, other=events, wanted=nearest(told, known))
    elif slot is not None and slot.type not in _HOLDS[types[0]]:
        kinds = (types[0].value,)
        document.report("wrong_field", path, kinds=kinds, name=told, slot=slot.name)


def _fields(event: str) -> Mapping[str, SlotType]:
    return WAIT_EVENTS[event].fields
