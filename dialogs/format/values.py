"""Which values a slot may hold. The engine lets nothing else in, whoever proposes it."""

import math
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

from dialogs.format.domain import Slot, SlotType

MAX_TEXT = 10_000  # the longest message we read
MAX_ITEMS = 200
_MAX_DEPTH = 6
_LARGEST = sys.float_info.max  # an integer beyond it is none that `float` could hold


def is_allowed(slot: Slot, value: Any) -> bool:
    """None is always allowed: the slot is empty."""
    return value is None or _CHECKS[slot.type](slot, value)


def _is_text(slot: Slot, value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _is_number(slot: Slot, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_LARGEST <= value <= _LARGEST  # NaN is in no range


def _is_list(slot: Slot, value: Any) -> bool:
    return isinstance(value, list) and is_json(value)


def is_json(value: Any, deeper: int = _MAX_DEPTH) -> bool:
    """Whether it may stand in JSON and is no flood. Every value of every turn is looked at, so what
    is common is not called for."""
    if type(value) in _PLAIN:
        return True
    if isinstance(value, list):
        inside: Collection[Any] = value
    elif isinstance(value, dict) and {*map(type, value)} <= _TEXT:
        inside = value.values()
    else:
        return _is_scalar(value)
    if len(inside) > MAX_ITEMS or (inside and deeper == 0):
        return False
    for item in inside:
        if type(item) in _PLAIN or (type(item) is str and len(item) <= MAX_TEXT):
            continue
        if not is_json(item, deeper - 1):
            return False
    return True


def _is_scalar(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int)


_PLAIN = {int, bool, type(None)}
_TEXT = {str}


_CHECKS: Mapping[SlotType, Callable[[Slot, Any], bool]] = {
    SlotType.TEXT: _is_text,
    SlotType.BOOL: lambda slot, value: isinstance(value, bool),
    SlotType.FLOAT: _is_number,
    SlotType.CATEGORICAL: lambda slot, value: isinstance(value, str) and value in slot.values,
    SlotType.LIST: _is_list,
    SlotType.ANY: lambda slot, value: is_json(value),
}
