"""Filters let through what a slow and simple reading of the demo's rows lets through."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import Filters, Product, ProductTag, Shown, Variant, import_feed, price_of
from data.catalogue.filters import sieve_of
from data.catalogue.tokens import telling, tokenise, without_colour
from data.kernel.database import Database
from data.kernel.money import Money
from integrations.catalogues import read_google_feed
from tests.builders import NOW, a_merchant

FEED = Path(__file__).parents[3] / "data" / "seeds" / "giftshop.tsv"
Rows = list[tuple[Product, list[ProductTag], list[Variant]]]
PRICES = st.none() | st.integers(0, 60_000).map(lambda minor: Money(minor, "CNY"))
# Titles, colours, tags by name; what `contains` is called has tests of its own.
WORDS = ["围巾", "红色", "blue", "mug", "茶", "category:tea", "occasion:birthday", "min_age:3", "M"]
FILTERS = st.builds(
    Filters,
    min_price=PRICES,
    max_price=PRICES,
    below=PRICES,
    above=PRICES,
    in_stock=st.booleans(),
    excluded=st.lists(st.sampled_from(WORDS), max_size=2).map(tuple),
)


@pytest.fixture
def shop(database: Database) -> Iterator[Session]:
    """Every third variant is sold out, every seventh hidden."""
    with database.transaction() as session:
        merchant = a_merchant(session)
        feed = read_google_feed(FEED.read_bytes())
        import_feed(session, merchant_id=merchant.id, feed=feed, dry_run=False, now=NOW)
        for number, variant in enumerate(session.scalars(select(Variant).order_by(Variant.id))):
            variant.on_hand = 0 if number % 3 == 0 else variant.on_hand
            variant.state = Shown.HIDDEN if number % 7 == 0 else Shown.ACTIVE
        session.flush()
        yield session


@pytest.fixture
def rows(shop: Session) -> Rows:
    """Each product with its tags and, in order, its variants."""
    tags, variants = defaultdict(list), defaultdict(list)
    for tag in shop.scalars(select(ProductTag)):
        tags[tag.product_id].append(tag)
    for one in shop.scalars(select(Variant).order_by(Variant.position, Variant.id)):
        variants[one.product_id].append(one)
    return [(one, tags[one.id], variants[one.id]) for one in shop.scalars(select(Product))]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters=FILTERS)
def test_the_shelf_gives_what_its_rows_give(shop: Session, rows: Rows, filters: Filters) -> None:
    sieve = sieve_of(shop, merchant_id=rows[0][0].merchant_id, filters=filters)
    chosen = {article.id: sieve.choice(article) for article in sieve.shelf.articles}
    shown = {product_id: piece.id for product_id, piece in chosen.items() if piece}
    assert shown == dict(_simply(rows, filters))


def _simply(rows: Rows, filters: Filters) -> Iterator[tuple[str, str]]:
    refused = [_words(word) for word in filters.excluded if ":" not in word]
    for product, tags, variants in rows:
        names = " / ".join([*product.title.values(), product.brand])
        titled = any(words <= set(tokenise(names)) for words in refused)
        if not titled and not any(_is_refused(tag, filters, refused) for tag in tags):
            fitting = (one.id for one in variants if _fits(one, filters, refused))
            yield from ((product.id, one) for one in islice(fitting, 1))


def _is_refused(tag: ProductTag, filters: Filters, refused: list[frozenset[str]]) -> bool:
    own = _words(tag.value.replace("_", " "))
    contains = tag.kind == "contains" and any(own <= words for words in refused)
    return contains or own in refused or f"{tag.kind}:{tag.value}" in filters.excluded


def _fits(variant: Variant, filters: Filters, refused: list[frozenset[str]]) -> bool:
    price = price_of(variant)
    texts = [variant.attributes, *variant.attribute_texts.values()]
    labels = [set(tokenise(text)) for each in texts for text in each.values()]
    return (
        variant.state == Shown.ACTIVE
        and (not filters.in_stock or variant.available > 0)
        and (filters.min_price is None or price >= filters.min_price)
        and (filters.max_price is None or price <= filters.max_price)
        and (filters.below is None or price < filters.below)
        and (filters.above is None or price > filters.above)
        and not any(words <= label for words in refused for label in labels)
    )


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(telling(tokenise(without_colour(text))))
