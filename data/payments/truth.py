"""What a provider shows becomes what is so here: ledger, order and goods in one transaction.

Money on time    ▸ paid; a normal order is ready at once, a group order waits for its group.
Money too late   ▸ the goods if an expired order's can still be had, else one refund. A cancelled
                   order stays cancelled: its money goes back.
Money twice      ▸ one refund of the second.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data.kernel.errors import OutOfStock, WrongState
from data.kernel.money import Money
from data.orders import (
    WAITING_KINDS,
    Order,
    OrderKind,
    OrderPaid,
    OrderReady,
    OrderState,
    goods,
    lock_order,
)
from data.orders.service import close_unpaid, revive
from data.orders.states import move, tell
from data.payments.attempts import lock_attempt, move_attempt, open_attempt
from data.payments.books import book_capture, book_goods_owed
from data.payments.calls import Verb
from data.payments.credit import earn_credit, hold_again, redeem, release
from data.payments.facts import HoldLost, PaymentFailed
from data.payments.gateway import ProviderPayment
from data.payments.looking import plan_look
from data.payments.models import AttemptState, PaymentAttempt
from data.payments.quarantine import contradiction, quarantine
from data.payments.refund_truth import close_if_all_is_back
from data.payments.refunds import DIFFERENCE, request_refund

# What its team came to, what came back, or what others put beside it is settled without it; so is a
# present of several, whose shares go back from the moment its rest was not paid in time.
_NEVER_LATE = (OrderKind.GROUP, OrderKind.EXCHANGE, OrderKind.SPLIT, OrderKind.POOLED)
# Of what was paid: nothing is to be asked, and what it could be paid with leads to what was paid.
_SETTLED = dict.fromkeys(("pay_with", "call", "call_at", "next_check_at"))


def apply_truth(
    session: Session, *, attempt_id: str, truth: ProviderPayment, now: datetime
) -> bool:
    """Did the provider's word change anything? Old and repeated stories do not."""
    order, attempt = lock_attempt(session, attempt_id)
    return learn(session, order, attempt, truth, now=now)


def learn(
    session: Session,
    order: Order,
    attempt: PaymentAttempt,
    truth: ProviderPayment,
    *,
    now: datetime,
) -> bool:
    """The same of an attempt that is locked, and its order."""
    if attempt.quarantine is not None:
        return False
    problem = contradiction(session, attempt, truth)
    if problem is not None:
        quarantine(session, order, attempt, problem, shown=truth, now=now)
        return False
    attempt.provider_ref = truth.provider_ref or attempt.provider_ref
    if truth.pay_with is not None:
        attempt.pay_by, attempt.pay_with = truth.pay_by, truth.pay_with
        attempt.pay_until = truth.pay_until
    before, to = AttemptState(attempt.state), AttemptState(truth.status.value)
    also = _columns(to, truth)
    if not move_attempt(session, attempt, to, now=now, **also):
        return False
    _CONSEQUENCES.get(to, _nothing)(session, order, attempt, before, now)
    return True


def _columns(to: AttemptState, truth: ProviderPayment) -> dict[str, Any]:
    if to == AttemptState.CAPTURED:
        return {"captured_minor": truth.amount.minor, **_SETTLED}
    held = {"hold_until": truth.hold_until} if to == AttemptState.AUTHORIZED else {}
    return {"checks": 0, **held}  # there is news


def pay_by_credit(session: Session, *, order_id: str, now: datetime) -> None:
    """Gift cards cover all of it: no provider is asked. OutOfStock; WrongState unless it can be
    paid and nothing is left to pay."""
    order = lock_order(session, order_id=order_id)
    if not order.can_be_paid(now):
        raise WrongState(order.state)
    if order.due.minor or open_attempt(session, order) is not None:
        raise WrongState("order_due")
    if not goods.secure(session, order, until=now + goods.GROUP_PATIENCE, now=now):
        raise OutOfStock
    _pay(session, order, None, now)


def earn(session: Session, order: Order, attempt: PaymentAttempt | None, *, now: datetime) -> None:
    """Goods are owed from here on: they leave the shelf, the money becomes the shop's. Without an
    attempt gift cards have paid all of it."""
    goods.sell(session, order, now=now)
    _owe(session, order, attempt, now)


def _owe(session: Session, order: Order, attempt: PaymentAttempt | None, now: datetime) -> None:
    """The goods are sold: the rest of it."""
    if attempt is not None:
        book_goods_owed(session, attempt, now=now)
    earn_credit(session, order, now=now)
    move(session, order, OrderState.READY, now=now)
    tell(session, OrderReady, order, now=now)
    if attempt is not None:
        _return_difference(session, order, attempt, now)


def _return_difference(
    session: Session, order: Order, attempt: PaymentAttempt, now: datetime
) -> None:
    """More was taken than the order costs by now (lowering.py); what the shop gave back for another
    reason is another matter, as long as there is enough."""
    left = attempt.captured_minor - attempt.promised_minor
    over = min(attempt.captured_minor - order.due.minor, left)
    if over > 0:
        amount = Money(over, order.currency)
        request_refund(session, attempt_id=attempt.id, amount=amount, cause_ref=DIFFERENCE, now=now)


