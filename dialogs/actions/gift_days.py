"""A gift for a day that is not kept yet: once it is paid, the day may be remembered for next year.

Offered, not asked: whoever has something else to say is not held up, whoever says no is left alone.
"""

from data.delivery.messages import Options
from data.occasions import OccasionKind, occasions_of
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn
from dialogs.actions.whose import is_relation
from dialogs.day_words import what_day
from dialogs.engine.commands import SetSlot, StartFlow

_KINDS = (OccasionKind.BIRTHDAY, OccasionKind.ANNIVERSARY)


class NoteGiftDay(ShopAction):
    """After the order: a flow of its own waits for the payment, so that this one can end."""

    called = "action_note_gift_day"

    def act(self, turn: Turn) -> None:
        slots = turn.slots
        kind, relation = str(slots.get("occasion")), str(slots.get("recipient") or "")
        if not slots.get("order") or slots.get("occasion_id") or not _is_open(turn, kind, relation):
            return
        turn.commands += [
            StartFlow("gift_day"),
            SetSlot("order", slots["order"]),
            SetSlot("gift_day_kind", kind),
            SetSlot("occasion_person", relation),
        ]


class OfferGiftDay(ShopAction):
    """Half an hour is long: the day may have been told meanwhile, or all reminders stopped."""

    called = "action_offer_gift_day"

    def act(self, turn: Turn) -> None:
        kind, relation = str(turn.slots["gift_day_kind"]), str(turn.slots["occasion_person"])
        if not _is_open(turn, kind, relation):
            return
        keep = f"/StartFlow(keep_gift_day, gift_day_kind={kind}, occasion_person={relation})"
        options = (
            turn.option("utter_keep_gift_day_button", keep),
            turn.option("utter_no_gift_days_button", "/StartFlow(no_gift_days)"),
        )
        what = what_day(turn.words, kind=kind, relation=relation, subject="")
        turn.say("utter_offer_gift_day", Options(options), what=what)


class TakeGiftDay(ShopAction):
    """The day of the button, as the talk about days takes it: all that was said of it."""

    called = "action_take_gift_day"

    def act(self, turn: Turn) -> None:
        turn.set("occasion_kind", [turn.slots["gift_day_kind"]])


def _is_open(turn: Turn, kind: str, relation: str) -> bool:
    """Somebody's day that comes back every year, not kept yet, and offers are welcome."""
    if kind not in _KINDS or not is_relation(relation) or relation == "self":
        return False
    if turn.in_group or turn.person.opted_out_at or turn.slots.get("gift_day_unwanted"):
        return False
    kept = {(day.kind, day.relation) for day in occasions_of(turn.session, person=turn.person)}
    return (kind, relation) not in kept


ACTIONS = (NoteGiftDay, OfferGiftDay, TakeGiftDay)
