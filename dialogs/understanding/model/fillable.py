"""Which slots a language model may fill, and how: by a value of a closed list, or by pointing at
words of the person that our own readers read. No id, price, product or yes comes from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dialogs.format.domain import Slot, SlotMapping, SlotType
from dialogs.understanding.filling import FROM_ENTITY
from dialogs.understanding.lexicon import lexicon

WANTED = "wanted"
# What the person must have said themselves: an amount is never made up.
READ = frozenset({"money", "date", "age", "exclusion"})


def _relations() -> tuple[str, ...]:
    return tuple(lexicon().section("relations"))


def _occasions() -> tuple[str, ...]:
    return (*lexicon().section("occasions"), *lexicon().section("festivals"))


def _interests() -> tuple[str, ...]:
    return tuple(lexicon().section("interests"))


_LISTS: Mapping[str, Callable[[], tuple[str, ...]]] = {
    "relation": _relations,
    "occasion": _occasions,
    "interest": _interests,
}


@dataclass(frozen=True, slots=True)
class Fillable:
    """`values` to choose from, or none: then the words are read as `kind`. `append`: one more."""

    slot: Slot
    kind: str
    values: tuple[str, ...] = ()
    append: bool = False


def fillable(slot: Slot) -> Fillable | None:
    """None for a slot that only the person, a button or an action may fill."""
    if slot.private or slot.type is SlotType.BOOL:
        return None
    if slot.type is SlotType.CATEGORICAL and slot.values:
        return Fillable(slot, "choice", slot.values)
    found = (_by_mapping(slot, mapping) for mapping in slot.mappings)
    return next((one for one in found if one is not None), None)


def _by_mapping(slot: Slot, mapping: SlotMapping) -> Fillable | None:
    kind = mapping.entity
    if mapping.type != FROM_ENTITY or kind is None:
        return None
    if mapping.only_when_asked or mapping.value is not None:
        return None
    if kind in _LISTS:
        return Fillable(slot, kind, _LISTS[kind](), mapping.append)
    return Fillable(slot, kind, (), mapping.append) if kind in READ or kind == WANTED else None
