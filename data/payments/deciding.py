"""Decisions about a paid order: its group came together, or its money goes back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from data.kernel.errors import WrongState
from data.orders import Order, OrderCancelled, OrderKind, OrderState, goods, lock_order
from data.orders.coupons import give_coupon_back
from data.orders.service import close_unpaid
from data.orders.states import move, tell
from data.payments.attempts import attempts_of
from data.payments.calls import Verb
from data.payments.credit import return_credit
from data.payments.models import AttemptState, PaymentAttempt
from data.payments.refund_truth import close_if_all_is_back
from data.payments.refunds import request_refund
from data.payments.truth import earn

_PAID = (OrderState.PAID, OrderState.WAITING_GROUP, OrderState.READY)
_OVER = (
    OrderState.CANCELLED,
    OrderState.EXPIRED,
    OrderState.REFUND_PENDING,
    OrderState.REFUNDED,
)


class Cancelled(StrEnum):
    RELEASED = "released"  # unpaid: nothing but the goods goes back
    REFUNDING = "refunding"
    ALREADY = "already"  # it was over before


@dataclass(frozen=True, slots=True)
class CancelOutcome:
    order: Order
    what: Cancelled


def cancel_order(
    session: Session, *, order_id: str, person_id: str | None, now: datetime
) -> CancelOutcome:
    """Called off by its buyer (or, without a person, by the shop); WrongState once it has left."""
    order = lock_order(session, order_id=order_id, person_id=person_id)
    if order.state in _OVER:
        return CancelOutcome(order, Cancelled.ALREADY)
    if order.state == OrderState.AWAITING_PAYMENT:
        close_unpaid(session, order, OrderState.CANCELLED, now=now)
        return CancelOutcome(order, Cancelled.RELEASED)
    if order.kind == OrderKind.CHANGE:
        raise WrongState("change_paid")  # it goes back with the order whose goods it changed
    refund_order(session, order_id=order_id, cause_ref="cancelled", now=now)
    tell(session, OrderCancelled, order, now=now)
    return CancelOutcome(order, Cancelled.REFUNDING)


def settle_group_order(session: Session, *, order_id: str, now: datetime) -> bool:
    """The group came together. False: nothing waits (settled before, or its money is going back).

    Held money is captured first; the order is ready when the provider says it was.
    """
    order = lock_order(session, order_id=order_id)
    if order.state != OrderState.WAITING_GROUP:
        return False
    paying = _paying(session, order)
    if paying is None or paying.state != AttemptState.AUTHORIZED:
        earn(session, order, paying, now=now)
    elif order.due.minor:
        _want_capture(session, order, paying, now)
    else:  # it came to cost nothing
        paying.call, paying.call_at = Verb.VOID, now
        earn(session, order, None, now=now)
    return True


def _want_capture(session: Session, order: Order, attempt: PaymentAttempt, now: datetime) -> None:
    """Of what it costs by now; where the provider can take only all, the difference goes back."""
    attempt.capture_wanted = True
    if order.due < attempt.amount:
        attempt.capture_minor = order.due.minor
    attempt.call, attempt.call_at = Verb.CAPTURE, now
    session.flush()


def refund_order(session: Session, *, order_id: str, cause_ref: str, now: datetime) -> bool:
    """Everything back to whoever paid, goods to the shelf. False: that is under way already.

    An unpaid order is simply called off; what was only held is let go. WrongState once it left.
    """
    order = lock_order(session, order_id=order_id)
    if order.state in _OVER:
        return False
    if order.state == OrderState.AWAITING_PAYMENT:
        close_unpaid(session, order, OrderState.CANCELLED, now=now)
        return True
    if order.state not in _PAID:
        raise WrongState(order.state)
    was_ready = order.state == OrderState.READY
    (goods.take_back if was_ready else goods.let_go)(session, order, now=now)
    refund_money(session, order, cause_ref=cause_ref, now=now)
    return True


def refund_money(session: Session, order: Order, *, cause_ref: str, now: datetime) -> None:
    """The same of a locked, paid order whose goods are looked after elsewhere."""
    move(session, order, OrderState.REFUND_PENDING, now=now)
    give_coupon_back(session, order)
    return_credit(session, order, now=now)
    for attempt in attempts_of(session, order.id):
        _give_back(session, attempt, cause_ref, now)
    close_if_all_is_back(session, order, now=now)


def _paying(session: Session, order: Order) -> PaymentAttempt | None:
    """The attempt this order lives on: it holds money that nobody was promised back. None: gift
    cards paid all of it."""
    for attempt in sorted(attempts_of(session, order.id), key=lambda one: one.superseded):
        is_ours = attempt.captured_minor > attempt.promised_minor
        if is_ours or attempt.state == AttemptState.AUTHORIZED:
            return attempt
    if order.due.minor:
        raise WrongState("order_without_money")
    return None


def _give_back(session: Session, attempt: PaymentAttempt, cause_ref: str, now: datetime) -> None:
    if attempt.captured_minor > attempt.promised_minor:
        request_refund(session, attempt_id=attempt.id, amount=None, cause_ref=cause_ref, now=now)
    elif attempt.state == AttemptState.AUTHORIZED:
        attempt.capture_wanted = False
        attempt.call, attempt.call_at = Verb.VOID, now
        session.flush()
