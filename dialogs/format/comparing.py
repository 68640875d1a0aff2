"""What the operators of conditions do: strict about kinds, silent about mistakes."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import re2

from dialogs.format.predicate_tokens import PredicateError

MAX_PATTERN = 200
MAX_MATCHED = 65_536  # longer than any message we take (T26)
_PATTERN_MEMORY = 1 << 20  # bytes RE2 may use for one pattern
EMPTY = object()  # `is empty`: null, "", an empty list


def kind_of(value: Any) -> str:
    """The family inside which values may be compared; true is not 1."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list | tuple) else "object"


def equal(left: Any, right: Any) -> bool:
    if left is EMPTY or right is EMPTY:
        other = right if left is EMPTY else left
        return other is EMPTY or other is None or other in ("", [], (), {})
    if kind_of(left) != kind_of(right):
        return False
    if isinstance(left, list | tuple):
        return list(left) == list(right)
    return bool(left == right)


def contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    if isinstance(left, list | tuple):
        return any(equal(item, right) for item in left)
    return False


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def within_one_kind(left: Any, right: Any) -> bool:
        kind = kind_of(left)
        return kind in ("number", "text") and kind == kind_of(right) and compare(left, right)

    return within_one_kind


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": equal,
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "contains": contains,
}


def pattern_of(text: str, offset: int) -> Any:
    """A merchant's pattern, run by RE2: linear time whatever it says (T26)."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PATTERN_MEMORY
    if len(text) > MAX_PATTERN:
        raise PredicateError("predicate_pattern", offset, text[:20])
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise PredicateError("predicate_pattern", offset, text) from error


def matches(value: Any, pattern: Any) -> bool:
    if not isinstance(value, str) or len(value) > MAX_MATCHED:
        return False
    return pattern.search(value) is not None
