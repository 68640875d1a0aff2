"""A gift for a day that is not kept yet: once it is paid, the day may be remembered for next year.

Asked once: whoever says no is not asked again, nor whoever has stopped all reminders.
"""

from data.occasions import OccasionKind, occasions_of
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn
from dialogs.actions.whose import is_relation
from dialogs.day_words import what_day
from dialogs.engine.commands import SetSlot, StartFlow

_KINDS = (OccasionKind.BIRTHDAY, OccasionKind.ANNIVERSARY)


class OfferGiftDay(ShopAction):
    """After the order: a flow of its own waits for the payment, so that this one can end."""

    called = "action_offer_gift_day"

    def act(self, turn: Turn) -> None:
        slots = turn.slots
        kind, relation = str(slots.get("occasion")), str(slots.get("recipient") or "")
        if not slots.get("order") or slots.get("occasion_id") or not _is_open(turn, kind, relation):
            return
        turn.commands += [
            StartFlow("keep_gift_day"),
            SetSlot("order", slots["order"]),
            SetSlot("occasion_kind", [kind]),
            SetSlot("occasion_person", relation),
        ]


class LookAtGiftDay(ShopAction):
    """Half an hour is long: the day may have been told meanwhile, or all reminders stopped."""

    called = "action_look_at_gift_day"

    def act(self, turn: Turn) -> None:
        turn.set("gift_day_open", _is_open(turn, *_day_of(turn)))


class AskKeepGiftDay(ShopAction):
    called = "action_ask_keep_gift_day"

    def act(self, turn: Turn) -> None:
        kind, relation = _day_of(turn)
        what = what_day(turn.words, kind=kind, relation=relation, subject="")
        turn.say("utter_ask_keep_gift_day", what=what)


def _day_of(turn: Turn) -> tuple[str, str]:
    kinds = turn.slots.get("occasion_kind") or [""]
    return str(kinds[0]), str(turn.slots.get("occasion_person") or "")


def _is_open(turn: Turn, kind: str, relation: str) -> bool:
    """Somebody's day that comes back every year, not kept yet, and offers are welcome."""
    if kind not in _KINDS or not is_relation(relation) or relation == "self":
        return False
    if turn.in_group or turn.person.opted_out_at or turn.slots.get("gift_day_unwanted"):
        return False
    kept = {(day.kind, day.relation) for day in occasions_of(turn.session, person=turn.person)}
    return (kind, relation) not in kept


ACTIONS = (OfferGiftDay, LookAtGiftDay, AskKeepGiftDay)
