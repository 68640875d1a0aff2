"""Money back: asked for once per cause, never more than was taken, until the provider gave it."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.kernel.database import changed
from data.kernel.errors import NotFound, Refused, WrongState
from data.kernel.facts import announce
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.versions import set_if_same
from data.orders import Order, lock_order
from data.orders.states import lane_of
from data.payments.attempts import lock_attempt
from data.payments.books import book_refund_promised
from data.payments.calls import Verb
from data.payments.facts import RefundRequested
from data.payments.keys import business_key
from data.payments.models import (
    REFUND_TRANSITIONS,
    PaymentAttempt,
    Refund,
    RefundState,
)

SEND = "refund_send"


def request_refund(
    session: Session, *, attempt_id: str, amount: Money | None, cause_ref: str, now: datetime
) -> Refund:
    """Promise money back (all that is left, without an amount) and have it sent.

    The same cause gives the same refund. Refused when the promises would exceed what was taken.
    """
    order, attempt = lock_attempt(session, attempt_id)
    known = session.scalar(
        select(Refund).where(Refund.attempt_id == attempt_id, Refund.cause_ref == cause_ref)
    )
    if known is not None:
        return known
    wanted = amount or Money(attempt.captured_minor - attempt.promised_minor, attempt.currency)
    _promise(session, attempt, wanted)
    refund = _new_refund(session, attempt, wanted, cause_ref, None, now)
    book_refund_promised(session, refund, attempt, now=now)
    _send_and_tell(session, order, refund, now)
    return refund


def retry_refund(session: Session, *, refund_id: str, now: datetime) -> Refund:
    """Try a failed refund again under a new key; the money was promised before, so only once."""
    order, failed = lock_refund(session, refund_id)
    if failed.state != RefundState.FAILED:
        raise WrongState(failed.state)
    cause_ref = f"retry:{failed.id}"
    known = session.scalar(select(Refund).where(Refund.retry_of == failed.id))
    if known is not None:
        return known
    _, attempt = lock_attempt(session, failed.attempt_id)
    refund = _new_refund(session, attempt, failed.amount, cause_ref, failed.id, now)
    _send_and_tell(session, order, refund, now)
    return refund


def lock_refund(session: Session, refund_id: str) -> tuple[Order, Refund]:
    order_id = session.scalar(select(Refund.order_id).where(Refund.id == refund_id))
    if order_id is None:
        raise NotFound("refund")
    order = lock_order(session, order_id=order_id)
    refund = session.get_one(Refund, refund_id, populate_existing=True, with_for_update=True)
    return order, refund


def move_refund(session: Session, refund: Refund, to: RefundState, *, now: datetime) -> bool:
    if to not in REFUND_TRANSITIONS[RefundState(refund.state)]:
        return False
    return set_if_same(session, refund, state=to, updated_at=now)


def still_ours(session: Session, order_id: str) -> int:
    """Captured minus really refunded, in minor units: what we have of this order's money."""
    captured = session.scalar(
        select(func.coalesce(func.sum(PaymentAttempt.captured_minor), 0)).where(
            PaymentAttempt.order_id == order_id
        )
    )
    returned = session.scalar(
        select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
            Refund.order_id == order_id, Refund.state == RefundState.SUCCEEDED
        )
    )
    return int(captured or 0) - int(returned or 0)


def _promise(session: Session, attempt: PaymentAttempt, wanted: Money) -> None:
    """One conditional UPDATE is the bound: promises never exceed what was captured."""
    if wanted.minor <= 0 or wanted.currency != attempt.currency:
        raise Refused("refund_amount")
    promised = PaymentAttempt.promised_minor + wanted.minor
    won = session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id == attempt.id, promised <= PaymentAttempt.captured_minor)
        .values(promised_minor=promised, version=PaymentAttempt.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        raise Refused("refund_exceeds_captured")
    session.refresh(attempt)


def _new_refund(
    session: Session,
    attempt: PaymentAttempt,
    wanted: Money,
    cause_ref: str,
    retry_of: str | None,
    now: datetime,
) -> Refund:
    refund_id = new_id("rfd")
    refund = Refund(
        id=refund_id,
        merchant_id=attempt.merchant_id,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        retry_of=retry_of,
        cause_ref=cause_ref,
        idempotency_key=business_key("refund", refund_id, 1, wanted),
        amount_minor=wanted.minor,
        currency=wanted.currency,
        created_at=now,
        updated_at=now,
    )
    session.add(refund)
    session.flush()
    return refund


def _send_and_tell(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    job = NewJob(
        lane=lane_of(order.id),
        kind=SEND,
        key=f"{SEND}:{refund.id}",
        run_at=now,
        args={"refund_id": refund.id},
        merchant_id=refund.merchant_id,
    )
    enqueue(session, job, now=now)
    fact = RefundRequested(
        merchant_id=order.merchant_id,
        order_id=order.id,
        person_id=order.person_id,
        conversation_id=order.conversation_id,
        refund_id=refund.id,
        cause_ref=refund.cause_ref,
    )
    announce(session, fact, now=now)


def _run_send(session: Session, job: Job, now: datetime) -> None:
    """The lane's turn has come: the call itself is made outside, see steps.py."""
    _, refund = lock_refund(session, job.args["refund_id"])
    if refund.state == RefundState.REQUESTED and refund.call is None:
        refund.call, refund.call_at = Verb.REFUND, now


JOBS: dict[str, JobRunner] = {SEND: _run_send}
