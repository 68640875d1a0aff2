"""Values and comparisons must fit their slots: a budget is a number, and no text is one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dialogs.format.comparing import EMPTY, kind_of
from dialogs.format.documents import Document
from dialogs.format.domain import Slot, SlotType
from dialogs.format.flow import Path
from dialogs.format.predicates import Predicate
from dialogs.format.problems import Problem

_KIND_OF_SLOT = {
    SlotType.TEXT: "text",
    SlotType.CATEGORICAL: "text",
    SlotType.BOOL: "bool",
    SlotType.FLOAT: "number",
    SlotType.LIST: "list",
}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def misfit(document: Document, slot: Slot, value: Any, path: Path) -> None:
    """A value that the slot cannot hold."""
    if slot.type is SlotType.FLOAT and (number := _number_in(value)):
        document.report("number_as_text", path, name=str(value), slot=slot.name, wanted=number)
    elif slot.values:
        wanted = ", ".join(slot.values)
        document.report("wrong_value", path, name=str(value), slot=slot.name, wanted=wanted)
    else:
        kinds = (slot.type.value,)
        document.report("wrong_value", path, kinds=kinds, name=str(value), slot=slot.name)


def _number_in(value: Any) -> str:
    """The number in a text such as `199 元`, or nothing."""
    found = _NUMBER.findall(value.replace(",", "")) if isinstance(value, str) else []
    return found[0] if len(found) == 1 else ""


def check_comparisons(
    document: Document, slots: Mapping[str, Slot], predicate: Predicate, path: Path
) -> None:
    """What is compared with a value of another type is always the same: a warning."""
    for name, problem in _senseless(slots, predicate):
        document.report_inside(problem, path, predicate.source, predicate.offset_of(name))


def _senseless(slots: Mapping[str, Slot], predicate: Predicate) -> Iterator[tuple[str, Problem]]:
    """Each with the slot that it is about."""
    for name, constant in predicate.compared:
        if name in slots and not _can_meet(slots[name], constant):
            is_number = slots[name].type is SlotType.FLOAT and _number_in(constant)
            code = "number_as_text" if is_number else "never_true"
            values = {"slot": name, "name": str(constant), "wanted": is_number or ""}
            yield name, Problem(code, values=values, warning=True)
    for left, operator, right in predicate.pairs:
        if left in slots and right in slots and not _can_pair(slots[left], operator, slots[right]):
            types = {"near": slots[left].type.value, "wanted": slots[right].type.value}
            values = {"name": left, "other": right, **types}
            yield left, Problem("never_equal", values=values, warning=True)


def _can_meet(slot: Slot, constant: Any) -> bool:
    """Whether a comparison of this slot with this constant can ever be true."""
    if constant is EMPTY or constant is None or isinstance(constant, tuple):
        return True
    if slot.type is SlotType.CATEGORICAL:
        return constant in slot.values
    wanted = _KIND_OF_SLOT.get(slot.type)
    return wanted in (None, "list") or kind_of(constant) == wanted


def _can_pair(left: Slot, operator: str, right: Slot) -> bool:
    """Whether a comparison of these two slots can ever be true, both being filled."""
    one, other = _KIND_OF_SLOT.get(left.type), _KIND_OF_SLOT.get(right.type)
    if one is None or other is None:
        return True
    if operator == "contains":
        return one == "list" or one == other == "text"
    if left.values and right.values and operator in ("=", "==", "!="):
        return bool({*left.values} & {*right.values})
    return one == other and (operator in ("=", "==", "!=") or one in ("number", "text"))
