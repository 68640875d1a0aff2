"""Three cards are three ideas: each next one must be good and unlike those before it.

Maximal marginal relevance (Carbonell and Goldstein, 1998), with the shelf as the likeness.
"""

import math
from collections.abc import Sequence

from data.catalogue.shelf import Article
from data.recommendations.scoring import Scored

# A second idea from the same shelf must be this much better than the best one from elsewhere.
_SAME_SHELF = 0.25
_SAME_INTERESTS = 0.10


def pick_unlike(scored: Sequence[Scored], limit: int) -> list[Scored]:
    places = sorted([(-one.score, one.article.external_id, at) for at, one in enumerate(scored)])
    left = [scored[at] for _, _, at in places]
    chosen: list[Scored] = []
    while left and len(chosen) < limit:
        chosen.append(left.pop(_best(left, chosen)))
    return chosen


def _best(left: Sequence[Scored], chosen: Sequence[Scored]) -> int:
    """Likeness only takes away, so below the best so far nobody needs to look."""
    best, place = -math.inf, 0
    for at, each in enumerate(left):
        if each.score <= best:
            break
        worth = each.score - _likeness(each, chosen)
        if worth > best:
            best, place = worth, at
    return place


def _likeness(one: Scored, chosen: Sequence[Scored]) -> float:
    return max((_alike(one.article, other.article) for other in chosen), default=0.0)


def _alike(one: Article, other: Article) -> float:
    mine, theirs = one.tags.interest, other.tags.interest
    shared = len(mine & theirs) / len(mine | theirs) if mine | theirs else 0.0
    same_shelf = bool(one.category) and one.category == other.category
    return _SAME_SHELF * same_shelf + _SAME_INTERESTS * shared
