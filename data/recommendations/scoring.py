"""How good an idea is a thing for this wish, and what weighed for it.

Each term is worth its weight at most. The weights were set by hand on the demo shop, so that a
known interest beats all else and the person beats the day; nobody has bought by them yet.
"""

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from data.catalogue.shelf import Article, Piece, Words
from data.catalogue.tokens import Tokenise, telling
from data.kernel.money import Money
from data.recommendations.candidates import Candidate, age_groups
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


# A part of a score, with what may truthfully be said about it.
Term = tuple[float, Reason | None]
_NOTHING: Term = (0.0, None)
_ALWAYS = frozenset(["all"])  # made for no season in particular


@dataclass(frozen=True, slots=True)
class Interest:
    """A liking, its words as titles are cut, and the likings near it."""

    value: str
    words: Words
    near: Set[str]
    reason: Reason

    @classmethod
    def of(cls, value: str, cut: Tokenise) -> "Interest":
        words = frozenset(telling(cut(value.replace("_", " "))))
        near = frozenset(priors().interest_near.get(value, []))
        return cls(value, words, near, Reason("reason_interest", {"interest": value}))


@dataclass(frozen=True, slots=True)
class Whom:
    """The person: who is nearly the same, and what suits them by category."""

    recipient: str
    near: Set[str]
    suits: Mapping[str, float]
    otherwise: float  # how well a category suits that is not among them
    reason: Reason

    @classmethod
    def of(cls, recipient: str) -> "Whom":
        beliefs = priors()
        near = frozenset(beliefs.tagged.get(recipient, []))
        reason = Reason("reason_for_recipient", {"recipient": recipient})
        return cls(recipient, near, beliefs.suits(recipient), beliefs.otherwise, reason)


@dataclass(frozen=True, slots=True)
class Day:
    """The occasion, those nearly the same, and the season it falls in."""

    occasion: str | None
    near: Set[str]
    season: str
    for_occasion: Reason
    in_season: Reason

    @classmethod
    def of(cls, occasion: str | None, now: datetime) -> "Day":
        season = _SEASONS[now.month]
        return cls(
            occasion,
            frozenset(priors().occasion_tagged.get(occasion or "", [])),
            season,
            Reason("reason_for_occasion", {"occasion": occasion}),
            Reason("reason_in_season", {"season": season}),
        )


@dataclass(frozen=True, slots=True)
class Occasion:
    """All that is the same for every candidate of one question."""

    wish: Wish
    interests: tuple[Interest, ...]
    whom: Whom | None
    day: Day
    age_groups: Set[str]
    worthy: float  # minor units from which a price is no longer too low; 0 without a budget
    sold: Mapping[str, int]  # by product id
    most_sold: float  # of one candidate, its logarithm
    given_categories: Set[str]
    cheaper_than: Money | None

    @classmethod
    def of(  # noqa: PLR0913  # all that a question is
        cls,
        wish: Wish,
        *,
        cut: Tokenise,
        now: datetime,
        sold: Mapping[str, int],
        most_sold: int,
        given_categories: Set[str],
        cheaper_than: Money | None,
    ) -> "Occasion":
        return cls(
            wish=wish,
            interests=tuple(Interest.of(each, cut) for each in wish.interests),
            whom=Whom.of(wish.recipient) if wish.recipient else None,
            day=Day.of(wish.occasion, now),
            age_groups=frozenset(age_groups(wish)),
            worthy=_WORTHY * wish.budget_max.minor if wish.budget_max else 0.0,
            sold=sold,
            most_sold=math.log1p(max(most_sold, 1)),
            given_categories=given_categories,
            cheaper_than=cheaper_than,
        )


class Scored(NamedTuple):
    """`terms`: those that have something to say."""

    article: Article
    piece: Piece
    score: float
    terms: tuple[Term, ...]


def score(candidate: Candidate, occasion: Occasion) -> Scored:
    article, piece = candidate
    interest = _interest(article, occasion.interests) if occasion.interests else _NOTHING
    whom = _relation(article, occasion.whom) if occasion.whom else _NOTHING
    day, season = _day(article, occasion.day), _season(article, occasion.day)
    worth = interest[0] + whom[0] + day[0] + season[0] + _price(piece, occasion.worthy)
    if article.tags.age & occasion.age_groups:
        worth += _AGE
    if article.id in occasion.sold:
        worth += _POPULAR * math.log1p(occasion.sold[article.id]) / occasion.most_sold
    if article.category not in occasion.given_categories:
        worth += _NEW
    return Scored(article, piece, worth, (interest, whom, day, season))


def _interest(article: Article, interests: tuple[Interest, ...]) -> Term:
    """The best of several: who likes tea and climbing is glad of either."""
    likings = ((_liking(article, each), each.value, each.reason) for each in interests)
    liking, _, reason = max(likings, key=lambda each: each[:2])
    return _INTEREST * liking, reason if liking > _NEARLY else None


def _liking(article: Article, interest: Interest) -> float:
    tagged = article.tags.interest
    if interest.value in tagged:
        return _focus(tagged, _VAGUE_INTEREST)
    words = interest.words
    if words and any(words <= title for title in article.titled):
        return _TITLED
    return _NEARLY if tagged & interest.near else 0.0


def _relation(article: Article, whom: Whom) -> Term:
    tagged = article.tags.recipient
    prior = whom.suits.get(article.category, whom.otherwise)
    if whom.recipient in tagged:
        focused = 0.6 * _focus(tagged, _VAGUE_RECIPIENT)
        return _RELATION * (focused + 0.4 * prior), whom.reason
    nearly = 0.4 if tagged & whom.near else 0.0
    return _RELATION * (nearly + 0.4 * prior), None


def _focus(tagged: Set[str], per_tag: float) -> float:
    """1 for the only tag of its kind, less for one of many."""
    return 1.0 - min(_VAGUEST, per_tag * (len(tagged) - 1))


def _day(article: Article, day: Day) -> Term:
    tagged = article.tags.occasion
    if day.occasion in tagged:
        return _OCCASION, day.for_occasion
    return (_OCCASION * _NEARLY, None) if tagged & day.near else _NOTHING


def _season(article: Article, day: Day) -> Term:
    made_for = article.tags.season
    if day.season in made_for:
        return _SEASON, day.in_season
    return (-_SEASON, None) if made_for - _ALWAYS else _NOTHING


def _price(piece: Piece, worthy: float) -> float:
    """Nothing where no budget was said."""
    return _PRICE * min(1.0, piece.price.minor / worthy) if worthy > 0 else 0.0


def fits(article: Article, occasion: Occasion) -> bool:
    """Whether it is a thing for this person at all. Far down the list, and with little money, the
    score alone would still give a mother brushes for climbing holds."""
    whom = occasion.whom
    meant_for = article.tags.recipient
    if whom is None or not meant_for:
        return True
    if whom.recipient in meant_for or meant_for & whom.near:
        return True
    if any(_liking(article, each) for each in occasion.interests):
        return True
    return whom.suits.get(article.category, whom.otherwise) > _NEARLY
