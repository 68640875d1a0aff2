"""Finding products: by words, by a name in somebody's sentence.

All that was said first; then the goods that were named, whatever else was said of them; the places
left over go to products with some of the words, or two of the Chinese characters on their label.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue.filters import Filters, Sieve
from data.catalogue.matching import products_with
from data.catalogue.models import Product, Shown, Variant, price_of
from data.catalogue.questions import Place, Question, Wish, any_of, any_two_of
from data.catalogue.sought import Sought, sought_in
from data.catalogue.tokens import is_han, telling, tokeniser_of
from data.kernel.money import Money

_MOST_WORDS = 48  # of one query: a long message is not a more precise one
_MOST_CHARACTERS = 8  # 28 pairs
_SPARE = 4  # fetched per product shown: a refused colour may empty some
_NAME_CANDIDATES = 60
_WORTH_SHOWING = 0.3  # of the best score: a label scores that, beside it a mention in a text less
_GAPS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A product with the variant to show for it."""

    product: Product
    variant: Variant
    price: Money
    score: float


def search(
    session: Session,
    *,
    merchant_id: str,
    query: str,
    filters: Filters,
    limit: int,
    fill_up: bool = True,
) -> list[Found]:
    """The best first. Words that no product has are simply not found; filters always hold.

    Without `fill_up` places stay empty rather than go to products with only some of the words.
    """
    sieve = Sieve(session, merchant_id, filters)
    found: dict[str, Found] = {}
    cut = tokeniser_of(session)
    sought = sought_in(cut, query)
    for question in _attempts(sought, cut(query), fill_up=fill_up):
        hits = _ask(session, merchant_id, sieve, question, limit * _SPARE)
        for each in hits if fill_up or sought.goods else _near_the_best(hits):
            found.setdefault(each.product.id, each)
        if len(found) >= limit or (found and not fill_up):
            break
    return list(found.values())[:limit]


def find_by_name(session: Session, *, merchant_id: str, text: str, limit: int) -> list[Product]:
    """Products whose whole title, in any language, stands in the text; the longest title first."""
    words = telling(tokeniser_of(session)(text))[:_MOST_WORDS]
    if not words:
        return []
    hits = products_with(session, merchant_id, any_of(words, Place.TITLE))
    candidates = session.scalars(
        select(Product)
        .join(hits, hits.c.product_id == Product.id)
        .where(Product.merchant_id == merchant_id, Product.state == Shown.ACTIVE)
        .order_by(hits.c.score.desc(), Product.id)
        .limit(_NAME_CANDIDATES)
    )
    said = _bare(text)
    named = [(longest, product) for product in candidates if (longest := _longest(product, said))]
    named.sort(key=lambda pair: (-pair[0], pair[1].id))
    return [product for _, product in named[:limit]]


def _attempts(sought: Sought, query: Sequence[str], *, fill_up: bool) -> Iterator[Question]:
    goods, words = sought.goods, sought.words
    if goods or words:
        yield Question((*goods, *words))
    if goods and words:
        yield Question(goods, like=words)
    if len(goods) > 1:
        yield Question((_either(goods),), like=words)
    # Who asked for a red mug where there is none wants no red scarf.
    if (goods or words) and (fill_up or not goods):
        yield any_of(dict.fromkeys(_each_word((*goods, *words))))
    single = [word for word in dict.fromkeys(query) if len(word) == 1 and is_han(word)]
    if fill_up and len(single) > 1:
        yield any_two_of(single[:_MOST_CHARACTERS])


def _either(wishes: Sequence[Wish]) -> Wish:
    return Wish(tuple(term for wish in wishes for term in wish.terms), Place.LABEL)


def _each_word(wishes: Sequence[Wish]) -> Iterator[str]:
    return (word for wish in wishes for term in wish.terms for word in term)


def _ask(
    session: Session,
    merchant_id: str,
    sieve: Sieve,
    question: Question,
    most: int,
) -> list[Found]:
    hits = products_with(session, merchant_id, question)
    rows = session.execute(
        select(Product, hits.c.score)
        .join(hits, hits.c.product_id == Product.id)
        .where(*sieve.conditions())
        .order_by(hits.c.score.desc(), Product.id)
        .limit(most)
    ).all()
    variants = sieve.variants([product.id for product, _ in rows])
    return [
        Found(product, variants[product.id], price_of(variants[product.id]), score)
        for product, score in rows
        if product.id in variants
    ]


def _near_the_best(hits: Sequence[Found]) -> list[Found]:
    """Words may stand in any text; goods are looked for on labels only and need no such judge."""
    return [hit for hit in hits if hit.score >= hits[0].score * _WORTH_SHOWING]


def _longest(product: Product, said: str) -> int:
    """Length of the longest of its titles that was said; 0 for none."""
    titles = {_bare(title) for title in product.title.values()}
    return max((len(title) for title in titles if title and title in said), default=0)


def _bare(text: str) -> str:
    """For comparing names: one case, one width, no spaces or marks."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", text).casefold())
