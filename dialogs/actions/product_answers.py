"""Questions about a product: does it come in red, in large, what is it made of, what does it cost.

Answered from the shelf as it is now; what was going on before is asked again afterwards.
"""

from collections.abc import Iterable, Sequence

from data.catalogue import Product, Variant, price_of, text_in
from data.delivery.messages import Option, Options
from data.group_buys import open_teams_in, team_view
from data.kernel.money import Money
from dialogs.actions.base import ShopAction
from dialogs.actions.named_goods import sold_as
from dialogs.actions.products import of_turn, variant_words
from dialogs.actions.seen import (
    is_buying,
    products_seen,
    products_together,
    talk_of,
    talked_of,
)
from dialogs.actions.shopping import buy_option, on_shelf
from dialogs.actions.turn import Turn
from dialogs.understanding.folding import folded
from dialogs.understanding.lexicon import lexicon
from dialogs.wording import in_words

# What a question may name, and the attribute of a variant that answers it.
_NAMED = {"colours": "color", "sizes": "size"}
_ONLY_A_SUFFIX = "色的号码"
_ASK = "/StartFlow(product_question, product_asked="


class AnswerAboutProduct(ShopAction):
    called = "action_answer_about_product"

    def act(self, turn: Turn) -> None:
        shown = products_seen(turn)
        seen = shown or products_together(turn)
        place = turn.slots.get("product_asked")
        product_id = _named(turn, seen) or _pick(seen, place) or talked_of(turn, seen)
        talk_of(turn, product_id)
        asked = turn.slots.get("attribute_asked")
        if product_id is None:
            _ask_which(turn, shown, seen)
        elif asked:
            answer_about(turn, of_turn(turn, product_id), str(asked))
        else:
            _describe(turn, of_turn(turn, product_id))


def _named(turn: Turn, seen: Sequence[str]) -> str | None:
    """The one that the question names: of those in sight, else the only one of the shop."""
    words = turn.slots.get("product_named")
    if turn.slots.get("product_asked") is not None or not words:
        return None
    named = sold_as(turn.session, turn.merchant.id, str(words))
    if any(one in named for one in seen):
        return next(one for one in named if one in seen) if len(seen) > 1 else seen[0]
    return named[0] if len(named) == 1 else None


def _ask_which(turn: Turn, shown: Sequence[str], seen: Sequence[str]) -> None:
    """Cards are counted; what teams buy is named."""
    if shown or not seen:
        turn.say("utter_which_product" if shown else "utter_no_product_in_sight", **_sending(turn))
        return
    named = enumerate((of_turn(turn, product_id) for product_id in seen), start=1)
    options = tuple(
        Option(text_in(one.title, turn.locale), f"{_ASK}{place})") for place, one in named
    )
    turn.say("utter_which_product_together", Options(options))


def _pick(seen: Sequence[str], place: object) -> str | None:
    """The one in sight, or the one that was counted to; -1 is the last."""
    if isinstance(place, int | float) and seen:
        index = int(place) - 1 if place > 0 else int(place)
        return seen[index] if -len(seen) <= index < len(seen) else None
    return seen[0] if len(seen) == 1 else None


def answer_about(turn: Turn, product: Product, asked: str) -> None:
    """Whether it comes in this colour or size, and what there is if it does not."""
    variants = on_shelf(turn, product.id)
    fitting = [variant for variant in variants if has(variant, asked)]
    there = [variant for variant in fitting if variant.available]
    title = text_in(product.title, turn.locale)
    if there:
        options = Options(tuple(_take(turn, product, variant) for variant in there))
        which = _names(turn, there)
        turn.say("utter_has_it", options, title=title, which=which, price=_price(there))
        return
    left = [variant for variant in variants if variant.available]
    names = _names(turn, left)
    response = "utter_has_no_such" if names else "utter_has_one_kind"
    response = "utter_sold_out_in_it" if fitting else response
    response = response if left else "utter_sold_out_altogether"
    turn.say(response, title=title, which=_word(turn, asked), left=names)


