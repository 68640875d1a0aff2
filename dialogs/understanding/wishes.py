"""What a wish does here: starts its flow, fills the one that runs, steers, or is small talk."""

from dialogs.engine.commands import ChitChat, Command, StartFlow
from dialogs.understanding.context import Context
from dialogs.understanding.filling import Findings, fill
from dialogs.understanding.fixed_words import STEERING
from dialogs.understanding.message import Message
from dialogs.understanding.outcome import Entity
from dialogs.understanding.wanted import wanted_of

_SMALL_TALK = frozenset(
    {
        "greet", "thanks", "bye", "who_are_you", "help", "affirm", "deny", "minor", "returning",
        "ways_to_pay", "shop_service",
    }
)  # fmt: skip
_IN_TURN = ChitChat("utter_one_after_the_other")
_LOOKING = frozenset({"product_search", "group_buy_start", "buy"})


def _several(entities: tuple[Entity, ...]) -> bool:
    people = {entity.fields["value"] for entity in entities if entity.kind == "relation"}
    return len(people) > 1


def _sought(message: Message, entities: tuple[Entity, ...]) -> str | None:
    """An amount alone is looked for nowhere."""
    wanted = wanted_of(message)
    return None if any(e.kind == "money" and e.text == wanted for e in entities) else wanted


def for_intent(
    intent: str, entities: tuple[Entity, ...], message: Message, context: Context
) -> tuple[Command, ...]:
    """What an intent does here: starts its flow, fills slots of the running one, or small talk."""
    findings = Findings(
        entities, intent, _sought(message, entities) if intent in _LOOKING else None
    )
    flow = context.triggers.get(intent)
    if flow and flow != context.active_flow:
        slots = context.flow_slots.get(flow, frozenset())
        first = (_IN_TURN,) if intent == "gift_find" and _several(entities) else ()
        return (*first, StartFlow(flow), *fill(findings, slots, context))
    filled = fill(findings, context.active_slots, context)
    if filled:
        return filled
    if intent in STEERING:
        return (STEERING[intent],)
    if intent in _SMALL_TALK:
        return (ChitChat(f"utter_{intent}"),)
    return (StartFlow(flow),) if flow else ()
