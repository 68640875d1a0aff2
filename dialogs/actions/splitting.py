"""One order that a group fills together, begun in the group and set up in its organiser's own chat:
how long, and where it goes. What people put in stands in split_joining.py."""

from datetime import timedelta

from data.delivery.messages import Option, Options
from data.kernel.errors import TooOften, WrongState
from data.orders import kept_address
from data.people import Chat
from data.split_orders import cancel_split, open_split, split_of, split_terms_of, split_view
from dialogs.actions.addresses import glimpse
from dialogs.actions.adults import only_adults
from dialogs.actions.base import ShopAction
from dialogs.actions.split_address import elsewhere
from dialogs.actions.split_saying import close_now
from dialogs.actions.turn import Turn

_BUTTON = "utter_split_together_button"
_OFFERED = (30, 60, 120)  # minutes
_FEWEST, _MOST = 10, 72 * 60  # as the shop's own limits: data/split_orders/terms.py


def ordering_together(turn: Turn) -> tuple[Option, ...]:
    """Beside what a group may buy as a team: where the shop offers it and its flows know of it."""
    if split_terms_of(turn.merchant) is None or not turn.knows(_BUTTON):
        return ()
    return (turn.option(_BUTTON, "/Act(action_split_aside)"),)


class SplitAside(ShopAction):
    """Said in a group: it goes on alone, for an address is private; the card comes back here."""

    called = "action_split_aside"

    def act(self, turn: Turn) -> None:
        if split_terms_of(turn.merchant) is None:
            turn.say("utter_split_not_offered")
            return
        turn.go_on_privately("split_start", split_chat=turn.chat.id)


class SplitWhere(ShopAction):
    """In which group; said alone, there is none yet."""

    called = "action_split_where"

    def act(self, turn: Turn) -> None:
        turn.set("split_ready", False)
        if split_terms_of(turn.merchant) is None:
            turn.say("utter_split_not_offered")
        elif _group_of(turn) is None:
            turn.say("utter_split_in_group")
        else:
            turn.set("split_ready", True)


def _group_of(turn: Turn) -> Chat | None:
    chat = turn.session.get(Chat, str(turn.slots.get("split_chat") or ""))
    return chat if chat is not None and chat.merchant_id == turn.merchant.id else None


class AskSplitMinutes(ShopAction):
    """With the shop's terms, before anything is promised."""

    called = "action_ask_split_minutes"

    def act(self, turn: Turn) -> None:
        terms = split_terms_of(turn.merchant)
        if terms is None:
            turn.say("utter_split_not_offered")
            return
        options = [
            turn.option(
                "utter_split_minutes_button",
                f"/SetSlots(split_minutes={minutes})",
                minutes=str(minutes),
            )
            for minutes in _OFFERED
        ]
        response = "utter_ask_split_minutes"
        if terms.free_from is not None:
            response = "utter_ask_split_minutes_free"
        turn.say(
            response,
            Options(tuple(options)),
            minimum=terms.minimum,
            fee=terms.fee,
            free_from=terms.free_from,
        )


class ValidateSplitMinutes(ShopAction):
    called = "validate_split_minutes"

    def act(self, turn: Turn) -> None:
        if not _FEWEST <= _minutes(turn) <= _MOST:
            turn.set("split_minutes", None)
            turn.say("utter_split_minutes_unclear")


def _minutes(turn: Turn) -> int:
    """As a number, or as what was read of "45"."""
    said = turn.slots.get("split_minutes") or 0
    return int(said["value"]) if isinstance(said, dict) else int(said)


class OpenSplit(ShopAction):
    """Its card appears in the group; closing and calling off are its organiser's."""

    called = "action_open_split"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        chat = _group_of(turn)
        reference = str(turn.slots.get("ship_to"))
        address = kept_address(turn.session, person=turn.person, reference=reference)
        minutes = _minutes(turn)
        for done in ("split_chat", "split_minutes"):  # of this one alone
            turn.set(done, None)
        try:
            split = open_split(
                turn.session,
                organiser=turn.person,
                window=timedelta(minutes=minutes),
                address=address,
                chat_id=chat.id if chat else None,
                now=turn.now,
            )
        except TooOften as refusal:
            turn.say("utter_split_not_now", limit=str(refusal.values.get("limit", "")))
            return
        turn.set("split", split.id)
        close = turn.option(
            "utter_split_close_button", f"/Act(action_close_split, split={split.id})"
        )
        off = turn.option("utter_split_off_button", f"/StartFlow(split_off, split={split.id})")
        ways = Options((close, *elsewhere(turn, split), off))
        turn.say("utter_split_opened", ways, **glimpse(address))


class CloseSplit(ShopAction):
    """Ordered now: its organiser alone, where enough is paid."""

    called = "action_close_split"

    def act(self, turn: Turn) -> None:
        close_now(turn, str(turn.slots.get("split") or ""))


class AskSplitOff(ShopAction):
    """As long as there is something to call off: what is over asks nothing any more."""

    called = "action_ask_confirm_split_off"

    def act(self, turn: Turn) -> None:
        split_id = str(turn.slots.get("split") or "")
        split = split_of(turn.session, merchant_id=turn.merchant.id, split_id=split_id)
        if split_view(turn.session, split, now=turn.now).is_open:
            turn.say("utter_ask_confirm_split_off")
        else:
            turn.set("confirm_split_off", False)
            turn.say("utter_split_closed")


class CancelSplit(ShopAction):
    """Its organiser alone, and only after a yes."""

    called = "action_cancel_split"

    def act(self, turn: Turn) -> None:
        try:
            cancel_split(
                turn.session,
                merchant_id=turn.merchant.id,
                split_id=str(turn.slots.get("split") or ""),
                organiser_id=turn.person.id,
                now=turn.now,
            )
        except WrongState:  # it ended while they were asked
            turn.say("utter_split_closed")


ACTIONS = (
    SplitAside,
    SplitWhere,
    AskSplitMinutes,
    ValidateSplitMinutes,
    OpenSplit,
    CloseSplit,
    AskSplitOff,
    CancelSplit,
)
