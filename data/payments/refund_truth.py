"""What a provider shows of a refund, and what follows for the books and the order."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.orders import Order, OrderRefunded, OrderState
from data.orders.states import move, tell
from data.payments.alarms import settle_alarm
from data.payments.attempts import attempts_of
from data.payments.books import book_refund_reversed, book_refund_succeeded
from data.payments.checking import plan_checks_after
from data.payments.facts import RefundFailed, RefundSucceeded
from data.payments.gateway import ProviderRefund, RefundStatus
from data.payments.models import (
    OPEN_ATTEMPTS,
    PaymentAttempt,
    Refund,
    RefundState,
)
from data.payments.quarantine import contradiction, quarantine
from data.payments.refunds import (
    last_try,
    lock_refund,
    move_refund,
    retry_refund,
    still_ours,
)
from data.payments.standing_models import Alarm


def apply_refund_truth(
    session: Session, *, refund_id: str, truth: ProviderRefund, now: datetime
) -> bool:
    """Did the provider's word change anything? A success may still turn into a failure, and what
    had failed may have been given after all."""
    order, refund = lock_refund(session, refund_id)
    if refund.quarantine is not None:
        return False
    problem = contradiction(session, refund, truth)
    if problem is not None:
        quarantine(session, order, refund, problem, shown=truth, now=now)
        return False
    before = RefundState(refund.state)
    if before == RefundState.FAILED and truth.status == RefundStatus.SUCCEEDED:
        return _after_all(session, refund, truth.provider_ref, now)
    refund.provider_ref = truth.provider_ref
    session.flush()
    if not move_refund(session, refund, RefundState(truth.status.value), now=now):
        return False
    refund.checks = 0  # there is news
    _follow(session, order, refund, before, now)
    return True


def settle_refund(session: Session, refund: Refund, *, reference: str, now: datetime) -> None:
    """Of one that was never sent, or failed: the buyer has the money in another way."""
    is_over = refund.state == RefundState.FAILED
    given = retry_refund(session, refund_id=refund.id, now=now) if is_over else refund
    believe(session, given, reference, now)


def believe(session: Session, given: Refund, reference: str, now: datetime) -> bool:
    """Of one that nobody has sent: it was given, under this name there. False: it is under way."""
    if not move_refund(session, given, RefundState.SUBMITTED, now=now):
        return False
    given.call = given.call_at = None  # another try was due, and nobody has made it yet
    truth = ProviderRefund(
        status=RefundStatus.SUCCEEDED,
        amount=given.amount,
        provider_ref=reference,
        our_ref=given.idempotency_key,
    )
    return apply_refund_truth(session, refund_id=given.id, truth=truth, now=now)


def _after_all(session: Session, failed: Refund, reference: str, now: datetime) -> bool:
    """It is the next try, unless that one is under way already: then nobody can tell yet."""
    last = last_try(session, failed)
    is_left = last.state == RefundState.FAILED or (
        last.state == RefundState.REQUESTED and not last.calls
    )
    if is_left and last.quarantine is None:
        settle_refund(session, last, reference=reference, now=now)
    return is_left


def fail_refund(session: Session, order: Order, refund: Refund, *, now: datetime) -> None:
    """The provider refused, or knows nothing after every retry: a person must look."""
    before = RefundState(refund.state)
    if move_refund(session, refund, RefundState.FAILED, now=now):
        _follow(session, order, refund, before, now)


def close_if_all_is_back(session: Session, order: Order, *, now: datetime) -> None:
    """REFUNDED once none of the order's money is with us and none can still be taken."""
    if order.state != OrderState.REFUND_PENDING or still_ours(session, order.id) != 0:
        return
    if any(attempt.state in OPEN_ATTEMPTS for attempt in attempts_of(session, order.id)):
        return
    move(session, order, OrderState.REFUNDED, now=now)
    tell(session, OrderRefunded, order, now=now)


def _follow(
    session: Session, order: Order, refund: Refund, before: RefundState, now: datetime
) -> None:
    provider = session.get_one(PaymentAttempt, refund.attempt_id).provider
    if refund.state == RefundState.SUCCEEDED:
        book_refund_succeeded(session, refund, provider, now=now)
        settle_alarm(session, refund.attempt_id, Alarm.REFUND_WAITS, about=refund.id, now=now)
        plan_checks_after(session, refund, now=now)
        close_if_all_is_back(session, order, now=now)
        tell(session, RefundSucceeded, order, now=now, refund_id=refund.id)
    elif refund.state == RefundState.FAILED:
        settle_alarm(session, refund.attempt_id, Alarm.REFUND_WAITS, about=refund.id, now=now)
        if before == RefundState.SUCCEEDED:
            book_refund_reversed(session, refund, provider, now=now)
        if order.state == OrderState.REFUNDED:
            move(session, order, OrderState.REFUND_PENDING, now=now)
        tell(session, RefundFailed, order, now=now, refund_id=refund.id)
