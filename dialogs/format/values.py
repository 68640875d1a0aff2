"""Which values a slot may hold. The engine lets nothing else in, whoever proposes it."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from dialogs.format.domain import Slot, SlotType

MAX_TEXT = 10_000  # the longest message we read
MAX_ITEMS = 200
_MAX_DEPTH = 6


def is_allowed(slot: Slot, value: Any) -> bool:
    """None is always allowed: the slot is empty."""
    return value is None or _CHECKS[slot.type](slot, value)


def _is_text(slot: Slot, value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _is_number(slot: Slot, value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _is_list(slot: Slot, value: Any) -> bool:
    return isinstance(value, list) and _is_json(value)


def _is_json(value: Any) -> bool:
    """Level by level: a list of ideas is looked at in every turn that shows some."""
    level, depth = [value], 0
    while level and depth <= _MAX_DEPTH:
        if not all(map(_is_plain_or_small, level)):
            return False
        inside = [
            each.values() if isinstance(each, dict) else each
            for each in level
            if isinstance(each, dict | list)
        ]
        level = [item for each in inside for item in each]
        depth += 1
    return not level


def _is_plain_or_small(value: Any) -> bool:
    """Whether it may stand in JSON, whatever it holds."""
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    if isinstance(value, list):
        return len(value) <= MAX_ITEMS
    if isinstance(value, dict):
        return len(value) <= MAX_ITEMS and all(isinstance(key, str) for key in value)
    return value is None or isinstance(value, int) or _is_finite(value)


def _is_finite(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)


_CHECKS: Mapping[SlotType, Callable[[Slot, Any], bool]] = {
    SlotType.TEXT: _is_text,
    SlotType.BOOL: lambda slot, value: isinstance(value, bool),
    SlotType.FLOAT: _is_number,
    SlotType.CATEGORICAL: lambda slot, value: isinstance(value, str) and value in slot.values,
    SlotType.LIST: _is_list,
    SlotType.ANY: lambda slot, value: _is_json(value),
}
