"""Three cards are three ideas: each next one must be good and unlike those before it.

Maximal marginal relevance (Carbonell and Goldstein, 1998), with the shelf as the likeness.
"""

from collections.abc import Sequence

from data.recommendations.candidates import Candidate
from data.recommendations.scoring import Scored

# A second idea from the same shelf must be this much better than the best one from elsewhere.
_SAME_SHELF = 0.25
_SAME_INTERESTS = 0.10


def pick_unlike(scored: Sequence[Scored], limit: int) -> list[Scored]:
    left = sorted(scored, key=lambda each: (-each.score, each.candidate.product.external_id))
    chosen: list[Scored] = []
    while left and len(chosen) < limit:
        best = max(left, key=lambda each: each.score - _likeness(each, chosen))
        left.remove(best)
        chosen.append(best)
    return chosen


def _likeness(one: Scored, chosen: Sequence[Scored]) -> float:
    return max((_alike(one.candidate, other.candidate) for other in chosen), default=0.0)


def _alike(one: Candidate, other: Candidate) -> float:
    mine, theirs = one.values("interest"), other.values("interest")
    shared = len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0
    same_shelf = bool(one.product.category) and one.product.category == other.product.category
    return _SAME_SHELF * same_shelf + _SAME_INTERESTS * shared
