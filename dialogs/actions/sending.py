"""Another address for an order that stands: asked, shown, confirmed, and only then changed."""

from data.kernel.errors import Refused, WrongState
from data.orders import Order, OrderState, can_go_elsewhere, change_address, kept_address
from data.orders.change_models import BUYER
from dialogs.actions.addresses import glimpse
from dialogs.actions.after_sale import newest_orders
from dialogs.actions.base import ShopAction
from dialogs.actions.meant_orders import OVER, Wish, ask, check, find, mine
from dialogs.actions.one_address import TO_LEADER
from dialogs.actions.seen import is_buying
from dialogs.actions.shipping import ANEW
from dialogs.actions.split_address import ask_of_common_order
from dialogs.actions.turn import Turn
from dialogs.engine.commands import SetSlot, StartFlow

_LEFT = (OrderState.SHIPPED, OrderState.DELIVERED)


def _fits(_turn: Turn, order: Order) -> bool:
    return can_go_elsewhere(order)


def _refuse(turn: Turn, order: Order) -> None:
    if order.state in _LEFT:
        turn.say("utter_address_too_late", number=order.number)
    else:
        turn.say("utter_change_address")


WISH = Wish("order_address", "order_to_send", "address_step", _fits, _refuse)


class ChangeAddress(ShopAction):
    """Amid an order the question is opened again; else an order that stands is meant."""

    called = "action_change_address"

    def act(self, turn: Turn) -> None:
        if turn.slots.get("ship_to") == TO_LEADER:
            turn.say("utter_leader_gives_the_address")
        elif turn.slots.get("ship_to"):
            turn.say("utter_address_anew")
            turn.commands.append(SetSlot("ship_to", ANEW))
        elif is_buying(turn):
            turn.say("utter_address_comes")
        elif turn.knows("utter_confirm_address"):
            number = turn.slots.get("order_said")
            turn.commands.append(StartFlow(WISH.flow))
            turn.commands += [SetSlot("order_said", number)] if number else []
        else:  # an older version of the flows, which cannot go on by itself
            turn.say("utter_change_address")


class FindOrderToSend(ShopAction):
    called = "action_find_order_to_send"

    def act(self, turn: Turn) -> None:
        if _none_fits(turn) and ask_of_common_order(turn):
            turn.set(WISH.step, OVER)
        else:
            find(turn, WISH)


def _none_fits(turn: Turn) -> bool:
    """No order is named, and none of theirs may go elsewhere."""
    is_named = turn.slots.get(WISH.slot) or turn.slots.get("order_said")
    return not is_named and not any(can_go_elsewhere(one) for one in newest_orders(turn))


class AskOrderToSend(ShopAction):
    called = "action_ask_order_to_send"

    def act(self, turn: Turn) -> None:
        ask(turn, WISH)


class ValidateOrderToSend(ShopAction):
    called = "validate_order_to_send"

    def act(self, turn: Turn) -> None:
        check(turn, WISH)


class AskConfirmAddress(ShopAction):
    called = "action_ask_confirm_address"

    def act(self, turn: Turn) -> None:
        order = mine(turn, turn.slots["order_to_send"])
        address = kept_address(turn.session, person=turn.person, reference=turn.slots["ship_to"])
        turn.say("utter_confirm_address", number=order.number, **glimpse(address))


class CheckOrderToSend(ShopAction):
    """As with an order to call off: where it goes is not asked again once it goes nowhere."""

    called = "action_check_order_to_send"

    def act(self, turn: Turn) -> None:
        order_id = turn.slots.get("order_to_send")
        turn.end_if(bool(order_id) and not can_go_elsewhere(mine(turn, str(order_id))))


class MoveOrder(ShopAction):
    """Whether it is still possible is decided under the order's lock, not by what was shown."""

    called = "action_move_order"

    def act(self, turn: Turn) -> None:
        order = mine(turn, turn.slots["order_to_send"])
        address = kept_address(turn.session, person=turn.person, reference=turn.slots["ship_to"])
        try:
            change_address(
                turn.session,
                order_id=order.id,
                person_id=turn.person.id,
                address=address,
                by=BUYER,
                now=turn.now,
            )
        except WrongState:
            turn.session.refresh(order)
            _refuse(turn, order)
        except Refused:
            turn.say("utter_change_address")
        else:
            turn.say("utter_address_changed", number=order.number, **glimpse(address))


ACTIONS = (
    ChangeAddress,
    FindOrderToSend,
    AskOrderToSend,
    ValidateOrderToSend,
    AskConfirmAddress,
    CheckOrderToSend,
    MoveOrder,
)
