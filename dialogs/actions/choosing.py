"""Which variant was meant: a press gives its id, typed words its colour, size or name."""

from collections.abc import Sequence

from data.catalogue import Variant
from data.kernel.locales import Locale
from dialogs.actions.base import ShopAction
from dialogs.actions.product_answers import answer_about, has, named_in
from dialogs.actions.products import of_turn, variant_words
from dialogs.actions.shopping import on_shelf
from dialogs.actions.turn import Turn
from dialogs.understanding.folding import folded


class ValidateVariant(ShopAction):
    """Only a variant of the product being bought; of words that fit none or several, we ask."""

    called = "validate_variant"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("variant") or "")
        variants = on_shelf(turn, str(turn.slots.get("product") or ""))
        if any(said == variant.id for variant in variants):
            return
        words = folded(said)
        meant = meant_among(words, variants)
        turn.set("variant", meant[0].id if len(meant) == 1 else None)
        if not meant:
            _say_what_there_is(turn, words)


def _say_what_there_is(turn: Turn, words: str) -> None:
    product_id, named = turn.slots.get("product"), named_in(words)
    if product_id and named:
        answer_about(turn, of_turn(turn, str(product_id)), min(named))
    else:
        turn.say("utter_cannot_handle")


def meant_among(words: str, variants: Sequence[Variant]) -> list[Variant]:
    """By the whole name if one was said, else by what people call its colour or size."""
    there = [variant for variant in variants if variant.available]
    by_name = [variant for variant in there if any(name in words for name in _names(variant))]
    names = named_in(words)
    return by_name or [variant for variant in there if any(has(variant, name) for name in names)]


def _names(variant: Variant) -> set[str]:
    return {folded(words) for locale in Locale if (words := variant_words(variant, locale))}


ACTIONS = (ValidateVariant,)
