"""Pointing at something in sight: 第二个, "the last one", "the scarf", 最便宜的.

Pointing alone chooses. With a question beside it the thing is asked about and nothing is chosen;
with a verb (cancel, delete, change) the verb decides and takes what was pointed at, if it can.
"""

import re
from dataclasses import replace
from functools import cache, lru_cache

from data.catalogue.tokens import is_han, telling, tokenise
from dialogs.engine.commands import ChitChat, Clarify, Command, SetSlot, StartFlow
from dialogs.understanding.choices import numbered
from dialogs.understanding.context import Context, Offered, Ware
from dialogs.understanding.folding import folded
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.lists import is_of_team, listed, product_of
from dialogs.understanding.message import Message, strip_fillers, tidy
from dialogs.understanding.outcome import Entity
from dialogs.understanding.payload import parse_payload

_CHOOSING = ("choice_fillers", "fillers")
_LONGEST_NAME = 60
_REMEMBERED = 10_000  # names of goods that need not be cut again
_SHORTEST_HAN, _SHORTEST_LATIN = 2, 3
_SEVERAL = ChitChat("utter_which_of_these")
_NO_EDGE = r"[\s,.!?;:。,!?、]*"
# A verb and the intents it may mean, the likelier first.
DEEDS = {
    "cancel": ("order_cancel", "reminder_delete"),
    "delete": ("reminder_delete", "order_cancel"),
    "change": (),
}
_THINGS = ("order_cancel", "reminder_delete")
Commands = tuple[Command, ...]


def ordinal_of(entities: tuple[Entity, ...]) -> Entity | None:
    return next((entity for entity in entities if entity.kind == "ordinal"), None)


def deed_of(message: Message) -> str | None:
    """The verb that decides what is to happen with the thing."""
    text = message.folded.text
    return next((deed for deed in DEEDS if _words(f"deeds.{deed}").search(text)), None)


def thing_of(message: Message) -> str | None:
    """What the verb is about: an order, a day that we keep."""
    text = message.folded.text
    return next((one for one in _THINGS if _words(f"things.{one}").search(text)), None)


def is_question(message: Message) -> bool:
    """ "Can I have the second one?" is none: it chooses, politely."""
    text = message.folded.text
    asks = "?" in text or _words("asks_about", "asks").search(text) or _opening().match(text)
    return bool(asks) and not _words("may_i_have").search(text)


def refuses(message: Message, ordinal: Entity) -> bool:
    """ "not the first one" chooses nothing."""
    before = folded(message.original[: ordinal.start])
    return bool(_refusing().search(before))


def by_place(ordinal: Entity, context: Context) -> Commands | None:
    """What stands in this place of the list in force."""
    option = numbered(ordinal.fields["value"], listed(context))
    return parse_payload(option.payload) if option else None


def object_of(deed: str, ordinal: Entity, context: Context) -> Commands | None:
    """The button of that deed which belongs to the thing in this place: 取消第二单."""
    flows = {context.triggers.get(intent) for intent in DEEDS[deed]}
    buttons = [one for one in context.offered if _starts(one, flows)]
    in_order = tuple(replace(one, number=place) for place, one in enumerate(buttons, start=1))
    option = numbered(ordinal.fields["value"], in_order)
    return parse_payload(option.payload) if option else None


def object_alone(message: Message, context: Context) -> Commands | None:
    """ "Delete it", where one thing in sight can be deleted. (Cancelling needs its thing by name:
    "cancel it" ends what is under way.)"""
    rest = strip_fillers(tidy(_words("deeds.delete").sub(" ", message.short)), *_CHOOSING)
    if rest and not _words("takes.it").fullmatch(rest):
        return None
    flows = {context.triggers.get(intent) for intent in DEEDS["delete"]}
    buttons = [one for one in context.offered if _starts(one, flows)]
    return parse_payload(buttons[0].payload) if len(buttons) == 1 else None


def ask_which_deed(deed: str, context: Context) -> Commands | None:
    flows = tuple(flow for intent in DEEDS[deed] if (flow := context.triggers.get(intent)))
    return (Clarify(flows),) if len(flows) > 1 else None


