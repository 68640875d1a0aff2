"""Finding products: by words, by a name in somebody's sentence.

All that was said first; then the goods that were named, whatever else was said of them; the places
left over go to products with some of the words, or two of the Chinese characters on their label.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue.filters import Filters, Sieve, sieve_of
from data.catalogue.floor import shelf_of
from data.catalogue.matching import products_with
from data.catalogue.models import Product, Variant
from data.catalogue.questions import Place, Question, Wish, any_of, any_two_of
from data.catalogue.shelf import Article, Piece
from data.catalogue.sought import Sought, sought_in
from data.catalogue.tokens import is_han, telling, tokeniser_of
from data.kernel.money import Money

_MOST_WORDS = 48  # of one query: a long message is not a more precise one
_MOST_CHARACTERS = 8  # 28 pairs
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


@dataclass(frozen=True, slots=True)
class _Hit:
    article: Article
    piece: Piece
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
    sieve = sieve_of(session, merchant_id=merchant_id, filters=filters)
    found: dict[str, _Hit] = {}
    cut = tokeniser_of(session)
    sought = sought_in(cut, query)
    for question in _attempts(sought, cut(query), fill_up=fill_up):
        hits = list(islice(_hits(session, merchant_id, sieve, question), limit))
        for each in hits if fill_up or sought.goods else _near_the_best(hits):
            found.setdefault(each.article.id, each)
        if len(found) >= limit or (found and not fill_up):
            break
    return _whole(session, list(found.values())[:limit])


def find_by_name(session: Session, *, merchant_id: str, text: str, limit: int) -> list[Product]:
    """Products whose whole title, in any language, stands in the text; the longest title first."""
    words = telling(tokeniser_of(session)(text))[:_MOST_WORDS]
    if not words:
        return []
    shelf = shelf_of(session, merchant_id=merchant_id)
    hits = products_with(session, merchant_id, any_of(words, Place.TITLE))
    candidates = islice(filter(None, (shelf.get(one) for one, _ in hits)), _NAME_CANDIDATES)
    said = _bare(text)
    named = [
        (longest, article.id) for article in candidates if (longest := _longest(article, said))
    ]
    named.sort(key=lambda pair: (-pair[0], pair[1]))
    ids = [product_id for _, product_id in named[:limit]]
    whole = {one.id: one for one in session.scalars(select(Product).where(Product.id.in_(ids)))}
    return [whole[product_id] for product_id in ids]


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


def _hits(session: Session, merchant_id: str, sieve: Sieve, question: Question) -> Iterator[_Hit]:
    for product_id, score in products_with(session, merchant_id, question):
        article = sieve.shelf.get(product_id)
        piece = sieve.choice(article) if article else None
        if article and piece:
            yield _Hit(article, piece, score)


def _whole(session: Session, hits: Sequence[_Hit]) -> list[Found]:
    """Only what is shown is read whole."""
    rows = session.execute(
        select(Product, Variant)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.id.in_([hit.piece.id for hit in hits]))
    )
    whole = {product.id: (product, variant) for product, variant in rows}
    return [Found(*whole[hit.article.id], hit.piece.price, hit.score) for hit in hits]


def _near_the_best(hits: Sequence[_Hit]) -> list[_Hit]:
    """Words may stand in any text; goods are looked for on labels only and need no such judge."""
    return [hit for hit in hits if hit.score >= hits[0].score * _WORTH_SHOWING]


def _longest(article: Article, said: str) -> int:
    """Length of the longest of its titles that was said; 0 for none."""
    titles = {_bare(title) for title in article.title.values()}
    return max((len(title) for title in titles if title and title in said), default=0)


def _bare(text: str) -> str:
    """For comparing names: one case, one width, no spaces or marks."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", text).casefold())
