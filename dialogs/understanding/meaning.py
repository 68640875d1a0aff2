"""Values and intent together: what to start, what to fill, when to ask back."""

import re
from dataclasses import replace

from data.kernel.locales import Locale
from dialogs.engine.commands import (
    CannotHandle,
    Clarify,
    Command,
)
from dialogs.understanding.address_signs import looks_like_house
from dialogs.understanding.answers import (
    cannot_answer,
    corrects,
    early_amount,
    opening_yes_or_no,
    takes_text,
    text_answer,
    typed_answer,
)
from dialogs.understanding.context import Context
from dialogs.understanding.features import kinds_of
from dialogs.understanding.filling import Findings, fill
from dialogs.understanding.intents import OUT_OF_SCOPE, Guess, classifier
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message
from dialogs.understanding.outcome import Entity, Understood
from dialogs.understanding.payload import looks_like_payload
from dialogs.understanding.pointed import pointed
from dialogs.understanding.pointing import is_question
from dialogs.understanding.wanted import asks_for_goods, is_for_somebody
from dialogs.understanding.wishes import for_intent

# Where any text is the answer, these are part of it: a card may well say "thank you".
_POLITE = frozenset({"greet", "thanks", "bye", "affirm", "deny"})
_OF_GOODS = frozenset({"interest", "attribute"})
_MARKUP = re.compile(r"</?[a-zA-Z!][^>]*>|\{\{|\{%|\$\{")
_OF_AGE = 18
_SEARCH, _GIFT = "product_search", "gift_find"
_CLOSE = 0.1  # two guesses nearer than this are a question to the person
_MODEL = 12  # letters of a digest that tell one set of weights from another
_WHOSE = 3  # letters beside somebody: 给我爸, "for dad"
_LITTLE_LEFT = 6  # letters outside the values: what is left is no wish of its own


def by_meaning(
    message: Message, context: Context, entities: tuple[Entity, ...], language: Locale
) -> Understood:
    guess = _guess(message, entities)
    intent = _accepted(guess, message, context, entities)
    commands, link = _decide(intent, guess, message, context, entities)
    confidence = 1.0 if link in ("offered", "asked", "entities") else guess.confidence
    model = classifier().digest[:_MODEL] if link == "intent" else None
    return Understood(commands, language, link, intent, confidence, entities, model)


def _guess(message: Message, entities: tuple[Entity, ...]) -> Guess:
    if any(e.fields.get("speaker") and e.fields["max"] < _OF_AGE for e in entities):
        return Guess("minor", 1.0)  # said outright; nothing to guess (T54)
    if looks_like_payload(message.original) or is_no_prose(message):
        return Guess(OUT_OF_SCOPE, 1.0)
    guess = classifier().guess(message.folded.text, kinds_of(entities))
    if guess.intent == _SEARCH and is_for_somebody(message, entities):
        return replace(guess, intent=_GIFT, second=_SEARCH)
    return guess


def is_no_prose(message: Message) -> bool:
    """Markup, a piece of a program, or a curse and nothing else."""
    return bool(_MARKUP.search(message.original)) or message.bare in lexicon().of("curses")


def _accepted(
    guess: Guess, message: Message, context: Context, entities: tuple[Entity, ...]
) -> str | None:
    """The intent to act on; amid a question it takes more to leave it."""
    thresholds = classifier().thresholds
    asked = context.asked is not None
    amid = asked and not cannot_answer(message, context)
    bar = thresholds.interrupt if amid else thresholds.start
    bar = max(bar, context.sure_from.get(guess.intent, 0.0))
    if guess.intent == OUT_OF_SCOPE or guess.confidence < bar:
        return None
    return None if asked and _answers(guess, message, context, entities) else guess.intent


def _answers(
    guess: Guess, message: Message, context: Context, entities: tuple[Entity, ...]
) -> bool:
    if guess.intent == "minor" or asks_for_goods(message, guess.intent, entities):
        return False
    if takes_text(context) and (guess.intent in _POLITE or _is_one_value(message, entities)):
        return True
    return _only_values(message, entities, context) or typed_answer(message, context) is not None


def _only_values(message: Message, entities: tuple[Entity, ...], context: Context) -> bool:
    """Whether the message is an answer and little else: 我妈的生日, "for my dad"."""
    said = sum(entity.end - entity.start for entity in entities)
    fills = fill(Findings(entities), context.active_slots, context)
    return bool(fills) and len(message.original.strip()) - said <= _LITTLE_LEFT


