"""Checks a whole flow set for what no single file can show: names, ways, texts, structure.

Every mistake is reported at once, each at its place.
"""

from collections.abc import Collection
from typing import Any

from dialogs.format.documents import Document
from dialogs.format.domain import Slot, SlotMapping, SlotType
from dialogs.format.flow import FlowSet, Path
from dialogs.format.lint_events import check_events
from dialogs.format.lint_graph import check_graphs
from dialogs.format.lint_names import check_actions, check_names, nearest
from dialogs.format.lint_responses import check_responses
from dialogs.format.lint_structure import check_structure
from dialogs.format.lint_values import misfit
from dialogs.format.lint_waits import check_waits
from dialogs.format.placeholders import TEMPLATE
from dialogs.format.values import is_allowed


def lint(document: Document, flow_set: FlowSet, runnable: Collection[str] | None = None) -> None:
    """Report every mistake on the document. `runnable`: the actions that there are, if known."""
    check_templates(document, document.data, ())
    check_slots(document, flow_set)
    check_responses(document, flow_set)
    check_names(document, flow_set)
    if runnable is not None:
        check_actions(document, runnable)
    check_graphs(document, flow_set)
    check_structure(document, flow_set)
    check_events(document, flow_set)
    check_waits(document, flow_set)


def check_templates(document: Document, data: Any, path: Path) -> None:
    """No template engine ever runs a merchant's text, so `{{ }}` can only be a mistake (T28)."""
    if isinstance(data, str):
        if any(mark in data for mark in TEMPLATE):
            document.report("template", path, name=data[:40])
        return
    for key, value in _children(data):
        check_templates(document, value, (*path, key))
        if isinstance(key, str) and any(mark in key for mark in TEMPLATE):
            document.report("template", (*path, key), key=True, name=key[:40])


def _children(data: Any) -> list[tuple[str | int, Any]]:
    if isinstance(data, dict):
        return list(data.items())
    return list(enumerate(data)) if isinstance(data, list) else []


def check_slots(document: Document, flow_set: FlowSet) -> None:
    for slot in flow_set.domain.slots.values():
        path: Path = ("slots", slot.name)
        if (slot.type is SlotType.CATEGORICAL) != bool(slot.values):
            document.report("categorical_values", path, name=slot.name)
        elif not is_allowed(slot, slot.initial):
            misfit(document, slot, slot.initial, (*path, "initial_value"))
        for index, mapping in enumerate(slot.mappings):
            _check_mapping(document, slot, mapping, (*path, "mappings", index))


def _check_mapping(document: Document, slot: Slot, mapping: SlotMapping, path: Path) -> None:
    needs = {"from_entity": mapping.entity, "from_intent": mapping.intent}
    if mapping.type in needs and needs[mapping.type] is None:
        wanted = mapping.type.removeprefix("from_")
        document.report("missing_key", path, name=wanted, inside="mapping")
    if mapping.type == "from_intent" and mapping.value is None:
        document.report("missing_key", path, name="value", inside="mapping")
    for key, belongs in (("entity", "from_entity"), ("intent", "from_intent")):
        if getattr(mapping, key) is not None and mapping.type != belongs:
            document.report("unknown_key", (*path, key), key=True, name=key, wanted=belongs)
    if mapping.append and slot.type is not SlotType.LIST:
        document.report("append_needs_list", (*path, "x-append"), name=slot.name)
    elif mapping.value is not None and not mapping.append and not is_allowed(slot, mapping.value):
        misfit(document, slot, mapping.value, (*path, "value"))
    known = document.data["intents"]
    if mapping.intent is not None and mapping.intent not in known:
        wanted = nearest(mapping.intent, known)
        document.report("unknown_intent", (*path, "intent"), name=mapping.intent, wanted=wanted)
