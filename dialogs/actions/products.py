"""Products as a chat shows them: title and options in the person's language, price, picture."""

from collections.abc import Sequence
from typing import Protocol

from data.catalogue import Article, Product, Variant, attributes_in, get_product, text_in
from data.delivery.messages import Card, Option
from data.kernel.locales import Locale
from data.kernel.money import Money
from dialogs.actions.turn import Turn
from dialogs.wording import in_words

_TELLING = ("color", "size")  # a material is the same for every variant


class Viewer(Protocol):
    """For whom a product is shown, and from which address its picture comes."""

    @property
    def locale(self) -> Locale: ...

    @property
    def public_url(self) -> str: ...


def product_card(
    viewer: Viewer,
    product: Product | Article,
    *,
    price: Money,
    reasons: Sequence[str] = (),
    options: tuple[Option, ...] = (),
) -> Card:
    """Title, price and reasons as text; the picture by its address on our own site."""
    lines = [in_words(price, viewer.locale, "money"), " · ".join(reasons)]
    return Card(
        product_id=product.id,
        title=text_in(product.title, viewer.locale),
        price=price,
        body="\n".join(filter(None, lines)),
        image=image_url(viewer, product.image),
        options=options,
    )


def image_url(viewer: Viewer, image: str | None) -> str | None:
    """The picture as our site serves it: a feed's address is never loaded by a customer."""
    if not image:
        return None
    return f"{viewer.public_url}/media/{image.rsplit('/', 1)[-1]}"


def variant_words(variant: Variant, locale: Locale) -> str:
    """What sets this variant apart: colour, size."""
    texts = attributes_in(variant, locale)
    return " ".join(texts[name] for name in _TELLING if texts.get(name))


def of_turn(turn: Turn, product_id: str) -> Product:
    return get_product(turn.session, merchant_id=turn.merchant.id, product_id=product_id)