def by_name(message: Message, context: Context) -> Commands | None:
    """What is written on exactly one of the cards; of several that fit, we ask which."""
    if not 0 < len(message.short) <= _LONGEST_NAME:
        return None
    cards = _cards(context)
    if not cards:
        return _team_named(message, context)
    asked_about = is_question(message)
    said = _named(message, asked_about)
    best = _superlative(said, cards)
    if best is not None:
        return about(best[0].number, context) if asked_about else _choice(best)
    if not asked_about and not _points(message, said, context):
        return None
    found = _titled(said, [(one, ware.names) for one, ware in cards])
    if not asked_about:
        return _choice(found)
    return about(found[0].number, context) if len(found) == 1 else None


def _team_named(message: Message, context: Context) -> Commands | None:
    """At "which team?" a part of what one button says."""
    said = _named(message, asked_about=False)
    if is_question(message) or not _points(message, said, context):
        return None
    teams = [one for one in listed(context) if is_of_team(one)]
    return _choice(_titled(said, [(one, (one.label,)) for one in teams]))


def about(place: int, context: Context) -> Commands | None:
    """A question about the thing in this place."""
    flow = context.triggers.get("product_question")
    return (StartFlow(flow), SetSlot("product_asked", place)) if flow else None


def _choice(found: list[Offered]) -> Commands | None:
    if len(found) > 1:
        return (_SEVERAL,)
    return parse_payload(found[0].payload) if found else None


def _cards(context: Context) -> list[tuple[Offered, Ware]]:
    """The cards in force, with what they say."""
    wares = context.wares
    if wares is None:
        return []
    named = ((one, product_of(one.payload)) for one in listed(context))
    found = ((one, wares(product)) for one, product in named if product)
    return [(one, ware) for one, ware in found if ware is not None]


def _named(message: Message, asked_about: bool) -> str:
    """The words that may be a name, without those that choose or ask."""
    text = _words("asks_about").sub(" ", message.short) if asked_about else message.short
    return strip_fillers(tidy(text), *_CHOOSING)


def _points(message: Message, said: str, context: Context) -> bool:
    """Where nothing is asked, a bare word looks for something; "the scarf", 要键盘 choose."""
    chooses = context.asked is not None or said != message.short
    return chooses and not _any_one().match(said)


def _superlative(said: str, cards: list[tuple[Offered, Ware]]) -> list[Offered] | None:
    for name, best in (("cheapest", min), ("dearest", max)):
        if said in lexicon().of(f"words.{name}"):
            price = best(ware.price for _, ware in cards)
            return [one for one, ware in cards if ware.price == price]
    return None


def _titled(said: str, named: list[tuple[Offered, tuple[str, ...]]]) -> list[Offered]:
    words = _tokens(said)
    long_enough = _SHORTEST_HAN if any(map(is_han, words)) else _SHORTEST_LATIN
    if not words or max(map(len, said.split()), default=0) < long_enough:
        return []
    return [one for one, names in named if any(words <= _words_of(name) for name in names)]


def _tokens(said: str) -> set[str]:
    """毯子 is the 毯 of 羊毛盖毯: the ending alone stands in few names."""
    return set(telling(_cut(said.removesuffix("子"))))


def _cut(text: str) -> list[str]:
    return tokenise(folded(text))


@lru_cache(_REMEMBERED)
def _words_of(name: str) -> frozenset[str]:
    return frozenset(_cut(name))


def _starts(option: Offered, flows: set[str | None]) -> bool:
    (command, *values) = parse_payload(option.payload) or (None,)
    return isinstance(command, StartFlow) and bool(values) and command.flow in flows


@cache
def _words(*names: str) -> re.Pattern[str]:
    return re.compile(lexicon().pattern(*names))


@cache
def _opening() -> re.Pattern[str]:
    return re.compile(
        rf"\s*(?:{lexicon().pattern('fillers')}{_NO_EDGE})*{lexicon().pattern('asks_first')}"
    )


@cache
def _refusing() -> re.Pattern[str]:
    return re.compile(rf"{lexicon().pattern('exclusions.before')}{_NO_EDGE}$")


@cache
def _any_one() -> re.Pattern[str]:
    """ "a teapot" is any: it is looked for."""
    return re.compile(lexicon().pattern("search_articles") + r"(?=.)")
