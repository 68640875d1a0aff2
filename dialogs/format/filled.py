"""Which slots must hold something once a condition has held, and once it has failed.

`slots.payment` holds: it is filled. `slots.payment is null` fails: it is filled as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dialogs.format.comparing import EMPTY

Names = frozenset[str]
_NONE: Names = frozenset()


@dataclass(frozen=True, slots=True)
class Filled:
    held: Names = _NONE
    failed: Names = _NONE

    def turned(self) -> "Filled":
        """What `not` makes of it."""
        return Filled(self.failed, self.held)


NOTHING = Filled()


def slots_of(*names: str | None) -> Names:
    return frozenset(name for name in names if name)


def either(parts: Sequence[Filled]) -> Filled:
    """One of them held, or all failed."""
    return Filled(_common([part.held for part in parts]), _all([part.failed for part in parts]))


def both(parts: Sequence[Filled]) -> Filled:
    """All held, or one of them failed."""
    return Filled(_all([part.held for part in parts]), _common([part.failed for part in parts]))


def filled_by(
    operator: str, left: str | None, right: str | None, constants: tuple[Any, ...]
) -> Filled:
    """What a comparison tells of the slots in it."""
    names = slots_of(left, right)
    if operator not in ("=", "==", "!="):
        return Filled(names)  # less, greater, contains: never true of what is missing
    if not constants:
        return NOTHING  # two slots may both be empty, and equal
    nothing = any(constant is None or constant is EMPTY for constant in constants)
    equal = Filled(failed=names) if nothing else Filled(held=names)
    return equal.turned() if operator == "!=" else equal


def _all(names: Sequence[Names]) -> Names:
    return _NONE.union(*names)


def _common(names: Sequence[Names]) -> Names:
    return names[0].intersection(*names[1:])
