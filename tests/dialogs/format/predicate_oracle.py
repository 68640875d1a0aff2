"""Conditions as trees, written out and judged by other means than the compiler's: plain Python over
the tree, by the page docs/flow-format.md. Nothing of dialogs.format is used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Slots = Mapping[str, Any]
KINDS = ((bool, "bool"), (int, "number"), (float, "number"), (str, "text"), (list, "list"))


@dataclass(frozen=True, slots=True)
class Slot:
    name: str

    def written(self) -> str:
        return f"slots.{self.name}"

    def value(self, slots: Slots) -> Any:
        return slots.get(self.name)


@dataclass(frozen=True, slots=True)
class Constant:
    """`text` as it stands in a condition, and what it is."""

    text: str
    of: Any

    def written(self) -> str:
        return self.text

    def value(self, _slots: Slots) -> Any:
        return self.of


Operand = Slot | Constant


@dataclass(frozen=True, slots=True)
class Compared:
    left: Operand
    operator: str
    right: Operand

    def written(self) -> str:
        return f"{self.left.written()} {self.operator} {self.right.written()}"

    def holds(self, slots: Slots) -> bool:
        return JUDGES[self.operator](self.left.value(slots), self.right.value(slots))


@dataclass(frozen=True, slots=True)
class IsEmpty:
    operand: Operand
    negated: bool

    def written(self) -> str:
        return f"{self.operand.written()} is {'not ' if self.negated else ''}empty"

    def holds(self, slots: Slots) -> bool:
        value = self.operand.value(slots)
        return (value is None or (isinstance(value, str | list) and not value)) != self.negated


@dataclass(frozen=True, slots=True)
class Alone:
    slot: Slot

    def written(self) -> str:
        return self.slot.written()

    def holds(self, slots: Slots) -> bool:
        return bool(self.slot.value(slots))


@dataclass(frozen=True, slots=True)
class Not:
    inner: "Condition"
    bare: bool  # without brackets, where the grammar needs none

    def written(self) -> str:
        bare = self.bare and not isinstance(self.inner, Joined)
        return f"not {self.inner.written()}" if bare else f"not ({self.inner.written()})"

    def holds(self, slots: Slots) -> bool:
        return not self.inner.holds(slots)


@dataclass(frozen=True, slots=True)
class Joined:
    """`and` binds more tightly than `or`; `spare`: brackets that change nothing."""

    word: str
    parts: "tuple[Condition, ...]"
    spare: bool

    def written(self) -> str:
        return f" {self.word} ".join(map(self._part, self.parts))

    def holds(self, slots: Slots) -> bool:
        found = [part.holds(slots) for part in self.parts]
        return False not in found if self.word == "and" else True in found

    def _part(self, part: "Condition") -> str:
        needed = self.word == "and" and isinstance(part, Joined) and part.word == "or"
        return f"({part.written()})" if needed or self.spare else part.written()


Condition = Compared | IsEmpty | Alone | Not | Joined


def parts_of(condition: Condition) -> list[Condition]:
    """It, and all that it is made of; what is compared, in every way there is."""
    match condition:
        case Compared(left, _, right):
            return [Compared(left, operator, right) for operator in JUDGES]
        case Not():
            return [condition, *parts_of(condition.inner)]
        case Joined():
            return [condition, *(part for one in condition.parts for part in parts_of(one))]
    return [condition]


def _same(left: Any, right: Any) -> bool:
    return _kind(left) == _kind(right) and left == right


def _kind(value: Any) -> str:
    return next((name for kind, name in KINDS if isinstance(value, kind)), "nothing")


def _less(left: Any, right: Any) -> bool:
    return _kind(left) == _kind(right) and _kind(left) in ("number", "text") and left < right


def _within(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.find(right) >= 0
    return isinstance(left, list) and sum(_same(item, right) for item in left) > 0


def _less_or_same(left: Any, right: Any) -> bool:
    return _kind(left) in ("number", "text") and (_less(left, right) or _same(left, right))


JUDGES: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": _same,
    "==": _same,
    "is": _same,
    "!=": lambda left, right: not _same(left, right),
    "is not": lambda left, right: not _same(left, right),
    "<": _less,
    "<=": _less_or_same,
    ">": lambda left, right: _less(right, left),
    ">=": lambda left, right: _less_or_same(right, left),
    "contains": _within,
}
