"""Google's `age_group` as tags of ours: whom a thing is meant for, from which and to which year.

The years are Google's (https://support.google.com/merchants/answer/6324463), rounded so that only
those are left out for whom it is certainly not. A row whose own tags speak of age knows better.
"""

from collections.abc import Mapping

Tag = tuple[str, str]

_COLUMN = "age_group"
_OWN = frozenset({"age", "min_age", "max_age"})
_GROUPS: Mapping[str, tuple[Tag, ...]] = {
    "newborn": (("age", "baby"), ("max_age", "0")),
    "infant": (("age", "baby"), ("max_age", "1")),
    "toddler": (("age", "baby"), ("age", "child"), ("min_age", "1"), ("max_age", "5")),
    "kids": (("age", "child"), ("age", "teen"), ("min_age", "5"), ("max_age", "13")),
    "adult": (("age", "teen"), ("age", "adult"), ("age", "senior")),
}


def age_tags(cells: Mapping[str, str], tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
    """What to add to the row's own tags; nothing for a word that Google does not know."""
    if any(kind in _OWN for kind, _ in tags):
        return ()
    return _GROUPS.get(cells.get(_COLUMN, "").strip().lower(), ())
