"""Looking for something on the shelves, and buying what was seen there."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from data.catalogue import (
    Article,
    Filters,
    Found,
    Product,
    Variant,
    find_by_gtin,
    price_of,
    search,
    text_in,
    variants_of,
)
from data.delivery.messages import Card, Option, Options
from dialogs.actions.ages import forbidden_in
from dialogs.actions.base import ShopAction
from dialogs.actions.budgets import budget_of, say_converted, unknown_currency
from dialogs.actions.products import of_turn, product_card
from dialogs.actions.seen import is_buying, products_seen, talk_of, talked_of
from dialogs.actions.turn import Turn
from dialogs.engine.commands import SetSlot, StartFlow
from dialogs.understanding.folding import fold
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.outcome import Entity
from dialogs.understanding.values import Setting, extract

_SHOWN = 5
_WHILE = timedelta(minutes=30)  # our decision: as long as one talk
_MARKS = " 的,，。.!！"
# What is said beside a product: how many, which one, for how much.
_BOUNDS = frozenset({"money", "age"})
_NO_THING = frozenset({"money", "quantity", "ordinal", "attribute"})


class SearchProducts(ShopAction):
    """Five cards at most, by words in any language or by the number under a bar code."""

    called = "action_search_products"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("search_for") or "")
        turn.set("searched", {"for": said, "until": (turn.now + _WHILE).isoformat()})
        words, unfit = _without_amounts(turn, said), forbidden_in(_values(turn, said))
        if unknown_currency(turn):
            turn.set("budget", None)
        say_converted(turn)
        found = _by_code(turn, words) or _by_words(turn, words, unfit=unfit)
        if found:
            talk_of(turn, None)
            turn.say("utter_search_found", *(_card(turn, one) for one in found))
        elif _bounds(turn) != (None, None) and _by_words(turn, words, any_price=True, unfit=unfit):
            turn.say("utter_search_nothing_at_that_price", budget=turn.slots.get("budget"))
        else:
            turn.say("utter_search_nothing")


class BuySeen(ShopAction):
    """ "I'll take it": the one thing in sight goes to the checkout; of several, one is named. A
    word for something else looks for that: nobody who wants a mug is sold the glasses in sight."""

    called = "action_buy_seen"

    def act(self, turn: Turn) -> None:
        seen = products_seen(turn)
        word = _named_thing(turn)
        meant = talked_of(turn, seen)
        if word:
            seen = _fitting(turn, word, seen)
        elif meant:
            seen = [meant]
        if word and not seen:
            turn.commands += [StartFlow("product_search"), SetSlot("search_for", word)]
        elif is_buying(turn):
            title = text_in(of_turn(turn, str(turn.slots["product"])).title, turn.locale)
            turn.say("utter_already_buying", title=title)
        elif len(seen) == 1:
            turn.commands += [StartFlow("checkout"), SetSlot("product", seen[0])]
            turn.commands += _only_variant(turn, seen[0])
        elif seen:
            turn.say("utter_which_to_buy", Options(tuple(named_option(turn, one) for one in seen)))
        else:
            turn.say("utter_nothing_to_buy")


def _named_thing(turn: Turn) -> str:
    """The words for a product in "I want to buy two of the red mugs"; nothing in "I'll buy it"."""
    words = str(turn.slots.get("search_for") or "")
    for value in reversed(_values(turn, words)):
        if value.kind in _NO_THING:
            words = f"{words[: value.start]} {words[value.end :]}"
    left = re.sub(lexicon().pattern("pointers"), " ", fold(words).text)
    return words.strip(_MARKS) if left.strip(_MARKS) else ""


def _fitting(turn: Turn, word: str, seen: list[str]) -> list[str]:
    found = {one.product.id for one in _by_words(turn, word, any_price=True)}
    return [product_id for product_id in seen if product_id in found]


def buy_option(turn: Turn, product: Product | Article, variant: Variant | None = None) -> Option:
    """A button straight to the checkout; what there is only one of need not be asked."""
    return turn.option("utter_buy_button", _checkout(turn, product.id, variant))


def named_option(turn: Turn, product_id: str) -> Option:
    title = text_in(of_turn(turn, product_id).title, turn.locale)
    return Option(turn.words("utter_product_button", title=title), _checkout(turn, product_id))


def on_shelf(turn: Turn, product_id: str) -> list[Variant]:
    return list(variants_of(turn.session, merchant_id=turn.merchant.id, product_id=product_id))


def _checkout(turn: Turn, product_id: str, variant: Variant | None = None) -> str:
    one = variant.id if variant else next((c.value for c in _only_variant(turn, product_id)), None)
    chosen = f", variant={one}" if one else ""
    return f"/StartFlow(checkout, product={product_id}{chosen})"


def _only_variant(turn: Turn, product_id: str) -> list[SetSlot]:
    left = [variant for variant in on_shelf(turn, product_id) if variant.available]
    return [SetSlot("variant", left[0].id)] if len(left) == 1 else []


def _by_code(turn: Turn, words: str) -> list[Found]:
    digits = "".join(word for word in words.split() if word.isdigit()) or words
    variant = find_by_gtin(turn.session, merchant_id=turn.merchant.id, gtin=digits)
    if variant is None:
        return []
    return [Found(of_turn(turn, variant.product_id), variant, price_of(variant), 1.0)]


def _by_words(
    turn: Turn, words: str, *, any_price: bool = False, unfit: tuple[str, ...] = ()
) -> list[Found]:
    low, high = (None, None) if any_price else _bounds(turn)
    return search(
        turn.session,
        merchant_id=turn.merchant.id,
        query=words,
        filters=Filters(min_price=low, max_price=high, excluded=unfit),
        limit=_SHOWN,
        fill_up=False,
    )


def _without_amounts(turn: Turn, words: str) -> str:
    """两百以内的茶具 looks for 茶具: the amount is a bound, an age no word of a title."""
    for value in reversed([one for one in _values(turn, words) if one.kind in _BOUNDS]):
        words = f"{words[: value.start]} {words[value.end :]}"
    return words.strip(_MARKS) or words


def _values(turn: Turn, words: str) -> tuple[Entity, ...]:
    today = turn.now.astimezone(ZoneInfo(turn.person.timezone)).date()
    return extract(fold(words), Setting(today, turn.locale, turn.merchant.currency))


def _bounds(turn: Turn) -> tuple[Any, Any]:
    return budget_of(turn.slots.get("budget"), turn.merchant)


def _card(turn: Turn, found: Found) -> Card:
    there = bool(found.variant.available)
    return product_card(
        turn,
        found.product,
        price=found.price,
        reasons=() if there else (turn.words("utter_sold_out_word"),),
        options=(buy_option(turn, found.product),) if there else (),
    )


ACTIONS = (SearchProducts, BuySeen)
