"""What may be shown: price, stock, and nothing of what somebody does not want.

The one place that says so: the shelf is in memory, and no statement repeats the rule.
"""

import math
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from sqlalchemy.orm import Session

from data.catalogue.floor import shelf_of, sold_out
from data.catalogue.shelf import Article, Ids, Piece, Shelf
from data.catalogue.shelf_reading import said_words
from data.catalogue.tokens import Tokenise, tokeniser_of
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.merchants import Merchant

_TAG = re.compile(r"[a-z_]+:[^\s:]+")
_NOTHING: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Filters:
    """Prices in the merchant's currency. `excluded`: words in any language, or `kind:value`."""

    min_price: Money | None = None
    max_price: Money | None = None
    below: Money | None = None  # cheaper than this, not equal
    above: Money | None = None  # dearer than this, not equal
    in_stock: bool = True
    excluded: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()  # product ids

    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest price that fit, in minor units."""
        lows = [self.min_price.minor] if self.min_price else []
        highs = [self.max_price.minor] if self.max_price else []
        if self.above:
            lows.append(self.above.minor + 1)
        if self.below:
            highs.append(self.below.minor - 1)
        return max(lows, default=-math.inf), min(highs, default=math.inf)


class Sieve:
    """Filters made ready for one shelf: what of an article fits, if anything."""

    def __init__(self, shelf: Shelf, filters: Filters, *, cut: Tokenise, gone: Set[str]) -> None:
        """`gone`: the variants that are sold out."""
        self.shelf = shelf
        self._low, self._high = filters.bounds()
        self._gone = gone if filters.in_stock else _NOTHING
        said = (word for word in filters.excluded if not _TAG.fullmatch(word))
        self._refused = [words for word in said if (words := said_words(cut, word))]
        self._without = filters.without.union(*self._tagged(filters.excluded))

    def choice(self, article: Article) -> Piece | None:
        """The one to show: the first in the merchant's order that fits."""
        if article.id in self._without:
            return None
        refused = self._refused
        for words in refused:
            if words <= article.named:
                return None
        for piece in article.pieces:
            if piece.id in self._gone or not self._low <= piece.price.minor <= self._high:
                continue
            if not refused or not self._is_refused(piece):
                return piece
        return None

    def _is_refused(self, piece: Piece) -> bool:
        """`not red` leaves the blue one of the same scarf."""
        return any(words <= label for words in self._refused for label in piece.labels)

    def _tagged(self, excluded: tuple[str, ...]) -> Iterator[Ids]:
        """The products with a tag that somebody refuses: by its name, or by what it contains."""
        shelf = self.shelf
        yield from (shelf.tagged[tag] for tag in excluded if tag in shelf.tagged)
        for words in self._refused:
            if words in shelf.called:
                yield shelf.called[words]
            yield from (ids for name, ids in shelf.containing if name <= words)


def sieve_of(session: Session, *, merchant_id: str, filters: Filters) -> Sieve:
    """For one question: the shelf as it is, and what is sold out right now."""
    _check_currency(session, merchant_id, filters)
    gone = sold_out(session, merchant_id=merchant_id) if filters.in_stock else _NOTHING
    shelf = shelf_of(session, merchant_id=merchant_id)
    return Sieve(shelf, filters, cut=tokeniser_of(session), gone=gone)


def _check_currency(session: Session, merchant_id: str, filters: Filters) -> None:
    said = (filters.min_price, filters.max_price, filters.below, filters.above)
    prices = [price for price in said if price]
    currency = session.get_one(Merchant, merchant_id).currency
    if any(price.currency != currency for price in prices):
        raise Invalid("currency_mixed")