def _is_one_value(message: Message, entities: tuple[Entity, ...]) -> bool:
    """爸爸, "for dad": what begins a wish where nothing is asked is here an answer."""
    length = len(message.short.replace(" ", ""))
    values = [one for one in entities if one.kind != "exclusion"]  # "no gift wrap" answers nothing
    around = {one.kind: length - len(one.text.replace(" ", "")) for one in values}
    return 0 in around.values() or ("relation" in around and around["relation"] <= _WHOSE)


def _is_told_aside(message: Message, entities: tuple[Entity, ...]) -> bool:
    """要两个, "make it two" to "where should it go?"; 2座 and 3单元 belong to an address."""
    counted = [one for one in entities if one.kind == "quantity"]
    left = len(message.bare.replace(" ", "")) - sum(one.end - one.start for one in counted)
    return bool(counted) and left <= _LITTLE_LEFT and not looks_like_house(message.bare)


Decision = tuple[tuple[Command, ...], str]


def _decide(
    intent: str | None,
    guess: Guess,
    message: Message,
    context: Context,
    entities: tuple[Entity, ...],
) -> Decision:
    meant = pointed(intent, message, context, entities)
    if meant:
        return meant
    torn = _torn(guess, context)
    if torn and context.asked is None:
        return (Clarify(torn),), "intent"
    if intent:
        commands = for_intent(intent, entities, message, context)
        if commands:
            return commands, "intent"
    return (
        _answer(message, context, entities)
        or _bare_value(message, context, entities)
        or _lost(intent, context)
    )


def _bare_value(
    message: Message, context: Context, entities: tuple[Entity, ...]
) -> Decision | None:
    """Where nothing is going on, "scented candles" are looked for, and 阿嬤 gets a gift."""
    idle = context.asked is None and context.active_flow is None
    said = sum(len(one.text) for one in entities if one.kind in _OF_GOODS)
    mostly = said > 0 and len(message.short) - said <= said + 1  # a space
    wish = _SEARCH if mostly or _narrows(message, context, entities) else None
    if any(one.kind == "relation" for one in entities) and _is_one_value(message, entities):
        wish = _GIFT
    if wish is None or not idle or (mostly and is_question(message)):
        return None
    commands = for_intent(wish, entities, message, context)
    return (commands, "entities") if commands else None


def _narrows(message: Message, context: Context, entities: tuple[Entity, ...]) -> bool:
    """ "20 max", 两百以内呢 right after a search."""
    said = sum(len(one.text) for one in entities if one.kind == "money")
    return bool(context.searched and said) and len(message.short) - said <= _LITTLE_LEFT


def _answer(message: Message, context: Context, entities: tuple[Entity, ...]) -> Decision | None:
    """The open question first; free text is its answer unless the message corrects another."""
    filled = fill(Findings(entities), context.active_slots, context)
    asked = context.asked
    answered = asked is not None and any(command.slot == asked.slot for command in filled)
    if asked and not answered:
        typed = typed_answer(message, context)
        if typed:
            return (typed,), "asked"
        told = filled and (corrects(message) or _is_told_aside(message, entities))
        if takes_text(context) and not told:
            answer = text_answer(message, context)
            return ((answer,), "asked") if answer else None
    if filled:
        return filled, "entities"
    said = opening_yes_or_no(message, asked) or early_amount(message, context)
    return ((said,), "asked") if said else None


def _torn(guess: Guess, context: Context) -> tuple[str, ...] | None:
    """Two flows that fit about equally well."""
    flows = [context.triggers.get(intent) for intent in (guess.intent, guess.second)]
    both = guess.confidence + guess.second_confidence
    close = guess.confidence - guess.second_confidence < _CLOSE
    if not close or both < 2 * classifier().thresholds.start or None in flows:
        return None
    return tuple(flow for flow in flows if flow) if flows[0] != flows[1] else None


def _lost(intent: str | None, context: Context) -> Decision:
    """A yes in many words to a question that wants something named: the question stays."""
    if intent == "affirm" and context.asked is not None:
        return (), "asked"
    return (CannotHandle(f"nothing_for_{intent}" if intent else "unclear"),), "none"
