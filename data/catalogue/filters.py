"""What may be shown: price, stock, and nothing of what somebody does not want."""

import json
import re
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from sqlalchemy import ColumnElement, Text, and_, case, cast, exists, or_, select
from sqlalchemy.orm import Session

from data.catalogue.matching import products_with
from data.catalogue.models import Product, ProductTag, Shown, Variant
from data.catalogue.questions import Place, all_of
from data.catalogue.tokens import Tokenise, telling, tokeniser_of, without_colour
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.merchants import Merchant

CONTAINS = "contains"
_TAG = re.compile(r"[a-z_]+:[^\s:]+")
# What a buyer pays now, as price_of says it.
PRICE = case(
    (Variant.sale_price_minor < Variant.price_minor, Variant.sale_price_minor),
    else_=Variant.price_minor,
)
_REMEMBERED = 10_000


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


@dataclass(frozen=True, slots=True)
class Choice:
    """One variant that fits, by its id: what it costs, how many are free to promise."""

    variant_id: str
    price: Money
    available: int


_CHOICE = (
    Variant.product_id,
    Variant.id,
    PRICE,
    Variant.currency,
    Variant.on_hand - Variant.held,
)
_LABELS = tuple(cast(each, Text) for each in (Variant.attributes, Variant.attribute_texts))


class Sieve:
    """Filters made ready for one merchant: conditions for SQL, and the choice of a variant."""

    def __init__(self, session: Session, merchant_id: str, filters: Filters) -> None:
        self._session, self._merchant_id, self._filters = session, merchant_id, filters
        self._cut = tokeniser_of(session)
        said = [word for word in filters.excluded if not _TAG.fullmatch(word)]
        self._refused = [words for word in said if (words := _words(self._cut, word))]
        _check_currency(session, merchant_id, filters)

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a product must meet: on the shelf, not refused, with a variant that fits."""
        fits = exists().where(Variant.product_id == Product.id, *self._variant_conditions())
        return [
            Product.merchant_id == self._merchant_id,
            Product.state == Shown.ACTIVE,
            Product.id.not_in(self._filters.without),
            fits,
            *self._without_tags(),
            *(self._not_titled(words) for words in self._refused),
        ]

    def variants(self, product_ids: Collection[str]) -> dict[str, Variant]:
        """The one to show of each product: the first in the merchant's order that fits."""
        found = self._session.scalars(
            select(Variant)
            .where(Variant.product_id.in_(product_ids), *self._variant_conditions())
            .order_by(Variant.position, Variant.id)
        )
        chosen: dict[str, Variant] = {}
        for variant in found:
            if not self._is_refused(variant):
                chosen.setdefault(variant.product_id, variant)
        return chosen

    def choices(self, product_ids: Collection[str]) -> dict[str, Choice]:
        """The same choice without the objects, for questions about many products at once."""
        rows = self._session.execute(
            select(*_CHOICE, *(_LABELS if self._refused else ()))
            .where(Variant.product_id.in_(product_ids), *self._variant_conditions())
            .order_by(Variant.position, Variant.id)
        )
        chosen: dict[str, Choice] = {}
        for product_id, variant_id, minor, currency, available, *labels in rows:
            if product_id not in chosen and not self._is_any_refused(_labels(self._cut, *labels)):
                chosen[product_id] = Choice(variant_id, Money(minor, currency), available)
        return chosen

    def _variant_conditions(self) -> list[ColumnElement[bool]]:
        wanted, price = self._filters, PRICE
        conditions = [Variant.merchant_id == self._merchant_id, Variant.state == Shown.ACTIVE]
        if wanted.in_stock:
            conditions.append(Variant.on_hand > Variant.held)
        if wanted.min_price:
            conditions.append(price >= wanted.min_price.minor)
        if wanted.max_price:
            conditions.append(price <= wanted.max_price.minor)
        if wanted.below:
            conditions.append(price < wanted.below.minor)
        if wanted.above:
            conditions.append(price > wanted.above.minor)
        return conditions

    def _without_tags(self) -> list[ColumnElement[bool]]:
        if not self._filters.excluded:
            return []
        carried = self._session.execute(
            select(ProductTag.kind, ProductTag.value)
            .where(ProductTag.merchant_id == self._merchant_id)
            .distinct()
        )
        meant = [(kind, value) for kind, value in carried if self._is_meant(kind, value)]
        if not meant:
            return []
        any_of = or_(*(and_(ProductTag.kind == k, ProductTag.value == v) for k, v in meant))
        return [~exists().where(ProductTag.product_id == Product.id, any_of)]

    def _is_meant(self, kind: str, value: str) -> bool:
        """Does somebody refuse this tag: by its name, or by what it contains?"""
        if f"{kind}:{value}" in self._filters.excluded:
            return True
        own = _words(self._cut, value.replace("_", " "))
        names = [own, *(_names_of(self._cut, value) if kind == CONTAINS else [])]
        return any(
            own == refused or (kind == CONTAINS and any(name <= refused for name in names))
            for refused in self._refused
        )

    def _not_titled(self, words: frozenset[str]) -> ColumnElement[bool]:
        titled = products_with(self._session, self._merchant_id, all_of(sorted(words), Place.TITLE))
        return Product.id.not_in(select(titled.c.product_id))

    def _is_refused(self, variant: Variant) -> bool:
        written = json.dumps(variant.attributes), json.dumps(variant.attribute_texts)
        return self._is_any_refused(_labels(self._cut, *written))

    def _is_any_refused(self, labels: Sequence[Set[str]]) -> bool:
        """`not red` leaves the blue one of the same scarf."""
        return any(refused <= label for refused in self._refused for label in labels)


@lru_cache(_REMEMBERED)  # tags and labels are held against every refusal anew
def _words(cut: Tokenise, text: str) -> frozenset[str]:
    return frozenset(telling(cut(without_colour(text.strip()))))


@lru_cache(_REMEMBERED)
def _labels(cut: Tokenise, plain: str = "{}", by_language: str = "{}") -> Sequence[Set[str]]:
    """The words of each label of a variant, from the two columns as they are written."""
    texts = [json.loads(plain), *json.loads(by_language).values()]
    return [frozenset(cut(text)) for each in texts for text in each.values()]


def _names_of(cut: Tokenise, contained: str) -> list[frozenset[str]]:
    return [_words(cut, word) for word in _avoided().get(contained, [])]


@cache
def _avoided() -> dict[str, list[str]]:
    table = json.loads(Path(__file__).with_name("avoided.json").read_text("utf-8"))
    return {tag: words for tag, words in table.items() if isinstance(words, list)}


def _check_currency(session: Session, merchant_id: str, filters: Filters) -> None:
    said = (filters.min_price, filters.max_price, filters.below, filters.above)
    prices = [price for price in said if price]
    currency = session.get_one(Merchant, merchant_id).currency
    if any(price.currency != currency for price in prices):
        raise Invalid("currency_mixed")
