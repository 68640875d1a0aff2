"""A product by the words somebody called it: by its title, or else found by what it is."""

from data.catalogue import Filters, Variant, search, shelf_of, variants_of
from data.kernel.errors import OutOfStock
from dialogs.actions.turn import Turn

_FOUND = 5


def goods_called(turn: Turn, said: str) -> list[str]:
    """The ids of what these words may mean, the likeliest first."""
    return (titled(turn, said) or _found(turn, said))[:_FOUND]


def titled(turn: Turn, said: str) -> list[str]:
    """Products with these very words in their title."""
    wanted = said.strip().casefold()
    shelf = shelf_of(turn.session, merchant_id=turn.merchant.id)
    return [
        article.id
        for article in shelf.articles
        if any(wanted in title.casefold() for title in article.title.values())
    ]


def _found(turn: Turn, said: str) -> list[str]:
    found = search(
        turn.session,
        merchant_id=turn.merchant.id,
        query=said,
        filters=Filters(),
        limit=_FOUND,
        fill_up=False,
    )
    return [one.product.id for one in found]


def left_of(turn: Turn, product_id: str) -> list[Variant]:
    """Its variants that can be had; OutOfStock where there are none."""
    variants = variants_of(turn.session, merchant_id=turn.merchant.id, product_id=product_id)
    left = [one for one in variants if one.available]
    if not left:
        raise OutOfStock(product_id)
    return left
