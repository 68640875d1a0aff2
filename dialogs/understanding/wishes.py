"""What a wish does here: starts its flow, fills the one that runs, steers, or is small talk."""

from dialogs.engine.commands import ChitChat, Command, StartFlow
from dialogs.understanding.context import Context
from dialogs.understanding.filling import Findings, fill
from dialogs.understanding.fixed_words import STEERING
from dialogs.understanding.message import Message
from dialogs.understanding.outcome import Entity
from dialogs.understanding.wanted import wanted_of

_SMALL_TALK = frozenset(
    {"greet", "thanks", "bye", "who_are_you", "help", "affirm", "deny", "minor"}
)
_LOOKING = frozenset({"product_search", "group_buy_start", "buy"})


def for_intent(
    intent: str, entities: tuple[Entity, ...], message: Message, context: Context
) -> tuple[Command, ...]:
    """What an intent does here: starts its flow, fills slots of the running one, or small talk."""
    findings = Findings(entities, intent, wanted_of(message) if intent in _LOOKING else None)
    flow = context.triggers.get(intent)
    if flow and flow != context.active_flow:
        slots = context.flow_slots.get(flow, frozenset())
        return (StartFlow(flow), *fill(findings, slots, context))
    filled = fill(findings, context.active_slots, context)
    if filled:
        return filled
    if intent in STEERING:
        return (STEERING[intent],)
    if intent in _SMALL_TALK:
        return (ChitChat(f"utter_{intent}"),)
    return (StartFlow(flow),) if flow else ()
