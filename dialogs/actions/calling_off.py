"""Calling off an order: which one, what comes back, and the deed itself."""

from data.delivery.messages import Options
from data.kernel.errors import NotFound, WrongState
from data.kernel.money import Money
from data.orders import Order, OrderState, find_order
from data.orders.worth import kept_for
from data.payments import Cancelled, cancel_order
from dialogs.actions.after_sale import (
    can_be_called_off,
    go_on_alone,
    newest_orders,
    own_order,
)
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import goods_words
from dialogs.actions.turn import Turn

_LEFT = (OrderState.SHIPPED, OrderState.DELIVERED)
_SAID = {
    Cancelled.RELEASED: "utter_cancelled_unpaid",
    Cancelled.REFUNDING: "utter_cancelled_paid",
    Cancelled.ALREADY: "utter_cancel_already",
}


class CallAPersonPrivately(ShopAction):
    """A person of the shop never speaks to one customer in front of a group."""

    called = "action_call_a_person_privately"

    def act(self, turn: Turn) -> None:
        turn.go_on_privately("talk_to_a_person")


class FindOrderToCancel(ShopAction):
    """The one that was named or pressed, or the only one there is; else it is asked."""

    called = "action_find_order_to_cancel"

    def act(self, turn: Turn) -> None:
        turn.set("cancel_step", "over")
        if turn.in_group:
            go_on_alone(turn, "order_cancel")
            return
        order_id, number = turn.slots.get("order_to_cancel"), turn.slots.get("order_said")
        if order_id:
            _take(turn, _mine(turn, order_id))
        elif number:
            named = own_order(turn, number)
            if named:
                _take(turn, named)
            else:
                turn.say("utter_order_unknown", number=number)
        else:
            _look_around(turn)


class AskOrderToCancel(ShopAction):
    called = "action_ask_order_to_cancel"

    def act(self, turn: Turn) -> None:
        options = tuple(
            turn.option(
                "utter_which_order_button",
                f"/SetSlots(order_to_cancel={order.id})",
                number=order.number,
                goods=goods_words(turn, order),
            )
            for order in _open(turn)
        )
        turn.say("utter_which_order", Options(options))


class ValidateOrderToCancel(ShopAction):
    """A press gives an id, typed words a number."""

    called = "validate_order_to_cancel"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("order_to_cancel") or "")
        named = next((one for one in newest_orders(turn) if said in (one.id, one.number)), None)
        fits = named is not None and can_be_called_off(named)
        turn.set("order_to_cancel", named.id if named and fits else None)
        if named is not None and not fits:
            _refuse(turn, named)
        elif named is None and said.isdigit():
            turn.say("utter_order_unknown", number=said)


class AskConfirmCancel(ShopAction):
    """What comes back, in words, before anything is done."""

    called = "action_ask_confirm_cancel"

    def act(self, turn: Turn) -> None:
        order = _mine(turn, turn.slots["order_to_cancel"])
        unpaid = order.state == OrderState.AWAITING_PAYMENT
        turn.say(
            "utter_confirm_cancel_unpaid" if unpaid else "utter_confirm_cancel_paid",
            number=order.number,
            goods=goods_words(turn, order),
            total=_goes_back(turn, order),
        )


class CheckOrderToCancel(ShopAction):
    """Whether it can still be called off, before that is asked again after a word about another
    thing; that it went back meanwhile was told when it did."""

    called = "action_check_order_to_cancel"

    def act(self, turn: Turn) -> None:
        order_id = turn.slots.get("order_to_cancel")
        turn.end_if(bool(order_id) and not can_be_called_off(_mine(turn, str(order_id))))


class CancelOrder(ShopAction):
    """Whether it is still possible is decided under the order's lock, not by what was shown."""

    called = "action_cancel_order"

    def act(self, turn: Turn) -> None:
        order = _mine(turn, turn.slots["order_to_cancel"])
        back = _goes_back(turn, order)
        try:
            outcome = cancel_order(
                turn.session, order_id=order.id, person_id=turn.person.id, now=turn.now
            )
        except WrongState:
            turn.say("utter_cancel_too_late", number=order.number, order_id=order.id)
            return
        turn.say(_SAID[outcome.what], number=order.number, total=back)


def _goes_back(turn: Turn, order: Order) -> Money:
    """Of an exchange's order also what stayed for it."""
    return order.total + kept_for(turn.session, order)


def _look_around(turn: Turn) -> None:
    orders = newest_orders(turn)
    still = [order for order in orders if can_be_called_off(order)]
    if len(still) == 1:
        _take(turn, still[0])
    elif still:
        turn.set("cancel_step", "which")
    elif orders and orders[0].state in _LEFT:
        _refuse(turn, orders[0])
    else:
        turn.say("utter_nothing_to_call_off")


def _take(turn: Turn, order: Order) -> None:
    if can_be_called_off(order):
        turn.set("order_to_cancel", order.id)
        turn.set("cancel_step", "confirm")
    else:
        _refuse(turn, order)


def _refuse(turn: Turn, order: Order) -> None:
    too_late = order.state in _LEFT
    said = "utter_cancel_too_late" if too_late else "utter_cancel_already"
    turn.say(said, number=order.number, order_id=order.id)


def _open(turn: Turn) -> list[Order]:
    return [order for order in newest_orders(turn) if can_be_called_off(order)]


def _mine(turn: Turn, order_id: str) -> Order:
    if turn.in_group:
        raise NotFound("order")
    return find_order(
        turn.session, merchant_id=turn.merchant.id, order_id=order_id, person_id=turn.person.id
    )


ACTIONS = (
    CallAPersonPrivately,
    FindOrderToCancel,
    AskOrderToCancel,
    ValidateOrderToCancel,
    AskConfirmCancel,
    CheckOrderToCancel,
    CancelOrder,
)
