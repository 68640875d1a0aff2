"""What could be given at all: every hard rule is decided here, before any score."""

import math
from collections import Counter
from collections.abc import Set
from itertools import chain, islice

from data.catalogue.filters import Sieve
from data.catalogue.shelf import Article, Piece, Shelf
from data.recommendations.priors import priors
from data.recommendations.wishes import Wish

ADULT = 18
# Those with the most tags in common are scored, so the cut loses none of them.
_MOST = 150
# Age tags by the last year of each; `senior` begins where people start to be called that.
_GROUPS = (("baby", 2), ("child", 12), ("teen", 17), ("adult", 59), ("senior", math.inf))
_NONE: Set[str] = frozenset()
_BIRTH = "new_baby"


Candidate = tuple[Article, Piece]  # with the variant to show for it


def candidates(sieve: Sieve, wish: Wish) -> list[Candidate]:
    """In the shop, in stock, in the budget, of the right age, and nothing that was refused."""
    fitting = _meant_for(wish)
    found = (
        (article, piece)
        for article in _nearest(sieve.shelf, wish)
        if (not fitting or _fits_age(article, fitting)) and (piece := sieve.choice(article))
    )
    return list(islice(found, _MOST))


def age_groups(wish: Wish) -> list[str]:
    """The age tags that fit the person; empty where we know nothing."""
    age = priors().age(wish)
    if age is None:
        return []
    first = 0
    groups = []
    for name, last in _GROUPS:
        if first <= age.oldest and age.youngest <= last:
            groups.append(name)
        first = int(last) + 1 if last != math.inf else first
    return groups


def forbidden_for_age(wish: Wish) -> tuple[str, ...]:
    """Tags that a person of this age must not be given."""
    age = priors().age(wish)
    if age is None or age.youngest >= ADULT:
        return ()
    too_old = [f"min_age:{years}" for years in range(age.youngest + 1, ADULT + 4)]
    return (*too_old, "contains:alcohol")


def outgrown(wish: Wish) -> tuple[str, ...]:
    """Tags of what somebody of this age is too old for. Only an age that was told counts: "my
    nephew" may be two. What is given for a birth is the baby's, whoever gets it."""
    age = priors().age(wish) if wish.age is not None and wish.occasion != _BIRTH else None
    return tuple(f"max_age:{years}" for years in range(min(age.youngest, ADULT) if age else 0))


def _meant_for(wish: Wish) -> Set[str]:
    """For a child a thing must be meant for children; between adults and seniors it only helps."""
    age = priors().age(wish)
    return _NONE if age is None or age.youngest >= ADULT else frozenset(age_groups(wish))


def _fits_age(article: Article, groups: Set[str]) -> bool:
    return not article.tags.age or not article.tags.age.isdisjoint(groups)


def _nearest(shelf: Shelf, wish: Wish) -> list[Article]:
    """With the most tags in common first, then in the order of the shelf."""
    shared = Counter(chain(*(shelf.tagged.get(tag, ()) for tag in _wanted_tags(wish))))
    places = sorted([(-common, shelf.by_id[one].place) for one, common in shared.items()])
    others = [article for article in shelf.articles if article.id not in shared]
    return [*(shelf.articles[place] for _, place in places), *others]


def _wanted_tags(wish: Wish) -> set[str]:
    said = {
        "recipient": [wish.recipient] if wish.recipient else [],
        "occasion": [wish.occasion] if wish.occasion else [],
        "interest": wish.interests,
        "age": age_groups(wish),
    }
    return {f"{kind}:{value}" for kind, values in said.items() for value in values}
