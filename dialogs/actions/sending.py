"""Another address for an order that stands: asked, shown, confirmed, and only then changed."""

from data.kernel.errors import Refused, WrongState
from data.orders import Order, OrderState, can_go_elsewhere, change_address, kept_address
from data.orders.change_models import BUYER
from dialogs.actions.addresses import glimpse
from dialogs.actions.base import ShopAction
from dialogs.actions.meant_orders import OVER, Wish, ask, check, find, mine
from dialogs.actions.one_address import TO_LEADER
from dialogs.actions.seen import is_ordering
from dialogs.actions.shipping import ANEW
from dialogs.actions.turn import Turn
from dialogs.engine.commands import SetSlot

_LEFT = (OrderState.SHIPPED, OrderState.DELIVERED)


def _fits(_turn: Turn, order: Order) -> bool:
    return can_go_elsewhere(order)


def _refuse(turn: Turn, order: Order) -> None:
    turn.set("ship_to", None)
    if order.state in _LEFT:
        turn.say("utter_address_too_late", number=order.number)
    else:
        turn.say("utter_change_address")


WISH = Wish("change_address", "order_to_send", "address_step", _fits, _refuse)


class ChangeAddress(ShopAction):
    """Amid an order the question is opened again; afterwards an order that stands is meant."""

    called = "action_change_address"

    def act(self, turn: Turn) -> None:
        if "utter_confirm_address" not in turn.domain.responses:  # an older version of the flow
            turn.say("utter_change_address")
            return
        turn.set("address_step", OVER)
        if not is_ordering(turn):
            find(turn, WISH)
        elif turn.slots.get("ship_to") == TO_LEADER:
            turn.say("utter_leader_gives_the_address")
        elif turn.slots.get("ship_to"):
            turn.say("utter_address_anew")
            turn.commands.append(SetSlot("ship_to", ANEW))
        else:
            turn.say("utter_address_comes")


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


ACTIONS = (ChangeAddress, AskOrderToSend, ValidateOrderToSend, AskConfirmAddress, MoveOrder)
