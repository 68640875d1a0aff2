"""What could be given at all: every hard rule is decided here, before any score."""

import math
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from data.catalogue import Filters, Product, ProductTag, StockMove, Variant
from data.catalogue.filters import Choice, Sieve
from data.catalogue.models import TAG_MARK
from data.catalogue.stock import SOLD
from data.kernel.money import Money
from data.recommendations.priors import priors
from data.recommendations.wishes import Wish

ADULT = 18
# Scored in Python; those with the most tags in common come first, so the cut loses none of them.
_MOST = 150
_POPULAR_FOR = timedelta(days=90)
# Age tags by the last year of each; `senior` begins where people start to be called that.
_GROUPS = (("baby", 2), ("child", 12), ("teen", 17), ("adult", 59), ("senior", math.inf))

Tags = Mapping[str, Set[str]]  # kind to values
_NONE: Set[str] = frozenset()
_REMEMBERED = 20_000  # products whose tags need not be taken apart again


@dataclass(frozen=True, slots=True)
class Goods:
    """What scoring needs to know of a product. `title` only where a wish must be read in it."""

    id: str
    external_id: str
    category: str
    tags: Tags
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    product: Goods
    variant: Choice
    sold: int

    @property
    def price(self) -> Money:
        return self.variant.price

    def has(self, kind: str, value: str) -> bool:
        return value in self.values(kind)

    def values(self, kind: str) -> Set[str]:
        return self.product.tags.get(kind, _NONE)


def candidates(
    session: Session, *, merchant_id: str, wish: Wish, filters: Filters, now: datetime
) -> list[Candidate]:
    """In the shop, in stock, in the budget, of the right age, and nothing that was refused."""
    sieve = Sieve(session, merchant_id, filters)
    products = _products(session, sieve, wish)
    ids = [product.id for product in products]
    variants = sieve.choices(ids)
    sold = _sold(session, ids, now - _POPULAR_FOR)
    fitting = _meant_for(wish)
    return [
        Candidate(product, variants[product.id], sold.get(product.id, 0))
        for product in products
        if product.id in variants and _fits_age(product, fitting)
    ]


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


def _meant_for(wish: Wish) -> Set[str]:
    """For a child a thing must be meant for children; between adults and seniors it only helps."""
    age = priors().age(wish)
    return _NONE if age is None or age.youngest >= ADULT else frozenset(age_groups(wish))


def _fits_age(product: Goods, groups: Set[str]) -> bool:
    meant = product.tags.get("age", _NONE)
    return not groups or not meant or not meant.isdisjoint(groups)


def _products(session: Session, sieve: Sieve, wish: Wish) -> Sequence[Goods]:
    wanted = _wanted_tags(wish)
    shared = (
        select(func.count())
        .select_from(ProductTag)
        .where(ProductTag.product_id == Product.id, or_(false(), *wanted))
        .correlate(Product)
        .scalar_subquery()
    )
    order = [shared.desc()] if wanted else []
    titles = (Product.title,) if wish.interests else ()
    rows = session.execute(
        select(Product.id, Product.external_id, Product.category, Product.tag_line, *titles)
        .where(*sieve.conditions())
        .order_by(*order, Product.external_id)
        .limit(_MOST)
    )
    return [
        Goods(found, external_id, category, _by_kind(tags), *(title or [{}]))
        for found, external_id, category, tags, *title in rows
    ]


def _wanted_tags(wish: Wish) -> list[ColumnElement[bool]]:
    said = {
        "recipient": [wish.recipient] if wish.recipient else [],
        "occasion": [wish.occasion] if wish.occasion else [],
        "interest": list(wish.interests),
        "age": age_groups(wish),
    }
    return [
        and_(ProductTag.kind == kind, ProductTag.value.in_(values))
        for kind, values in said.items()
        if values
    ]


@lru_cache(_REMEMBERED)
def _by_kind(tags: str) -> Tags:
    found: dict[str, set[str]] = {}
    for tag in filter(None, tags.split(TAG_MARK)):
        kind, _, value = tag.partition(":")
        found.setdefault(kind, set()).add(value)
    return found


def _sold(session: Session, ids: Collection[str], since: datetime) -> dict[str, int]:
    rows = session.execute(
        select(Variant.product_id, -func.sum(StockMove.delta))
        .join(Variant, Variant.id == StockMove.variant_id)
        .where(Variant.product_id.in_(ids), StockMove.reason == SOLD)
        .where(StockMove.created_at >= since)
        .group_by(Variant.product_id)
    )
    return {product_id: int(units) for product_id, units in rows}
