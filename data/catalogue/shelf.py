"""What a merchant shows, in memory: every product on the shelf with what filters and scores ask.

Immutable, and good for one revision of the catalogue; what changes with every sale is not in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from data.kernel.money import Money

Words = frozenset[str]  # as the index cuts them
Ids = frozenset[str]  # of products
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tags:
    """The values of each kind that scores ask for, and all tags as `kind:value`."""

    every: tuple[str, ...] = ()
    recipient: frozenset[str] = _NONE
    occasion: frozenset[str] = _NONE
    interest: frozenset[str] = _NONE
    season: frozenset[str] = _NONE
    age: frozenset[str] = _NONE


@dataclass(frozen=True, slots=True)
class Piece:
    """A variant: what is bought. `labels`: the words of each colour, size, material it has."""

    id: str
    price: Money  # what a buyer pays now
    labels: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """A product. Its pieces are in the merchant's order; there may be none."""

    id: str
    external_id: str
    place: int  # on the shelf
    category: str
    title: Mapping[str, str]  # by locale
    image: str
    titled: tuple[Words, ...]  # each title's
    named: Words  # of all titles and the brand
    tags: Tags
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """All articles in the order of their external ids, and how tags lead to them."""

    articles: tuple[Article, ...]
    by_id: Mapping[str, Article]
    tagged: Mapping[str, Ids]  # by `kind:value`
    called: Mapping[Words, Ids]  # by the words of a tag's value
    containing: tuple[tuple[Words, Ids], ...]  # what people call a thing, and what contains it

    def get(self, product_id: str) -> Article | None:
        return self.by_id.get(product_id)


@dataclass(frozen=True, slots=True)
class Sales:
    """Units sold of late, by product id, as counted at a moment."""

    counted_at: datetime
    units: Mapping[str, int]