def fall_through(
    session: Session, order: Order, attempt: PaymentAttempt, before: AttemptState, now: datetime
) -> None:
    """It failed or was let go: nothing was taken. Who chose another way knows that."""
    attempt.call = attempt.call_at = attempt.next_check_at = None
    attempt.pay_with = None
    session.flush()
    if order.state == OrderState.AWAITING_PAYMENT:
        if not attempt.superseded:
            tell(session, PaymentFailed, order, now=now, attempt_id=attempt.id)
    elif _lives_on(order, attempt, before):
        _lose_hold(session, order, attempt, now)
    else:
        close_if_all_is_back(session, order, now=now)


def _lives_on(order: Order, attempt: PaymentAttempt, before: AttemptState) -> bool:
    """It was held for an order that waits for its group, and is no second hold beside another
    payment: that one is let go (see `_authorized`)."""
    was_held = before == AttemptState.AUTHORIZED and order.state == OrderState.WAITING_GROUP
    return was_held and not attempt.superseded


def _lose_hold(session: Session, order: Order, attempt: PaymentAttempt, now: datetime) -> None:
    """It ran out, or could not be taken. Who listens may have its buyer asked again (lowering.py);
    else the order is over."""
    tell(session, HoldLost, order, now=now, attempt_id=attempt.id)
    if order.state == OrderState.WAITING_GROUP:
        close_unpaid(session, order, OrderState.CANCELLED, now=now)


def _captured(
    session: Session, order: Order, attempt: PaymentAttempt, before: AttemptState, now: datetime
) -> None:
    book_capture(session, attempt, now=now)
    plan_look(session, attempt, now=now)
    if order.state == OrderState.WAITING_GROUP and attempt.capture_wanted:
        earn(session, order, attempt, now=now)
    elif _lives_on(order, attempt, before):
        return  # the provider took it early; the group is still to be decided
    elif attempt.amount != order.due:
        _return(session, attempt, "superseded", now)  # a coupon came, and this could not be closed
    elif _is_payable(session, order, now):
        _pay(session, order, attempt, now)
    else:
        _send_back(session, order, attempt, now)


def _is_payable(session: Session, order: Order, now: datetime) -> bool:
    """Awaiting payment with its goods held, or expired and its goods still to be had."""
    until = now + goods.GROUP_PATIENCE
    if order.state == OrderState.AWAITING_PAYMENT:
        return goods.secure(session, order, until=until, now=now)
    is_late = order.state == OrderState.EXPIRED and order.kind not in _NEVER_LATE
    return is_late and hold_again(session, order, now=now) and _revive(session, order, now)


def _revive(session: Session, order: Order, now: datetime) -> bool:
    if revive(session, order, now=now):
        return True
    release(session, order, now=now)
    return False


def _pay(session: Session, order: Order, attempt: PaymentAttempt | None, now: datetime) -> None:
    if attempt is not None:
        attempt.superseded = False  # whatever its payer wanted meanwhile
    move(session, order, OrderState.PAID, now=now)
    redeem(session, order, now=now)
    if order.kind in WAITING_KINDS:
        move(session, order, OrderState.WAITING_GROUP, now=now)
        tell(session, OrderPaid, order, now=now)  # the group may decide before this returns
        return
    # Goods first, then whoever is told: two payments of one person that took the rows of both in
    # another order would each wait for the other (a deadlock on PostgreSQL).
    goods.sell(session, order, now=now)
    tell(session, OrderPaid, order, now=now)
    _owe(session, order, attempt, now)


def _send_back(session: Session, order: Order, attempt: PaymentAttempt, now: datetime) -> None:
    """The order cannot use this money: late, double, or its goods are gone."""
    is_double = order.state not in (
        OrderState.EXPIRED,
        OrderState.CANCELLED,
        OrderState.AWAITING_PAYMENT,
    )
    if order.state == OrderState.AWAITING_PAYMENT:
        close_unpaid(session, order, OrderState.EXPIRED, now=now)
    if not is_double:
        move(session, order, OrderState.REFUND_PENDING, now=now)
    _return(session, attempt, "double" if is_double else "late", now)


def _return(session: Session, attempt: PaymentAttempt, why: str, now: datetime) -> None:
    cause = f"{why}:{attempt.id}"
    request_refund(session, attempt_id=attempt.id, amount=None, cause_ref=cause, now=now)


def _authorized(
    session: Session, order: Order, attempt: PaymentAttempt, before: AttemptState, now: datetime
) -> None:
    """Firmly held for us is as good as paid; what we cannot use is let go, not refunded."""
    if order.state == OrderState.WAITING_GROUP:  # another payment was first
        attempt.superseded = True
        attempt.call, attempt.call_at = Verb.VOID, now
    elif attempt.amount != order.due:
        attempt.call, attempt.call_at = Verb.VOID, now
    elif order.kind not in WAITING_KINDS and _is_payable(session, order, now):
        attempt.call, attempt.call_at = Verb.CAPTURE, now
    elif _is_payable(session, order, now):
        _pay(session, order, attempt, now)
    else:
        attempt.call, attempt.call_at = Verb.VOID, now


def _nothing(*_: object) -> None:
    """Pending, again: the next check is planned by steps.py."""


_Consequence = Callable[[Session, Order, PaymentAttempt, AttemptState, datetime], None]
_CONSEQUENCES: dict[AttemptState, _Consequence] = {
    AttemptState.CAPTURED: _captured,
    AttemptState.AUTHORIZED: _authorized,
    AttemptState.FAILED: fall_through,
    AttemptState.VOIDED: fall_through,
}
