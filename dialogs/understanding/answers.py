"""The open question: whether the message answers it, and with what."""

from typing import Any

from data.orders import AddressParts
from dialogs.engine.commands import Command, SetSlot, SkipQuestion
from dialogs.format.domain import SlotMapping, SlotType
from dialogs.understanding.addresses import ADDRESS, read_address
from dialogs.understanding.context import Asked, Context
from dialogs.understanding.filling import FROM_TEXT, Findings, fill, slot_value
from dialogs.understanding.fixed_words import heard, leading
from dialogs.understanding.folding import folded
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message
from dialogs.understanding.outcome import Entity
from dialogs.understanding.pointing import is_question
from dialogs.understanding.split_words import read_minutes
from dialogs.understanding.values.counts import bare_number
from dialogs.understanding.values.money import bare_money

_LONGEST_TEXT = 1000
_AFFIRM, _MINUTES = "affirm", "split_minutes"
_LEAST_AMOUNT = 10  # below that it is a count or a place in a list


def yes_or_no(message: Message, context: Context) -> tuple[Command, ...] | None:
    """A plain yes or no; to a question that is no yes-or-no, "no" means: nothing, go on, and a yes
    answers nothing: no commands, so the question stays."""
    asked = context.asked
    if asked is None:
        return None
    word = heard(message, ("yes", "no")) or _yes_to(asked, message)
    if asked.type is SlotType.BOOL and word:
        return (SetSlot(asked.slot, word == "yes"),)
    if word == "no" and not takes_text(context):
        return (SkipQuestion(),)
    return () if _only_nods(message, context, asked) else None


def _only_nods(message: Message, context: Context, asked: Asked) -> bool:
    """ "OK" where something is to be named. Free words may be a judgement ("how was it?" "good"),
    but not a mere sign of having heard."""
    free = takes_text(context) and not _mappings(context, asked)
    if not heard(message, ("nods",) if free else ("nods", "yes")):
        return False
    affirms = fill(Findings((), _AFFIRM), (asked.slot,), context)
    return not affirms and typed_answer(message, context) is None


def _mappings(context: Context, asked: Asked) -> tuple[SlotMapping, ...]:
    slot = context.slots.get(asked.slot)
    return slot.mappings if slot else ()


def _yes_to(asked: Asked, message: Message) -> str | None:
    """ "Place the order" to "shall I place the order?": a yes to this question and to no other."""
    forms = {*lexicon().of(f"yes_to.{asked.slot}"), *lexicon().of("words.yes")}
    said = {message.short, message.bare}
    own = said & {*lexicon().of(f"yes_to.{asked.slot}")}
    return "yes" if own or (message.parts and forms.issuperset(message.parts)) else None


def opening_yes_or_no(message: Message, asked: Asked | None) -> SetSlot | None:
    """ "yes, and wrap it": the word counts when the rest said nothing of its own."""
    if asked is None or asked.type is not SlotType.BOOL:
        return None
    for name, value in (("no", False), ("yes", True)):
        if leading(message, name):
            return SetSlot(asked.slot, value)
    return None


def corrects(message: Message) -> bool:
    """ "no, for my dad": an answer to an earlier question, not to this one."""
    return leading(message, "no") is not None


def takes_text(context: Context) -> bool:
    """Whether the whole message may be the answer."""
    asked = context.asked
    slot = context.slots.get(asked.slot) if asked else None
    if asked is None or asked.type in (SlotType.BOOL, SlotType.FLOAT):
        return False
    if slot is None or not slot.mappings:
        return asked.type in (SlotType.TEXT, SlotType.ANY) and not asked.values
    return any(mapping.type == FROM_TEXT for mapping in slot.mappings)


def cannot_answer(message: Message, context: Context) -> bool:
    """A question to a yes-or-no question, or words that hold nothing of the address asked for: it
    takes no more certainty than usual to hear something else in them."""
    asked = context.asked
    if asked is None:
        return False
    if asked.type is SlotType.BOOL:
        return is_question(message)
    asks_address = any(mapping.entity == ADDRESS for mapping in _mappings(context, asked))
    return asks_address and read_address(message.original) == AddressParts()


def text_answer(message: Message, context: Context) -> SetSlot | None:
    text = message.original.strip()[:_LONGEST_TEXT]
    if context.asked is None or not text or not takes_text(context):
        return None
    if _names_somebody(context) and is_question(message):
        return None
    return SetSlot(context.asked.slot, text)


def _names_somebody(context: Context) -> bool:
    """ "Can you speak English?" is nobody's name."""
    mappings = _mappings(context, context.asked) if context.asked else ()
    return any(mapping.entity == "name" for mapping in mappings)


def typed_answer(message: Message, context: Context) -> SetSlot | None:
    """A bare number or the name of an allowed value."""
    asked = context.asked
    if asked is None:
        return None
    named = next((value for value in asked.values if folded(value) == message.bare), None)
    if named is not None:
        return SetSlot(asked.slot, named)
    value = _bare_value(message, context, asked)
    return None if value is None else SetSlot(asked.slot, value)


def _called_by_number(word: str) -> str | None:
    days = lexicon().section("numbered_days").items()
    return next((day for day, forms in days if word in forms), None)


def early_amount(message: Message, context: Context) -> SetSlot | None:
    """ "300" to "who is it for?" is the budget, which would be asked next."""
    number = bare_number(message.bare)
    if context.asked is None or number is None or number < _LEAST_AMOUNT:
        return None
    fields = bare_money(message.bare, context.currency)
    entity = Entity("money", 0, len(message.original), message.original, fields or {})
    for name in sorted(context.active_slots - {context.asked.slot}):
        slot = context.slots.get(name)
        if fields and slot and any(mapping.entity == "money" for mapping in slot.mappings):
            return SetSlot(name, slot_value(entity, "money", context))
    return None


def _bare_value(message: Message, context: Context, asked: Asked) -> Any:
    kinds = {mapping.entity for mapping in _mappings(context, asked)}
    if "money" in kinds:
        fields = bare_money(message.bare, context.currency)
        entity = fields and Entity("money", 0, len(message.original), message.original, fields)
        return slot_value(entity, "money", context) if entity else None
    if "occasion" in kinds:
        return _called_by_number(message.bare)
    if asked.slot == _MINUTES and (minutes := read_minutes(message.bare)) is not None:
        return minutes
    number = bare_number(message.bare)
    if number is not None and "age" in kinds:
        return {"min": number, "max": number}
    return number if "quantity" in kinds or asked.type is SlotType.FLOAT else None