def _describe(turn: Turn, product: Product) -> None:
    variants = on_shelf(turn, product.id)
    left = [variant for variant in variants if variant.available]
    values = {
        "title": text_in(product.title, turn.locale),
        "about": text_in(product.description, turn.locale) + _together(turn, product),
        "price": _price(left or variants),
        "left": _names(turn, left),
        **_sending(turn),
    }
    named = bool(values["left"])
    response = "utter_product_facts" if named else "utter_product_facts_plain"
    turn.say(response if left else "utter_sold_out_altogether", **values)


def _together(turn: Turn, product: Product) -> str:
    """What each pays in the open team of this group that buys it, as a further line."""
    response = "utter_product_together"
    if not turn.in_group or not turn.knows(response):
        return ""
    teams = open_teams_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    views = (team_view(turn.session, team) for team in teams)
    price = next((view.price for view in views if view.product_id == product.id), None)
    return "" if price is None else "\n" + turn.words(response, price=price)


def _take(turn: Turn, product: Product, variant: Variant) -> Option:
    """Amid a checkout it answers or corrects the variant; else it begins one."""
    words = variant_words(variant, turn.locale)
    if not is_buying(turn):
        return Option(
            turn.words("utter_take_button", variant=words),
            buy_option(turn, product, variant).payload,
        )
    label = turn.words("utter_take_button", variant=words)
    return Option(label, f"/SetSlots(variant={variant.id})")


def has(variant: Variant, asked: str) -> bool:
    """Whether this variant is what people of any language call by that word."""
    return any(
        asked in _called(section, text)
        for section, attribute in _NAMED.items()
        for text in _texts(variant, attribute)
    )


def named_in(words: str) -> set[str]:
    """Colours and sizes in folded words: "the white one"; a name by itself is one already."""
    if any(words in lexicon().section(section) for section in _NAMED):
        return {words}
    return {hit.name for hit in lexicon().finder.find(words) if hit.list in _NAMED}


def _texts(variant: Variant, attribute: str) -> Iterable[str]:
    everywhere = (variant.attributes, *variant.attribute_texts.values())
    return {folded(texts[attribute]) for texts in everywhere if texts.get(attribute)}


def _called(section: str, text: str) -> set[str]:
    """ "brick red" is a red, and so is 砖红: a Chinese colour is known by its last letter."""
    by_words = {hit.name for hit in lexicon().finder.find(text) if hit.list == section}
    by_letters = {
        name
        for name, forms in lexicon().section(section).items()
        for form in forms
        if not form.isascii() and (stem := form.rstrip(_ONLY_A_SUFFIX)) and stem in text
    }
    return by_words | by_letters


def _names(turn: Turn, variants: Sequence[Variant]) -> str:
    words = [variant_words(variant, turn.locale) for variant in variants]
    return in_words([word for word in words if word], turn.locale)


def _word(turn: Turn, asked: str) -> str:
    kind = "colour" if asked in lexicon().section("colours") else "size"
    return in_words(asked, turn.locale, kind)


def _price(variants: Sequence[Variant]) -> Money:
    return min((price_of(variant) for variant in variants), key=lambda price: price.minor)


def _sending(turn: Turn) -> dict[str, str]:
    """What sending costs, where the shop has set something."""
    settings, currency = turn.merchant.settings, turn.merchant.currency
    fee, free_from = settings.get("shipping_minor"), settings.get("free_shipping_minor")
    if not fee:
        return {"sending": turn.words("utter_sending_free")}
    values = {"fee": Money(int(fee), currency)}
    if free_from is None:
        return {"sending": turn.words("utter_sending_flat", **values)}
    least = Money(int(free_from), currency)
    return {"sending": turn.words("utter_sending_free_from", **values, free_from=least)}


ACTIONS = (AnswerAboutProduct,)
