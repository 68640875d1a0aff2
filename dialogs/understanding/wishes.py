"""What a wish does here: starts its flow, fills the one that runs, steers, or is small talk."""

from dialogs.engine.commands import Act, ChitChat, Command, StartFlow
from dialogs.understanding.context import Context
from dialogs.understanding.filling import Findings, fill
from dialogs.understanding.fixed_words import STEERING
from dialogs.understanding.message import Message
from dialogs.understanding.outcome import Entity
from dialogs.understanding.wanted import wanted_of

_SMALL_TALK = frozenset(
    {
        "greet", "thanks", "bye", "who_are_you", "help", "affirm", "deny", "minor", "returning",
        "ways_to_pay", "shop_service", "which_is_best", "delivery_time", "group_buy_rules",
    }
)  # fmt: skip
# These go straight to the team, whatever else the person is in the middle of: a seat is taken or
# given up, or how it stands is told. They need no flow; they are presses said in words.
_TO_THE_TEAM = {
    "group_buy_join": "action_join_team",
    "group_buy_leave": "action_leave_team",
    "group_buy_wait": "action_wait_for_place",
    "group_buy_leave_line": "action_leave_line",
    "group_buy_status": "action_tell_teams",
    "group_buy_invite": "action_invite",
    "group_buy_nudge": "action_nudge_team",
    "stop_nudges": "action_stop_nudges",
    "start_nudges": "action_start_nudges",
}
_OF_THE_SHOP = frozenset({"ways_to_pay", "shop_service", "delivery_time", "group_buy_rules"})
_IN_TURN = ChitChat("utter_one_after_the_other")
_LOOKING = frozenset({"product_search", "group_buy_start", "buy", "product_question"})


def _several(entities: tuple[Entity, ...]) -> bool:
    people = {entity.fields["value"] for entity in entities if entity.kind == "relation"}
    return len(people) > 1


def _sought(message: Message, entities: tuple[Entity, ...], context: Context) -> str | None:
    """An amount alone is looked for nowhere, 两百以内的: it narrows what was looked for last."""
    wanted = wanted_of(message)
    amounts = [e.text for e in entities if e.kind == "money"]
    alone = wanted and any(len(wanted) - len(text) <= 1 and text in wanted for text in amounts)
    return wanted if wanted and not alone else _narrowed(amounts, context)


def _narrowed(amounts: list[str], context: Context) -> str | None:
    idle = context.asked is None and context.active_flow is None
    return context.searched if amounts and idle else None


def for_intent(
    intent: str, entities: tuple[Entity, ...], message: Message, context: Context
) -> tuple[Command, ...]:
    """What an intent does here: starts its flow, fills slots of the running one, or small talk."""
    findings = Findings(
        entities, intent, _sought(message, entities, context) if intent in _LOOKING else None
    )
    flow = context.triggers.get(intent)
    if flow and flow != context.active_flow and not _answers(intent, context):
        slots = context.flow_slots.get(flow, frozenset())
        first = (_IN_TURN,) if intent == "gift_find" and _several(entities) else ()
        return (*first, StartFlow(flow), *fill(findings, slots, context))
    if flow is None and intent in _TO_THE_TEAM:
        return (_to_the_team(intent, entities),)
    if intent in _OF_THE_SHOP:  # "no gift wrap" refuses no gift
        kept = tuple(one for one in entities if one.kind == "quantity")
        findings = Findings(kept, intent)
    return fill(findings, context.active_slots, context) or _without_values(intent, flow, context)


def _answers(intent: str, context: Context) -> bool:
    """ "Cheaper" to "which one do you like?": the question takes that wish for its answer."""
    asked = {context.asked.slot} if context.asked else set()
    return bool(fill(Findings((), intent), asked, context))


def _without_values(intent: str, flow: str | None, context: Context) -> tuple[Command, ...]:
    if intent in STEERING:
        return (STEERING[intent],)
    if intent == "affirm" and context.asked is not None:
        return ()  # it agrees to nothing that was asked
    if intent in _SMALL_TALK:
        return (ChitChat(f"utter_{intent}"),)
    return (StartFlow(flow),) if flow else ()


def _to_the_team(intent: str, entities: tuple[Entity, ...]) -> Act:
    counts = (one.fields.get("value") for one in entities if one.kind == "quantity")
    return Act(_TO_THE_TEAM[intent], {"seats": next(counts, 1)})
