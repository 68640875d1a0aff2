"""Every name that a flow uses must exist: slots, responses, actions, flows, intents, steps."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from dialogs.format.documents import Document
from dialogs.format.flow import (
    ActionStep,
    Call,
    Collect,
    Flow,
    FlowSet,
    Link,
    Path,
    SetSlots,
    Step,
    WaitStep,
)
from dialogs.format.lint_values import check_comparisons, misfit
from dialogs.format.own_names import OWN_ACTION_NAMES, RESPONSES_OF_OWN_ACTIONS
from dialogs.format.predicates import Predicate
from dialogs.format.problems import NOTHING, Problem
from dialogs.format.values import is_allowed
from dialogs.format.wait_events import WAIT_EVENTS

_MOST_NAMES = 8  # in a hint; more is a wall


def nearest(name: str, known: Iterable[str]) -> str:
    """The name that was probably meant, else some of those there are."""
    names = sorted(known)
    return ", ".join(get_close_matches(name, names, 1) or names[:_MOST_NAMES]) or NOTHING


def check_names(document: Document, flow_set: FlowSet) -> None:
    check = _Names(document, flow_set)
    for flow in flow_set.flows.values():
        check.flow(flow)
    check.triggers()


def check_actions(document: Document, runnable: Collection[str]) -> None:
    """An action that is declared and that nobody wrote would fail in the middle of a talk."""
    known = {*runnable, *OWN_ACTION_NAMES}
    for name in document.data["actions"]:
        if name not in known and name not in document.data["responses"]:
            wanted = nearest(name, known)
            document.report("action_not_there", ("actions", name), name=name, wanted=wanted)


@dataclass(frozen=True, slots=True)
class _Names:
    document: Document
    flow_set: FlowSet

    def flow(self, flow: Flow) -> None:
        path: Path = ("flows", flow.id)
        for index, slot in enumerate(self._persisted(flow)):
            self._slot(slot, (*path, "persisted_slots", index))
        if flow.guard is not None:
            self._predicate(flow.guard, (*path, "if"))
        for step in flow.steps.values():
            self._step(step)
            for predicate, where in _predicates(step):
                self._predicate(predicate, where)

    def _persisted(self, flow: Flow) -> list[str]:
        raw: list[str] = self.document.data["flows"][flow.id].get("persisted_slots", [])
        return raw

    def _step(self, step: Step) -> None:
        match step:
            case Collect():
                self._collect(step)
            case ActionStep():
                self._action(step)
            case SetSlots():
                self._values(step)
            case Call() | Link():
                kind = "call" if isinstance(step, Call) else "link"
                self._known("flow", step.flow, self.document.data["flows"], (*step.path, kind))
            case WaitStep():
                self._wait(step)

    def _collect(self, step: Collect) -> None:
        self._slot(step.slot, (*step.path, "collect"))
        for index, rejection in enumerate(step.rejections):
            self._response(rejection.utter, (*step.path, "rejections", index, "utter"))
        if step.ask == f"utter_ask_{step.slot}":
            known = step.slot in self.document.data["slots"]  # of an unknown slot that is enough
            if known and not self.document.has_gap((*step.path, "utter")):
                self._response(step.ask, (*step.path, "collect"))
        elif step.ask.startswith("utter_"):
            self._response(step.ask, (*step.path, "utter"))
        self._value(step.slot, step.if_skipped, (*step.path, "x-if-skipped"))

    def _action(self, step: ActionStep) -> None:
        where = (*step.path, "action")
        if step.name.startswith("utter_"):
            self._response(step.name, where)
        elif step.name in OWN_ACTION_NAMES:
            for response in RESPONSES_OF_OWN_ACTIONS:
                self._response(response, where)
        else:
            self._known("action", step.name, self.document.data["actions"], where)
        for index, slot in enumerate(step.reads):
            self._slot(slot, (*step.path, "x-reads", index))

    def _values(self, step: SetSlots) -> None:
        raw = self.document.value(step.path)["set_slots"]
        for index, entry in enumerate(raw):
            for slot, value in entry.items():
                where = (*step.path, "set_slots", index, slot)
                self._slot(slot, where, key=True)
                self._value(slot, value, where)

    def _wait(self, step: WaitStep) -> None:
        path: Path = (*step.path, "x-wait")
        for event in step.events:
            self._known("event", event, WAIT_EVENTS, (*path, "event"))
        if step.key is not None:
            self._slot(step.key, (*path, "key"))
        for slot, _field in step.fields:
            self._slot(slot, (*path, "set_slots", slot), key=True)
        if step.timeout == 0:
            self.document.report("wait_without_time", (*path, "timeout"), name=step.id)

    def _known(self, kind: str, name: str, known: Iterable[str], path: Path) -> None:
        if name not in known:
            wanted = nearest(name, known)
            self.document.report(f"unknown_{kind}", path, name=name, wanted=wanted)

    def _slot(self, name: str, path: Path, *, key: bool = False) -> None:
        known = self.document.data["slots"]
        if name not in known:
            wanted = nearest(name, known)
            self.document.report("unknown_slot", path, key=key, name=name, wanted=wanted)

    def _response(self, name: str, path: Path) -> None:
        known = self.document.data["responses"]
        if name not in known and ("responses",) not in self.document.broken:
            wanted = nearest(name, known)
            self.document.report("unknown_response", path, name=name, wanted=wanted)

    def _value(self, name: str, value: Any, path: Path) -> None:
        slot = self.flow_set.domain.slots.get(name)
        if slot is not None and not is_allowed(slot, value):
            misfit(self.document, slot, value, path)

    def _predicate(self, predicate: Predicate, path: Path) -> None:
        known = self.document.data["slots"]
        for name in sorted(predicate.slots - known.keys()):
            values = {"name": name, "wanted": nearest(name, known)}
            problem = Problem("unknown_slot", values=values)
            at = predicate.offset_of(name)
            self.document.report_inside(problem, path, predicate.source, at)
        check_comparisons(self.document, self.flow_set.domain.slots, predicate, path)

    def triggers(self) -> None:
        first: dict[str, str] = {}
        for flow in self.flow_set.flows.values():
            for index, trigger in enumerate(flow.triggers):
                path: Path = ("flows", flow.id, "nlu_trigger", index, "intent")
                self._known("intent", trigger.intent, self.document.data["intents"], path)
                other = first.setdefault(trigger.intent, flow.id)
                if other != flow.id:
                    self.document.report(
                        "intent_twice", path, name=trigger.intent, flow=flow.id, other=other
                    )


def _predicates(step: Step) -> Iterator[tuple[Predicate, Path]]:
    for index, branch in enumerate(step.next):
        if branch.condition is not None:
            yield branch.condition, (*step.path, "next", index, "if")
    if isinstance(step, Collect):
        for index, rejection in enumerate(step.rejections):
            yield rejection.condition, (*step.path, "rejections", index, "if")
