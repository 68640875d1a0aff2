"""Who wants their order hurried along is told how it stands, and who can hurry: people of the shop,
not we."""

from data.delivery.messages import Option
from data.orders import Order, OrderKind, OrderState
from dialogs.actions.after_sale import go_on_alone, newest_orders, own_order, show_orders
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn

_HONEST, _BUTTON = "utter_nudge_order", "utter_nudge_order_button"
_MOST = 3
_TO_SEND = frozenset({OrderState.PAID, OrderState.READY})
_NO_PARCEL = frozenset({OrderKind.CHANGE, OrderKind.POOL})  # nothing of theirs is sent by these


class NudgeOrder(ShopAction):
    """By a button (then its number is known) or by words: then what waits to be sent, else what
    there is."""

    called = "action_nudge_order"

    def act(self, turn: Turn) -> None:
        if turn.in_group:
            go_on_alone(turn, "order_status")
            return
        number = turn.slots.get("order_said")
        named = own_order(turn, str(number)) if number else None
        waiting = [named] if named else waiting_to_be_sent(turn)
        tell_waiting(turn, waiting or newest_orders(turn)[:_MOST])


def waiting_to_be_sent(turn: Turn) -> list[Order]:
    """Paid, and still with the shop; the newest few. What waits for its team is not."""
    return [order for order in newest_orders(turn) if _waits(order)][:_MOST]


def on_their_way(turn: Turn) -> list[Order]:
    return [order for order in newest_orders(turn) if order.state == OrderState.SHIPPED][:_MOST]


def _waits(order: Order) -> bool:
    return order.state in _TO_SEND and order.kind not in _NO_PARCEL


def tell_waiting(turn: Turn, orders: list[Order]) -> None:
    show_orders(turn, orders)
    if orders and turn.knows(_HONEST):
        turn.say(_HONEST)


def order_option(turn: Turn, order: Order) -> Option:
    payload = f"/Act(action_nudge_order, order_said={order.number})"
    return turn.option(_BUTTON, payload, number=order.number)


ACTIONS = (NudgeOrder,)
