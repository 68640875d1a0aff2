"""What people say of a common order instead of pressing: its organiser closes it or calls it off,
and whoever is in it leaves. Where several could be meant, they say which."""

from collections.abc import Sequence

from data.delivery.messages import Option, Options
from data.kernel.errors import Refused, WrongState
from data.orders import find_order
from data.orders.share_states import ShareState
from data.people import Chat
from data.split_orders import (
    OwnSplits,
    SplitOrder,
    close_split,
    leave_split,
    own_splits,
    part_of,
)
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn


def close_now(turn: Turn, split_id: str) -> None:
    """Its organiser alone, where enough is paid."""
    try:
        close_split(turn.session, split_id=split_id, organiser_id=turn.person.id, now=turn.now)
    except WrongState:
        turn.say("utter_split_closed")
    except Refused as refusal:
        if refusal.detail != "split_short":
            raise
        turn.say("utter_split_short", **refusal.values)


def _own(turn: Turn) -> OwnSplits:
    """In a group those whose card lives there; alone all of theirs."""
    chat_id = turn.chat.id if turn.in_group else None
    return own_splits(turn.session, person_id=turn.person.id, chat_id=chat_id, now=turn.now)


def the_one(turn: Turn, splits: Sequence[SplitOrder], payload: str) -> SplitOrder | None:
    """None: there is none, or several, and they are asked which. `payload` of each: with its id."""
    if len(splits) == 1:
        return splits[0]
    if not splits:
        turn.say("utter_split_closed")
        return None
    options = tuple(_option(turn, split, payload.format(split.id)) for split in splits)
    turn.say("utter_split_which", Options(options))
    return None


def _option(turn: Turn, split: SplitOrder, payload: str) -> Option:
    chat = turn.session.get(Chat, split.chat_id) if split.chat_id else None
    group = chat.title if chat else ""
    left = split.expires_at - turn.now
    return turn.option("utter_split_which_button", payload, group=group, left=left)


class CloseSplitSaid(ShopAction):
    called = "action_split_close_said"

    def act(self, turn: Turn) -> None:
        payload = "/Act(action_close_split, split={})"
        split = the_one(turn, _own(turn).organised, payload)
        if split is not None:
            close_now(turn, split.id)


class CancelSplitSaid(ShopAction):
    """Asked once more, in their own chat: it is everybody's."""

    called = "action_split_off_said"

    def act(self, turn: Turn) -> None:
        split = the_one(turn, _own(turn).organised, "/StartFlow(split_off, split={})")
        if split is not None:
            turn.go_on_privately("split_off", split=split.id)


class LeaveSplitSaid(ShopAction):
    """Unpaid, it is taken out at once; where money goes back, they are asked once more."""

    called = "action_split_leave_said"

    def act(self, turn: Turn) -> None:
        split = the_one(turn, _own(turn).joined, "/StartFlow(split_leave, split={})")
        part = split and part_of(turn.session, split_id=split.id, person_id=turn.person.id)
        if split is None or part is None:
            return
        if part.state != ShareState.HELD:
            turn.go_on_privately("split_leave", split=split.id)
        else:
            leave_split(turn.session, split_id=split.id, person_id=turn.person.id, now=turn.now)


class AskSplitLeave(ShopAction):
    """With what comes back."""

    called = "action_ask_confirm_split_leave"

    def act(self, turn: Turn) -> None:
        split_id = str(turn.slots.get("split") or "")
        part = part_of(turn.session, split_id=split_id, person_id=turn.person.id)
        if part is None:
            turn.set("confirm_split_leave", False)
            turn.say("utter_split_not_in")
            return
        order = find_order(turn.session, merchant_id=turn.merchant.id, order_id=part.order_id)
        turn.say("utter_ask_confirm_split_leave", total=order.total)


ACTIONS = (CloseSplitSaid, CancelSplitSaid, LeaveSplitSaid, AskSplitLeave)
