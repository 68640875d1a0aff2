"""Where a common order goes, changed by its organiser while people may still join."""

from data.delivery.messages import Option
from data.kernel.errors import WrongState
from data.orders import kept_address
from data.split_orders import SplitOrder, own_splits, say_where, split_of, split_view
from dialogs.actions.addresses import glimpse
from dialogs.actions.base import ShopAction
from dialogs.actions.split_saying import the_one
from dialogs.actions.turn import Turn
from dialogs.engine.commands import SetSlot, StartFlow

_FLOW, _SLOT, _CHANGED = "split_address", "split_to_send", "utter_split_address_changed"


def elsewhere(turn: Turn, split: SplitOrder) -> tuple[Option, ...]:
    """The way to change it; flows that a shop published before have none."""
    if not turn.knows(_CHANGED):
        return ()
    payload = f"/StartFlow({_FLOW}, {_SLOT}={split.id})"
    return (turn.option("utter_split_address_button", payload),)


def ask_of_common_order(turn: Turn) -> bool:
    """Whether this person organises one that may go elsewhere; of several they say which. Alone:
    an address is private."""
    if turn.in_group or not turn.knows(_CHANGED):
        return False
    own = own_splits(turn.session, person_id=turn.person.id, chat_id=None, now=turn.now)
    if not own.organised:
        return False
    split = the_one(turn, own.organised, f"/StartFlow({_FLOW}, {_SLOT}={{}})")
    if split is not None:
        turn.commands += [StartFlow(_FLOW), SetSlot(_SLOT, split.id)]
    return True


class SplitAddress(ShopAction):
    """Sealed in the order at once; only its organiser may say it."""

    called = "action_split_address"

    def act(self, turn: Turn) -> None:
        reference = str(turn.slots.get("ship_to"))
        address = kept_address(turn.session, person=turn.person, reference=reference)
        try:
            say_where(
                turn.session,
                split_id=_asked(turn),
                organiser_id=turn.person.id,
                address=address,
                now=turn.now,
            )
        except WrongState:  # it ended while they were asked
            turn.say("utter_split_closed")
        else:
            turn.say(_CHANGED, **glimpse(address))


class CheckSplitToSend(ShopAction):
    """Where it goes is not asked again once nobody can change that any more."""

    called = "action_check_split_to_send"

    def act(self, turn: Turn) -> None:
        split = split_of(turn.session, merchant_id=turn.merchant.id, split_id=_asked(turn))
        turn.end_if(not split_view(turn.session, split, now=turn.now).is_open)


def _asked(turn: Turn) -> str:
    return str(turn.slots.get(_SLOT) or "")


ACTIONS = (SplitAddress, CheckSplitToSend)
