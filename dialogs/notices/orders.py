"""Receipts and everything else an order has to tell its buyer, in private."""

from collections.abc import Callable, Mapping
from typing import Any

from data.conversations import tell
from data.kernel.facts import Fact
from data.kernel.money import Money
from data.orders import (
    Order,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderKind,
    OrderPaid,
    OrderRefunded,
    OrderShipped,
)
from data.payments import PaymentFailed, RefundFailed
from dialogs.notices.herald import Herald, Notice


def _values(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "total": Money(order.total_minor, order.currency),
        "tracking": order.tracking or "",
    }


def _tell(herald: Herald, fact: OrderFact, response: str, *, about: str = "") -> None:
    order = herald.session.get_one(Order, fact.order_id)
    key = f"{response}:{order.id}:{about}"
    notice = Notice(key, response, _values(order))
    herald.tell_person(fact.person_id, notice, conversation_id=fact.conversation_id)


def _paid(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, OrderPaid)  # noqa: S101  # wired by type below
    order = herald.session.get_one(Order, fact.order_id)
    in_group = order.kind == OrderKind.GROUP
    _tell(herald, fact, "utter_receipt_group" if in_group else "utter_receipt")
    tell(herald.session, event="payment_paid", key=order.id, payload={}, now=herald.now)


def _failed(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, PaymentFailed)  # noqa: S101
    order = herald.session.get_one(Order, fact.order_id)
    _tell(herald, fact, "utter_payment_failed", about=str(order.version))
    tell(herald.session, event="payment_failed", key=order.id, payload={}, now=herald.now)


def _simply(response: str) -> Callable[[Herald, Fact], None]:
    def told(herald: Herald, fact: Fact) -> None:
        assert isinstance(fact, OrderFact)  # noqa: S101
        _tell(herald, fact, response)

    return told


TOLD: Mapping[type[Fact], Callable[[Herald, Fact], None]] = {
    OrderPaid: _paid,
    PaymentFailed: _failed,
    OrderExpired: _simply("utter_order_expired"),
    OrderCancelled: _simply("utter_order_cancelled_notice"),
    OrderRefunded: _simply("utter_refunded"),
    OrderShipped: _simply("utter_shipped"),
    RefundFailed: _simply("utter_refund_delayed"),
}
