"""How old the one is for whom something is looked for, and what is then never shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from data.recommendations import Age, Wish, forbidden_for_age, outgrown
from dialogs.understanding.outcome import Entity


def age_of(value: Any) -> Age | None:
    """`{min, max}` in years; an open end is the other one."""
    if not isinstance(value, Mapping):
        return None
    ends = [int(end) for end in (value.get("min"), value.get("max")) if end is not None]
    return Age(min(ends), max(ends)) if ends else None


def forbidden_in(values: Sequence[Entity]) -> tuple[str, ...]:
    """Tags of goods that are not for the child these words speak of; none where they speak of
    nobody that young. Whoever tells their own age may look for somebody younger."""
    wishes = [Wish(recipient=one.fields["value"]) for one in values if one.kind == "relation"]
    aged = [one for one in values if one.kind == "age"]
    wishes += [Wish(age=age_of(one.fields)) for one in aged]
    others = [Wish(age=age_of(one.fields)) for one in aged if not one.fields.get("speaker")]
    forbidden = (tag for wish in wishes for tag in forbidden_for_age(wish))
    too_small = (tag for wish in others if forbidden_for_age(wish) for tag in outgrown(wish))
    return tuple(dict.fromkeys((*forbidden, *too_small)))
