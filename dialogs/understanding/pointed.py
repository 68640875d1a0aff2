"""What somebody wants of the thing they point at: to have it, to hear of it, or a deed done."""

from dialogs.engine.commands import ChitChat, Command
from dialogs.understanding.context import Context
from dialogs.understanding.lists import asks_whether_it_goes, listed, product_of
from dialogs.understanding.message import Message
from dialogs.understanding.outcome import Entity
from dialogs.understanding.pointing import (
    DEEDS,
    ask_which_deed,
    by_place,
    deed_of,
    is_question,
    object_alone,
    object_of,
    ordinal_of,
    refuses,
    thing_of,
)
from dialogs.understanding.wishes import for_intent

_CHOOSES = (None, "pick", "buy")
_ASKS = "product_question"
_YES_OR_NO = ChitChat("utter_yes_or_no_here")
_KEEPS_DAY = "reminder_add"
# Beside a deed and a thing these say nothing of their own.
_NO_WISH = frozenset({"pick", "buy", "cancel", "deny", _ASKS})
Decision = tuple[tuple[Command, ...], str]


def pointed(
    intent: str | None, message: Message, context: Context, entities: tuple[Entity, ...]
) -> Decision | None:
    """None: nothing was pointed at, or something else was said that counts more."""
    ordinal = ordinal_of(entities)
    deed = deed_of(message)
    if ordinal is None and deed == "delete":
        alone = object_alone(message, context)
        return (alone, "offered") if alone else None
    if ordinal is None or refuses(message, ordinal):
        return None
    if deed:
        return _done(deed, ordinal, intent, message, context, entities)
    if is_question(message):
        return _told(intent, message, context, entities)
    if intent not in _CHOOSES:
        return None
    asks = (_YES_OR_NO,) if asks_whether_it_goes(context) else None
    picked = by_place(ordinal, context) or asks
    return (picked, "offered") if picked else None


def _told(
    intent: str | None, message: Message, context: Context, entities: tuple[Entity, ...]
) -> Decision | None:
    if intent not in (*_CHOOSES, _ASKS):
        return None
    cards = any(product_of(option.payload) for option in listed(context))
    about = entities if cards else _without_ordinal(entities)
    commands = for_intent(_ASKS, about, message, context)
    return (commands, "intent") if commands else None


def _done(
    deed: str,
    ordinal: Entity,
    intent: str | None,
    message: Message,
    context: Context,
    entities: tuple[Entity, ...],
) -> Decision | None:
    """The deed takes the thing in this place where it can; else it asks which."""
    flows = {context.triggers.get(wish) for wish in DEEDS[deed]}
    under_way = context.active_flow in flows
    taken = by_place(ordinal, context) if under_way else object_of(deed, ordinal, context)
    if taken:
        return taken, "offered"
    thing = thing_of(message)
    known = entities if under_way or thing else _without_ordinal(entities)
    wish = _wish(deed, intent, thing, entities)
    commands = for_intent(wish, known, message, context) if wish else None
    commands = commands or ask_which_deed(deed, context)
    return (commands, "intent") if commands else None


def _wish(
    deed: str, intent: str | None, thing: str | None, entities: tuple[Entity, ...]
) -> str | None:
    if deed == "change" and any(entity.kind == "date" for entity in entities):
        return _KEEPS_DAY
    if intent and intent not in _NO_WISH:
        return intent
    return DEEDS[deed][0] if deed == "delete" else thing if thing in DEEDS[deed] else None


def _without_ordinal(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    """A place in a list that is not in sight means nothing."""
    return tuple(entity for entity in entities if entity.kind != "ordinal")
