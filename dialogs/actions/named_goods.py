"""A product by the words somebody called it: by its title, or else found by what it is."""

import re

from sqlalchemy.orm import Session

from data.catalogue import Filters, Variant, search, shelf_of, variants_of
from data.kernel.errors import OutOfStock
from dialogs.actions.turn import Turn
from dialogs.understanding.folding import folded

_FOUND = 5
_WORD = re.compile(r"[a-z]{4,}")
_SIGNS = re.compile(r"[\u4e00-\u9fff]{2}")


def goods_called(turn: Turn, said: str) -> list[str]:
    """The ids of what these words may mean, the likeliest first."""
    return (titled(turn, said) or _found(turn.session, turn.merchant.id, said))[:_FOUND]


def titled(turn: Turn, said: str) -> list[str]:
    """Products with these very words in their title."""
    wanted = said.strip().casefold()
    shelf = shelf_of(turn.session, merchant_id=turn.merchant.id)
    return [
        article.id
        for article in shelf.articles
        if any(wanted in title.casefold() for title in article.title.values())
    ]


def _found(session: Session, merchant_id: str, said: str) -> list[str]:
    found = search(
        session,
        merchant_id=merchant_id,
        query=said,
        filters=Filters(),
        limit=_FOUND,
        fill_up=False,
    )
    return [one.product.id for one in found]


def sold_as(session: Session, merchant_id: str, said: str) -> list[str]:
    """The ids of what words name, "is the umbrella waterproof?": found by the whole of them, and a
    word of the title stands in them. Words that only say "it" find all sorts of things."""
    shelf = shelf_of(session, merchant_id=merchant_id)
    asked = folded(said)
    words = set(_WORD.findall(asked))
    found = (shelf.get(one) for one in _found(session, merchant_id, said))
    return [
        article.id
        for article in found
        if article and any(_shares(folded(title), asked, words) for title in article.title.values())
    ]


def _shares(title: str, asked: str, words: set[str]) -> bool:
    """A word of letters, or two signs of a script without spaces."""
    if any(word in words or f"{word}s" in words for word in _WORD.findall(title)):
        return True
    pairs = (title[at : at + 2] for at in range(len(title) - 1))
    return any(_SIGNS.fullmatch(pair) and pair in asked for pair in pairs)


def left_of(turn: Turn, product_id: str) -> list[Variant]:
    """Its variants that can be had; OutOfStock where there are none."""
    variants = variants_of(turn.session, merchant_id=turn.merchant.id, product_id=product_id)
    left = [one for one in variants if one.available]
    if not left:
        raise OutOfStock(product_id)
    return left
