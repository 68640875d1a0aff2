"""Reads a merchant's shelf from the database: three statements, whatever its size."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import String, bindparam, func, select
from sqlalchemy.orm import Session

from data.catalogue.models import Product, ProductTag, Shown, Variant, lower_price
from data.catalogue.shelf import Article, Ids, Piece, Shelf, Tags, Words
from data.catalogue.tokens import Tokenise, telling, without_colour
from data.kernel.database import table_of
from data.kernel.money import Money

CONTAINS = "contains"
_KINDS = [each.name for each in fields(Tags)][1:]
_MARK = "|"  # in no tag: a feed has it between two tags
# The same texts come again with every revision: all labels and the titles of some 5,000 products.
_REMEMBERED = 20_000
_PRODUCTS, _TAGS, _VARIANTS = table_of(Product).c, table_of(ProductTag).c, table_of(Variant).c
_MINE = bindparam("merchant_id", type_=String)

_READ_PRODUCTS = (
    select(
        _PRODUCTS.id,
        _PRODUCTS.external_id,
        _PRODUCTS.category,
        _PRODUCTS.title,
        _PRODUCTS.brand,
        _PRODUCTS.image,
    )
    .where(_PRODUCTS.merchant_id == _MINE, _PRODUCTS.state == Shown.ACTIVE)
    .order_by(_PRODUCTS.external_id)
)
_READ_TAGS = (
    select(_TAGS.product_id, func.aggregate_strings(_TAGS.kind + ":" + _TAGS.value, _MARK))
    .where(_TAGS.merchant_id == _MINE)
    .group_by(_TAGS.product_id)
)
_READ_VARIANTS = (
    select(
        _VARIANTS.product_id,
        _VARIANTS.id,
        _VARIANTS.price_minor,
        _VARIANTS.sale_price_minor,
        _VARIANTS.currency,
        _VARIANTS.attributes,
        _VARIANTS.attribute_texts,
    )
    .where(_VARIANTS.merchant_id == _MINE, _VARIANTS.state == Shown.ACTIVE)
    .order_by(_VARIANTS.position, _VARIANTS.id)
)


def read_shelf(session: Session, merchant_id: str, cut: Tokenise) -> Shelf:
    """As this transaction sees it."""
    mine = {"merchant_id": merchant_id}
    pieces = _pieces(cut, session.execute(_READ_VARIANTS, mine))
    lines = {row[0]: row[1] for row in session.execute(_READ_TAGS, mine)}
    articles = tuple(
        _article(cut, place, row, lines.get(row.id, ""), tuple(pieces.get(row.id, ())))
        for place, row in enumerate(session.execute(_READ_PRODUCTS, mine))
    )
    tagged = _tagged(articles)
    return Shelf(
        articles,
        {article.id: article for article in articles},
        tagged,
        _called(cut, tagged),
        tuple(_containing(cut, tagged)),
    )


def _article(
    cut: Tokenise, place: int, row: Any, tag_line: str, pieces: tuple[Piece, ...]
) -> Article:
    titled = tuple(_cut(cut, text) for text in row.title.values())
    return Article(
        row.id,
        row.external_id,
        place,
        row.category,
        row.title,
        row.image,
        titled,
        _cut(cut, row.brand).union(*titled),
        _tags(tag_line),
        pieces,
    )


def _pieces(cut: Tokenise, rows: Iterable[Any]) -> Mapping[str, list[Piece]]:
    found: defaultdict[str, list[Piece]] = defaultdict(list)
    for product_id, variant_id, regular, sale, currency, plain, by_language in rows:
        texts = dict.fromkeys(
            text for each in (plain, *by_language.values()) for text in each.values()
        )
        labels = tuple(_cut(cut, text) for text in texts)
        price = Money(lower_price(regular, sale), currency)
        found[product_id].append(Piece(variant_id, price, labels))
    return found


def _tagged(articles: Iterable[Article]) -> dict[str, Ids]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for article in articles:
        for tag in article.tags.every:
            found[tag].add(article.id)
    return {tag: frozenset(ids) for tag, ids in found.items()}


def _called(cut: Tokenise, tagged: Mapping[str, Ids]) -> dict[Words, Ids]:
    found: defaultdict[Words, Ids] = defaultdict(frozenset)
    for tag, ids in tagged.items():
        found[_own(cut, tag)] |= ids
    return dict(found)


def _containing(cut: Tokenise, tagged: Mapping[str, Ids]) -> Iterator[tuple[Words, Ids]]:
    for tag, ids in tagged.items():
        kind, _, value = tag.partition(":")
        if kind == CONTAINS:
            names = (said_words(cut, name) for name in _avoided().get(value, []))
            yield from ((name, ids) for name in {_own(cut, tag), *names})


def _own(cut: Tokenise, tag: str) -> Words:
    """Of its value: `mid_autumn` is two words."""
    return said_words(cut, tag.partition(":")[2].replace("_", " "))


@lru_cache(_REMEMBERED)
def _tags(line: str) -> Tags:
    every = tuple(filter(None, line.split(_MARK)))
    found: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for tag in every:
        kind, _, value = tag.partition(":")
        if kind in found:
            found[kind].add(value)
    return Tags(every, *map(frozenset, found.values()))


def said_words(cut: Tokenise, text: str) -> Words:
    """Of what somebody refuses, or of what it is held against: colours bared, each word once."""
    return frozenset(telling(cut(without_colour(text.strip()))))


@lru_cache(_REMEMBERED)
def _cut(cut: Tokenise, text: str) -> Words:
    return frozenset(cut(text))


@cache
def _avoided() -> dict[str, list[str]]:
    table = json.loads(Path(__file__).with_name("avoided.json").read_text("utf-8"))
    return {tag: words for tag, words in table.items() if isinstance(words, list)}
