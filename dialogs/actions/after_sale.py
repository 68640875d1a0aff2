"""After the order: how it stands, paying it after all, having the same again."""

from data.delivery.messages import Option, Options
from data.kernel.errors import NotFound
from data.orders import (
    Order,
    OrderKind,
    OrderState,
    can_go_elsewhere,
    find_order,
    lines_of,
    order_by_number,
    orders_of,
    returnable,
)
from data.payments.changing import changeable
from data.payments.exchanging import exchangeable
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import give_payment_link, goods_words
from dialogs.actions.exchanges_told import tell_exchanges
from dialogs.actions.seat_checkout import tell_held
from dialogs.actions.turn import Turn
from dialogs.engine.commands import SetSlot, StartFlow

_SHOWN = 3
_TO_CALL_OFF = (
    OrderState.AWAITING_PAYMENT,
    OrderState.PAID,
    OrderState.WAITING_GROUP,
    OrderState.READY,
)
_SENT = (OrderState.SHIPPED, OrderState.DELIVERED)
_WANTED = 2  # buttons of one order among several
_NOT_GOODS = frozenset({OrderKind.CHANGE, OrderKind.POOL})
_INSTEAD = _NOT_GOODS | {OrderKind.EXCHANGE}  # nothing to be bought once more
_CLOSED = (OrderState.EXPIRED, OrderState.CANCELLED)


class ShowOrders(ShopAction):
    """The one that was named, else the newest three, else the seats that nothing is ordered for
    yet. Only to the buyer, and never in a group."""

    called = "action_show_orders"

    def act(self, turn: Turn) -> None:
        number = turn.slots.get("order_said")
        if turn.in_group:
            go_on_alone(turn, "order_status")
            return
        mine = own_order(turn, number) if number else None
        orders = [mine] if mine else newest_orders(turn)[:_SHOWN]
        if number and mine is None:
            turn.say("utter_order_unknown", number=number)
        is_held = not orders and not number and tell_held(turn)
        if orders or not (number or is_held):
            show_orders(turn, orders)


def show_orders(turn: Turn, orders: list[Order]) -> None:
    """How each of them stands, and what can be done about it."""
    if not orders:
        turn.say("utter_no_orders")
    for order in orders:
        _show(turn, order, alone=len(orders) == 1)
        tell_exchanges(turn, order)


class PayAgain(ShopAction):
    """A press: a fresh link for an order that is still to be paid. Older links stay good."""

    called = "action_pay_again"

    def act(self, turn: Turn) -> None:
        order = _pressed(turn)
        if order.can_be_paid(turn.now):
            give_payment_link(
                turn,
                order_id=order.id,
                number=order.number,
                until=order.expires_at - turn.now,
                response=_link_response(order),
            )
        else:
            _show(turn, order, alone=True)


class OrderAgain(ShopAction):
    """A press: the same thing once more; what it costs and whether it is there is read anew."""

    called = "action_order_again"

    def act(self, turn: Turn) -> None:
        (line, *_others) = lines_of(turn.session, _pressed(turn))
        turn.commands += [
            StartFlow("checkout"),
            SetSlot("product", line.product_id),
            SetSlot("variant", line.variant_id),
            SetSlot("quantity", line.quantity),
        ]


def go_on_alone(turn: Turn, flow: str) -> None:
    """What somebody has bought is not for the group."""
    number = turn.slots.get("order_said")
    turn.go_on_privately(flow, **({"order_said": number} if number else {}))


def own_order(turn: Turn, number: str) -> Order | None:
    """Somebody else's number is nobody's: not even that it exists is told."""
    order = order_by_number(turn.session, merchant_id=turn.merchant.id, number=number)
    return order if order is not None and order.person_id == turn.person.id else None


def newest_orders(turn: Turn) -> list[Order]:
    return orders_of(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)


def can_be_called_off(order: Order) -> bool:
    """A difference that was paid goes back only with the order that it changed; a share of a
    present only before it is paid, for then others count on it."""
    if order.state == OrderState.AWAITING_PAYMENT:
        return True
    return order.state in _TO_CALL_OFF and order.kind not in _NOT_GOODS


def _show(turn: Turn, order: Order, *, alone: bool) -> None:
    """With several in sight each has only the buttons that are wanted most: some channels show
    ten in all (WeCom's menu)."""
    options = tuple(_options(turn, order)) if alone else tuple(_options(turn, order))[:_WANTED]
    turn.say(
        _line_response(order),
        *((Options(options),) if options else ()),
        number=order.number,
        goods=goods_words(turn, order),
        total=order.total,
        state=order.state,
        tracking=order.tracking or "",
    )


def _link_response(order: Order) -> str:
    is_exchange = order.kind == OrderKind.EXCHANGE
    return "utter_pay_exchange" if is_exchange else "utter_pay_link_again"


def _line_response(order: Order) -> str:
    if order.kind == OrderKind.CHANGE:
        return "utter_difference_line"  # newer than its flows no such order can be
    if order.kind == OrderKind.EXCHANGE:
        return "utter_exchange_on_its_way" if order.tracking else "utter_exchange_line"
    return "utter_order_on_its_way" if order.tracking else "utter_order_line"


def _options(turn: Turn, order: Order) -> list[Option]:
    """What can be done about it now."""
    pressed = f"pressed_order={order.id}"
    wanted = {
        "utter_pay_order_button": f"/Act(action_pay_again, {pressed})",
        "utter_cancel_order_button": f"/StartFlow(order_cancel, order_to_cancel={order.id})",
        "utter_order_again_button": f"/Act(action_order_again, {pressed})",
        "utter_return_button": f"/StartFlow(order_return, order_to_return={order.id})",
        "utter_exchange_button": f"/StartFlow(order_exchange, order_to_exchange={order.id})",
        "utter_change_variant_button": f"/StartFlow(order_variant, order_to_change={order.id})",
        "utter_change_address_button": f"/StartFlow(order_address, order_to_send={order.id})",
        "utter_receipt_button": f"/StartFlow(order_receipt, receipt_of={order.id})",
    }
    is_paid = order.state in (OrderState.PAID, OrderState.WAITING_GROUP, OrderState.READY, *_SENT)
    fits = {
        "utter_pay_order_button": order.can_be_paid(turn.now),
        "utter_cancel_order_button": can_be_called_off(order),
        "utter_order_again_button": order.state in _CLOSED and order.kind not in _INSTEAD,
        "utter_return_button": not returnable(turn.session, order, now=turn.now).why_not,
        "utter_exchange_button": not exchangeable(turn.session, order, now=turn.now),
        "utter_change_variant_button": not changeable(turn.session, order, now=turn.now),
        "utter_change_address_button": can_go_elsewhere(order),
        "utter_receipt_button": is_paid and order.kind != OrderKind.CHANGE,
    }
    return [
        turn.option(label, wanted[label], number=order.number)
        for label in wanted
        if fits[label] and turn.knows(label)  # older flows have fewer words
    ]


def _pressed(turn: Turn) -> Order:
    """The order behind the button; NotFound where it is not theirs."""
    if turn.in_group:
        raise NotFound("order")
    return find_order(
        turn.session,
        merchant_id=turn.merchant.id,
        order_id=str(turn.slots.get("pressed_order") or ""),
        person_id=turn.person.id,
    )


ACTIONS = (ShowOrders, PayAgain, OrderAgain)
