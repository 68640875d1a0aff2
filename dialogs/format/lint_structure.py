"""How flows may use each other, which patterns exist, and how flows are named to people."""

from data.kernel.locales import Locale
from dialogs.format.documents import Document
from dialogs.format.flow import (
    PATTERN_PREFIX,
    Call,
    Collect,
    Flow,
    FlowSet,
    Link,
    Path,
    WaitStep,
    called,
)
from dialogs.format.lint_names import nearest
from dialogs.format.own_names import PATTERNS, REFUSED_PATTERNS

HANDOFF = "pattern_human_handoff"


def check_structure(document: Document, flow_set: FlowSet) -> None:
    for flow in flow_set.flows.values():
        _check_pattern_name(document, flow)
        _check_references(document, flow)
        _check_kept_slots(document, flow)
        _check_title(document, flow)
        _check_ids(document, flow)
    _check_calls(document, flow_set)


def _check_pattern_name(document: Document, flow: Flow) -> None:
    path: Path = ("flows", flow.id)
    if flow.id in REFUSED_PATTERNS:
        document.report(REFUSED_PATTERNS[flow.id], path, key=True, name=flow.id)
    elif flow.is_pattern and flow.id not in PATTERNS:
        wanted = nearest(flow.id, PATTERNS)
        document.report("unknown_pattern", path, key=True, name=flow.id, wanted=wanted)


def _check_references(document: Document, flow: Flow) -> None:
    """Patterns are the engine's to start; only a person may be asked for from a flow."""
    for step in flow.steps.values():
        if isinstance(step, Call | Link) and step.flow.startswith(PATTERN_PREFIX):
            kind = "link" if isinstance(step, Link) else "call"
            if kind == "call" or step.flow != HANDOFF:
                document.report("pattern_used", (*step.path, kind), name=step.flow)


def _check_kept_slots(document: Document, flow: Flow) -> None:
    for step in flow.steps.values():
        raw = document.value(step.path)
        kept = raw.get("collect") in flow.persisted
        if kept and raw.get("reset_after_flow_ends") is True:
            where = (*step.path, "reset_after_flow_ends")
            document.report("kept_and_reset", where, name=raw["collect"])


def _check_ids(document: Document, flow: Flow) -> None:
    """Where a conversation can stop, the step needs a name that stays: a made one has the step's
    number in it, so that a step put before it would lose those who wait there."""
    for step in flow.steps.values():
        if "id" in document.value(step.path) or document.has_gap((*step.path, "id")):
            continue
        if isinstance(step, Collect | WaitStep):
            name = step.slot if isinstance(step, Collect) else ", ".join(step.events)
            document.warn("wants_id", step.path, name=name)


def _check_title(document: Document, flow: Flow) -> None:
    """People are told the names of flows, each in their own language."""
    raw = document.data["flows"][flow.id]
    translated = raw.get("translation", {})
    missing = [locale.value for locale in Locale if locale.value not in translated]
    if flow.is_pattern or not (flow.triggers or "name" in raw or translated):
        return
    if any(document.has_gap(("flows", flow.id, key)) for key in ("name", "translation")):
        return
    if len(missing) > (1 if "name" in raw else 0):
        path: Path = ("flows", flow.id)
        document.report("title_languages", path, key=True, name=flow.id, wanted=", ".join(missing))


def _check_calls(document: Document, flow_set: FlowSet) -> None:
    for flow in flow_set.flows.values():
        for step in flow.steps.values():
            if isinstance(step, Call):
                within = {step.flow, *_called_below(flow_set, step.flow)}
                if flow.id in within:
                    document.report("calls_itself", (*step.path, "call"), name=step.flow)
                elif any(_links(flow_set, name) for name in within):
                    document.report("called_flow_links", (*step.path, "call"), name=step.flow)


def _called_below(flow_set: FlowSet, name: str) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        flow = flow_set.flows.get(todo.pop())
        new = called(flow) - found if flow else set()
        found |= new
        todo += new
    return found


def _links(flow_set: FlowSet, name: str) -> bool:
    flow = flow_set.flows.get(name)
    return flow is not None and any(isinstance(step, Link) for step in flow.steps.values())
