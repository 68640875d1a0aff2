"""What is said for an idea: two things that are true of it, and not the same two on every card."""

from collections import Counter
from collections.abc import Sequence

from data.recommendations.scoring import Occasion, Scored
from data.recommendations.wishes import Reason

_EACH = 2
# A reason that stands on another card already gives way to one this many places less weighty.
_WORN = 2
_MOST_TOPICS = 2


def reasons_of(
    chosen: Sequence[tuple[Scored, int]], occasion: Occasion
) -> list[tuple[Reason, ...]]:
    """For each idea, with what of it is left, two of its true reasons: the weighty ones, as long
    as they are not worn out."""
    worn: Counter[str] = Counter()
    found = []
    for each, available in chosen:
        reasons = true_of(each, available, occasion)
        keys = [_key(reason) for reason in reasons]
        picked = _picked(reasons, [worn[key] for key in keys])
        worn.update([keys[place] for place in picked])
        found.append(tuple([reasons[place] for place in picked]))
    return found


def true_of(scored: Scored, available: int, occasion: Occasion) -> list[Reason]:
    """All that may truthfully be said, what weighs most first; at least that we have it."""
    wish = occasion.wish
    found = [reason for _, reason in sorted(scored.terms, key=lambda term: -term[0]) if reason]
    if occasion.cheaper_than:
        found.insert(0, Reason("reason_cheaper", {"than": occasion.cheaper_than}))
    if len(found) > 1:  # beside nothing weightier it would sound like the point of the gift
        topics = sorted(scored.article.tags.interest - set(wish.interests))
        found += [Reason("reason_topic", {"interest": each}) for each in topics[:_MOST_TOPICS]]
    if wish.budget_max and scored.piece.price < wish.budget_max:
        found.append(Reason("reason_in_budget", {"max": wish.budget_max}))
    found.append(Reason("reason_in_stock", {"available": available}))
    return found


def _picked(reasons: Sequence[Reason], worn: Sequence[int]) -> list[int]:
    """Their places. That it is cheaper was asked for, and a liking was named: these are always
    said."""
    fixed = [0] if reasons[0].code in ("reason_cheaper", "reason_interest") else []
    others = sorted(
        (place + _WORN * worn[place], place) for place in range(len(fixed), len(reasons))
    )
    return sorted([*fixed, *(place for _, place in others[: _EACH - len(fixed)])])


def _key(reason: Reason) -> str:
    return f"{reason.code} {sorted(reason.values.items(), key=str)}"
