"""Makes the typed steps of one flow out of plain data, and flattens nested branches to ids."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from dialogs.format.documents import Document
from dialogs.format.flow import (
    END,
    ActionStep,
    Branch,
    Call,
    Collect,
    Link,
    Noop,
    Path,
    Rejection,
    SetSlots,
    Step,
    WaitStep,
)
from dialogs.format.predicate_tokens import PredicateError
from dialogs.format.predicates import Predicate, compile_predicate
from dialogs.format.problems import Problem

KINDS = ("collect", "action", "set_slots", "noop", "call", "link", "x-wait")
_RESERVED = (END, "START")
_UNITS = {"W": 604_800, "D": 86_400, "H": 3_600, "M": 60, "S": 1}
_NOTHING = Predicate("false")


def seconds_of(duration: str) -> int:
    """`PT30M` is 1800; the schema has already refused months and years."""
    return sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)([WDHMS])", duration))


def condition(document: Document, source: Any, path: Path) -> Predicate:
    """Compile a condition; a mistake is reported at its own column."""
    text = str(source).lower() if isinstance(source, bool) else source
    try:
        return compile_predicate(text)
    except PredicateError as error:
        values = {"name": text, "near": error.near, "wanted": error.wanted}
        problem = Problem(error.code, values=values)
        document.report_inside(problem, path, text, error.offset)
        return _NOTHING


class StepsOfFlow:
    """One flow's steps, in the order of the file."""

    def __init__(self, document: Document, flow: str, raw: Mapping[str, Any]) -> None:
        self._document = document
        self._actions = frozenset(document.data["actions"])
        self._is_whole = flow not in document.open_ways
        self._ids: dict[Path, str] = {}
        self._path: Path = ("flows", flow, "steps")
        self.steps: dict[str, Step] = {}
        self._name_all(raw["steps"], self._path)
        self._sequence(raw["steps"], self._path, after=END)

    def _name_all(self, sequence: list[dict[str, Any]], path: Path) -> None:
        for index, raw in enumerate(sequence):
            where = (*path, index)
            name = raw.get("id") or f"{len(self._ids)}_{_label(raw)}"
            if name in _RESERVED:
                self._document.report("reserved_id", (*where, "id"), name=name)
            if name in self._ids.values():
                self._document.report("duplicate_id", (*where, "id"), name=name)
            self._ids[where] = name
            for nested, inner in _nested(raw, where):
                self._name_all(nested, inner)

    def _sequence(self, sequence: list[dict[str, Any]], path: Path, after: str | None) -> None:
        for index, raw in enumerate(sequence):
            where = (*path, index)
            following = self._ids.get((*path, index + 1), after)
            is_last = following is None and "next" not in raw and "link" not in raw
            if is_last and self._is_whole:
                self._document.report("missing_next", where, name=self._ids[where])
            branches = self._next(raw.get("next"), where, following or END)
            step = self._step(raw, where, branches)
            self.steps.setdefault(step.id, step)
            for nested, inner in _nested(raw, where):
                self._sequence(nested, inner, after=None)

    def _next(self, raw: Any, where: Path, following: str) -> tuple[Branch, ...]:
        if raw is None:
            return (Branch(None, following),)
        if isinstance(raw, str):
            return (Branch(None, raw),)
        if not isinstance(raw, list):  # of a step that takes none: what it is was not looked at
            return (Branch(None, following),)
        path: Path = (*where, "next")
        if self._is_whole:  # else what is missing may be the branch that cannot be read
            self._check_else(raw, where)
        return tuple(self._branch(branch, (*path, i)) for i, branch in enumerate(raw))

    def _check_else(self, raw: list[dict[str, Any]], where: Path) -> None:
        path: Path = (*where, "next")
        elses = [index for index, branch in enumerate(raw) if "else" in branch]
        if not elses:
            self._document.report("missing_else", path, name=self._ids[where])
        elif elses != [len(raw) - 1]:
            self._document.report("else_not_last", (*path, elses[0]), name=self._ids[where])

    def _branch(self, raw: Mapping[str, Any], path: Path) -> Branch:
        key = "else" if "else" in raw else "then"
        target = raw[key]
        to = target if isinstance(target, str) else self._ids[(*path, key, 0)]
        if key == "else":
            return Branch(None, to)
        return Branch(condition(self._document, raw["if"], (*path, "if")), to)

    def _step(self, raw: dict[str, Any], path: Path, branches: tuple[Branch, ...]) -> Step:
        kind = next(kind for kind in KINDS if kind in raw)
        common = {"id": self._ids[path], "next": branches, "path": path}
        if kind == "link":
            common["next"] = (Branch(None, END),)
        return _MAKERS[kind](self, raw, common)

    def collect(self, raw: dict[str, Any], common: dict[str, Any]) -> Step:
        slot = raw["collect"]
        validate = f"validate_{slot}"
        return Collect(
            **common,
            slot=slot,
            ask=raw.get("utter") or self._ask(slot),
            validate=validate if validate in self._actions else None,
            ask_before_filling=raw.get("ask_before_filling", False),
            reset_after_flow_ends=raw.get("reset_after_flow_ends", True),
            force_slot_filling=raw.get("force_slot_filling", False),
            rejections=self._rejections(raw, common["path"]),
            if_skipped=raw.get("x-if-skipped"),
            description=raw.get("description", ""),
        )

    def _ask(self, slot: str) -> str:
        action = f"action_ask_{slot}"
        return action if action in self._actions else f"utter_ask_{slot}"

    def _rejections(self, raw: dict[str, Any], path: Path) -> tuple[Rejection, ...]:
        return tuple(
            Rejection(
                condition(self._document, one["if"], (*path, "rejections", index, "if")),
                one["utter"],
            )
            for index, one in enumerate(raw.get("rejections", ()))
        )

    def action(self, raw: dict[str, Any], common: dict[str, Any]) -> Step:
        return ActionStep(**common, name=raw["action"], reads=tuple(raw.get("x-reads", ())))

    def set_slots(self, raw: dict[str, Any], common: dict[str, Any]) -> Step:
        values = tuple(item for entry in raw["set_slots"] for item in entry.items())
        return SetSlots(**common, values=values)

    def noop(self, raw: dict[str, Any], common: dict[str, Any]) -> Step:
        return Noop(**common)

    def call(self, raw: dict[str, Any], common: dict[str, Any]) -> Step:
        return Call(**common, flow=raw["call"])

    def link(self, raw: dict[str, Any], common: dict[str, Any]) -> Step:
        return Link(**common, flow=raw["link"])

    def wait(self, raw: dict[str, Any], common: dict[str, Any]) -> Step:
        wait = raw["x-wait"]
        events = wait["event"]
        return WaitStep(
            **common,
            events=(events,) if isinstance(events, str) else tuple(events),
            key=wait.get("key"),
            timeout=seconds_of(wait["timeout"]),
            on_timeout=wait.get("on_timeout"),
            fields=tuple(wait.get("set_slots", {}).items()),
        )


_MAKERS: Mapping[str, Callable[[StepsOfFlow, dict[str, Any], dict[str, Any]], Step]] = {
    "collect": StepsOfFlow.collect,
    "action": StepsOfFlow.action,
    "set_slots": StepsOfFlow.set_slots,
    "noop": StepsOfFlow.noop,
    "call": StepsOfFlow.call,
    "link": StepsOfFlow.link,
    "x-wait": StepsOfFlow.wait,
}


def _nested(raw: Mapping[str, Any], where: Path) -> list[tuple[list[dict[str, Any]], Path]]:
    """The step lists that stand inside this step's branches."""
    branches = raw.get("next")
    if not isinstance(branches, list):
        return []
    found = []
    for index, branch in enumerate(branches):
        key = "else" if "else" in branch else "then"
        if isinstance(branch[key], list):
            found.append((branch[key], (*where, "next", index, key)))
    return found


def _label(raw: Mapping[str, Any]) -> str:
    kind = next(kind for kind in KINDS if kind in raw)
    value = raw[kind]
    return f"{kind}_{value}" if isinstance(value, str) else kind.replace("-", "_")
