"""How good an idea is a thing for this wish, and what weighed for it.

Each term is worth its weight at most. The weights were set by hand on the demo shop, so that a
known interest beats all else and the person beats the day; nobody has bought by them yet.
"""

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from data.catalogue.tokens import Tokenise, telling
from data.kernel.money import Money
from data.recommendations.candidates import Candidate
from data.recommendations.priors import priors
from data.recommendations.wishes import Reason, Wish

_INTEREST, _RELATION, _OCCASION = 0.40, 0.30, 0.20
_PRICE, _AGE, _SEASON, _POPULAR, _NEW = 0.10, 0.08, 0.08, 0.06, 0.05
_TITLED, _NEARLY = 0.65, 0.5
# A thing for climbers says more than one for climbers, cooks and six others: per further tag.
_VAGUE_INTEREST, _VAGUE_RECIPIENT, _VAGUEST = 0.04, 0.015, 0.3
# A gift far below what somebody meant to spend is as wrong as a dear one: full marks from here.
_WORTHY = 0.4
_SEASONS = {
    **dict.fromkeys([3, 4, 5], "spring"),
    **dict.fromkeys([6, 7, 8], "summer"),
    **dict.fromkeys([9, 10, 11], "autumn"),
    **dict.fromkeys([12, 1, 2], "winter"),
}  # the northern hemisphere's, where our merchants are


@dataclass(frozen=True, slots=True)
class Occasion:
    """All that is the same for every candidate of one question."""

    wish: Wish
    cut: Tokenise
    now: datetime
    most_sold: int
    age_groups: Set[str]
    given_categories: frozenset[str]
    cheaper_than: Money | None = None


class Term(NamedTuple):
    """A part of a score, with what may truthfully be said about it."""

    worth: float
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    candidate: Candidate
    score: float
    terms: Sequence[Term]


def score(candidate: Candidate, occasion: Occasion) -> Scored:
    terms = list(_terms(candidate, occasion))
    return Scored(candidate, sum(term.worth for term in terms), terms)


def _terms(candidate: Candidate, occasion: Occasion) -> Iterator[Term]:
    wish = occasion.wish
    yield _interest(candidate, occasion)
    yield _relation(candidate, wish)
    yield _day(candidate, wish)
    yield _season(candidate, occasion.now)
    yield Term(_PRICE * _price_fit(candidate, wish))
    yield Term(_AGE * (not candidate.values("age").isdisjoint(occasion.age_groups)))
    yield Term(_POPULAR * math.log1p(candidate.sold) / math.log1p(max(occasion.most_sold, 1)))
    yield Term(_NEW * (candidate.product.category not in occasion.given_categories))


def _interest(candidate: Candidate, occasion: Occasion) -> Term:
    """The best of several: who likes tea and climbing is glad of either."""
    likings = ((_liking(candidate, each, occasion), each) for each in occasion.wish.interests)
    liking, interest = max(likings, default=(0.0, ""))
    sure = liking > _NEARLY
    return Term(
        _INTEREST * liking, Reason("reason_interest", {"interest": interest}) if sure else None
    )


def _liking(candidate: Candidate, interest: str, occasion: Occasion) -> float:
    if candidate.has("interest", interest):
        return _focus(candidate, "interest", _VAGUE_INTEREST)
    words = set(telling(occasion.cut(interest.replace("_", " "))))
    titles = candidate.product.title.values()
    if words and any(words <= set(occasion.cut(title)) for title in titles):
        return _TITLED
    near = priors().interest_near.get(interest, [])
    return _NEARLY if any(candidate.has("interest", other) for other in near) else 0.0


def _relation(candidate: Candidate, wish: Wish) -> Term:
    if not wish.recipient:
        return Term(0.0)
    prior = priors().suits(wish.recipient, candidate.product.category)
    if candidate.has("recipient", wish.recipient):
        reason = Reason("reason_for_recipient", {"recipient": wish.recipient})
        tagged = 0.6 * _focus(candidate, "recipient", _VAGUE_RECIPIENT)
        return Term(_RELATION * (tagged + 0.4 * prior), reason)
    others = priors().tagged.get(wish.recipient, [])
    nearly = any(candidate.has("recipient", other) for other in others)
    return Term(_RELATION * (0.4 * nearly + 0.4 * prior))


def _focus(candidate: Candidate, kind: str, per_tag: float) -> float:
    """1 for the only tag of its kind, less for one of many."""
    return 1.0 - min(_VAGUEST, per_tag * (len(candidate.values(kind)) - 1))


def _day(candidate: Candidate, wish: Wish) -> Term:
    if not wish.occasion:
        return Term(0.0)
    if candidate.has("occasion", wish.occasion):
        return Term(_OCCASION, Reason("reason_for_occasion", {"occasion": wish.occasion}))
    others = priors().occasion_tagged.get(wish.occasion, [])
    return Term(_OCCASION * _NEARLY * any(candidate.has("occasion", each) for each in others))


def _season(candidate: Candidate, now: datetime) -> Term:
    season, made_for = _SEASONS[now.month], candidate.values("season") - {"all"}
    if season in made_for:
        return Term(_SEASON, Reason("reason_in_season", {"season": season}))
    return Term(-_SEASON if made_for else 0.0)


def _price_fit(candidate: Candidate, wish: Wish) -> float:
    if not wish.budget_max or wish.budget_max.minor <= 0:
        return 0.0
    return min(1.0, candidate.price.minor / (_WORTHY * wish.budget_max.minor))


def fits(scored: Scored, occasion: Occasion) -> bool:
    """Whether it is a thing for this person at all. Far down the list, and with little money, the
    score alone would still give a mother brushes for climbing holds."""
    candidate, wish = scored.candidate, occasion.wish
    meant_for = candidate.values("recipient")
    if not wish.recipient or not meant_for:
        return True
    near = {wish.recipient, *priors().tagged.get(wish.recipient, [])}
    if not meant_for.isdisjoint(near):
        return True
    if any(_liking(candidate, each, occasion) for each in wish.interests):
        return True
    return priors().suits(wish.recipient, candidate.product.category) > _NEARLY
