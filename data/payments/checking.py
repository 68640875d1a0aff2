"""The reconciler: whatever is not settled is asked about again, on a schedule, until it is."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.delivery.jobs import NewJob, enqueue
from data.orders import Order, OrderState
from data.orders.states import lane_of
from data.payments.aftercare import aftercare
from data.payments.attempts import lock_attempt
from data.payments.calls import Verb
from data.payments.models import (
    OPEN_ATTEMPTS,
    OPEN_REFUNDS,
    AttemptState,
    PaymentAttempt,
    Refund,
    RefundState,
)
from data.payments.refunds import lock_refund

CHECK = "payment_check"
# Near together while somebody waits at the page, then as patient as WeChat Pay's own retries.
_SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (10, 20, 60, 180, 600, 1800, 3600, 10800, 21600)
)
GIVE_UP_AFTER = 6  # looks in a row without news, half an hour in all: `no such payment` is so


def plan_check(session: Session, subject: PaymentAttempt | Refund, *, now: datetime) -> None:
    """Ask again later; each check is a job of its own, after the call that left it open."""
    wait = _wait(subject)
    subject.next_check_at = _not_past_expiry(session, subject, now, now + wait)
    session.flush()
    job = NewJob(
        lane=lane_of(subject.order_id),
        kind=CHECK,
        key=f"{CHECK}:{subject.id}:call:{subject.calls}",
        run_at=subject.next_check_at,
        args={"subject_id": subject.id},
        merchant_id=subject.merchant_id,
    )
    enqueue(session, job, now=now)


def plan_checks_after(session: Session, refund: Refund, *, now: datetime) -> None:
    """It has succeeded, and may still turn out not to have: of that one notice tells, and notices
    get lost. What somebody gave back by hand was never asked of the provider."""
    if not refund.calls:
        return
    for nth, wait in enumerate(aftercare(session).refunds):
        job = NewJob(
            lane=lane_of(refund.order_id),
            kind=CHECK,
            key=f"{CHECK}:{refund.id}:after:{nth}",
            run_at=now + wait,
            args={"subject_id": refund.id},
            merchant_id=refund.merchant_id,
        )
        enqueue(session, job, now=now)


def ask_later(session: Session, subject: PaymentAttempt | Refund, *, now: datetime) -> None:
    """Of one that is settled here: no check would ask, yet somebody wants to know."""
    subject.call = Verb.QUERY_REFUND if isinstance(subject, Refund) else Verb.QUERY
    subject.call_at = now + _wait(subject)
    session.flush()


def _wait(subject: PaymentAttempt | Refund) -> timedelta:
    wait = _SCHEDULE[min(subject.checks, len(_SCHEDULE) - 1)]
    subject.checks += 1
    return wait


def _not_past_expiry(
    session: Session, subject: PaymentAttempt | Refund, now: datetime, then: datetime
) -> datetime:
    """An order's last moment is a good one to look: what is still open then can be closed."""
    order = session.get_one(Order, subject.order_id)
    return min(then, order.expires_at) if order.can_be_paid(now) else then


def run_check(session: Session, *, subject_id: str, now: datetime) -> None:
    """A check is due: decide what to ask (or order) and leave it for a caller to lease."""
    if session.get(Refund, subject_id) is not None:
        _check_refund(session, subject_id, now)
    else:
        _check_attempt(session, subject_id, now)


def ask_now(session: Session, hinted: PaymentAttempt, *, now: datetime) -> bool:
    """Something hints that the provider knows more. False: it is settled, there is no question."""
    order, attempt = lock_attempt(session, hinted.id, hinted.order_id)
    if attempt.quarantine is not None or attempt.state == AttemptState.CAPTURED:
        return False
    if attempt.call is None:
        attempt.checks = max(0, attempt.checks - 1)  # it takes the place of none that is planned
    if attempt.call in (None, Verb.QUERY):
        attempt.call = next_verb(order, attempt)
        attempt.call_at = now
        session.flush()
    return True


def next_verb(order: Order, attempt: PaymentAttempt) -> Verb:
    """An order nobody waits for any more closes or voids its attempt instead of asking, and so
    does a payer who chose another way."""
    if attempt.state == AttemptState.AUTHORIZED:
        return _verb_for_hold(order, attempt)
    if attempt.state == AttemptState.CREATED:
        return Verb.CREATE
    is_over = order.state != OrderState.AWAITING_PAYMENT or attempt.superseded
    return Verb.CLOSE if is_over and attempt.state == AttemptState.PENDING else Verb.QUERY


def _verb_for_hold(order: Order, attempt: PaymentAttempt) -> Verb:
    if attempt.capture_wanted or order.state == OrderState.AWAITING_PAYMENT:
        return Verb.CAPTURE
    is_awaited = order.state == OrderState.WAITING_GROUP and not attempt.superseded
    return Verb.QUERY if is_awaited else Verb.VOID


def _check_attempt(session: Session, attempt_id: str, now: datetime) -> None:
    """Where somebody has asked since, that look planned the next one: this one is none any more."""
    order, attempt = lock_attempt(session, attempt_id)
    is_open = attempt.state in OPEN_ATTEMPTS and attempt.quarantine is None
    is_next = attempt.next_check_at is not None and attempt.next_check_at <= now
    if is_open and is_next and attempt.call is None:
        attempt.call, attempt.call_at = next_verb(order, attempt), now
        session.flush()


def _check_refund(session: Session, refund_id: str, now: datetime) -> None:
    _, refund = lock_refund(session, refund_id)
    if refund.quarantine is not None or refund.call is not None:
        return
    if refund.state == RefundState.REQUESTED:
        return  # never sent, or it never arrived: there is nothing to ask
    if refund.state in OPEN_REFUNDS or refund.state == RefundState.SUCCEEDED:
        refund.call, refund.call_at = Verb.QUERY_REFUND, now
        session.flush()
