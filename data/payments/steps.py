"""Calls to a provider as steps: lease one in a transaction, make it with none open, record it.

    due ──lease──▶ leased ──record_answer──▶ done, or due again
                      └── nobody answered before the lease ran out ──▶ due again

Every call carries the key of its business act, so making it twice has one effect while the provider
knows that key: a refund that nobody answered for is looked for before it is sent again. What is not
settled has a next check: a `payment_check` job that makes the next question due.
"""

from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ScalarSelect, bindparam, func, select
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner
from data.delivery.models import Job
from data.kernel.prepared import Prepared
from data.kernel.versions import set_if_same
from data.payments.calls import Call, Verb, left_by
from data.payments.checking import CHECK, run_check
from data.payments.details import open_details
from data.payments.gateway import NewPayment
from data.payments.models import AttemptState, PaymentAttempt, Refund, RefundState
from data.payments.recording import record_answer
from data.payments.references import payment_ref

__all__ = ["JOBS", "Call", "Verb", "calls_due", "lease", "record_answer"]

_LEASE = timedelta(seconds=60)  # twice the longest time-out of a provider call (30 s)
_BATCH = 20
_T = TypeVar("_T", PaymentAttempt, Refund)
_TAKEN: dict[str, str] = {
    AttemptState.CREATED: AttemptState.SUBMITTED,
    RefundState.REQUESTED: RefundState.SUBMITTED,
}


def _waiting(kind: type[_T]) -> ScalarSelect[int]:
    due = select(func.count()).select_from(kind).where(kind.call_at <= bindparam("now"))
    return due.scalar_subquery()


_WAITING = Prepared(select(_waiting(PaymentAttempt) + _waiting(Refund)))


def lease(
    session: Session, *, now: datetime, attempt_id: str | None = None, limit: int = _BATCH
) -> list[Call]:
    """Calls that are due and now ours for a minute; with an attempt, only that one's."""
    attempts = [
        _attempt_call(session, attempt, verb)
        for attempt in _due(session, PaymentAttempt, now, attempt_id, limit)
        if (verb := _take(session, attempt, now))
    ]
    if attempt_id is not None:
        return attempts
    refunds = [
        _refund_call(session, refund, verb)
        for refund in _due(session, Refund, now, None, limit)
        if (verb := _take(session, refund, now))
    ]
    return attempts + refunds


def calls_due(session: Session, *, now: datetime) -> int:
    """How many calls wait for somebody to make them."""
    return int(_WAITING.scalar(session, now=now))


def _due(
    session: Session, kind: type[_T], now: datetime, subject_id: str | None, limit: int
) -> list[_T]:
    due = (
        select(kind)
        .where(kind.call.is_not(None), kind.call_at <= now)
        .order_by(kind.call_at, kind.created_at, kind.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if subject_id is not None:
        due = due.where(kind.id == subject_id)
    return list(session.scalars(due))


def _take(session: Session, subject: PaymentAttempt | Refund, now: datetime) -> Verb | None:
    """Compare-and-set: the turn goes up, the state says that the provider may know of it, and what
    is due is what must be done if nobody answers. Gives what is to be done now."""
    verb = Verb(subject.call or "")
    won = set_if_same(
        session,
        subject,
        state=_TAKEN.get(subject.state, subject.state),
        call=left_by(verb),
        call_at=now + _LEASE,
        calls=subject.calls + 1,
    )
    return verb if won else None


def _attempt_call(session: Session, attempt: PaymentAttempt, verb: Verb) -> Call:
    return Call(
        verb=verb,
        provider=attempt.provider,
        account_id=attempt.account_id,
        merchant_id=attempt.merchant_id,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        refund_id=None,
        turn=attempt.calls,
        new_payment=_new_payment(session, attempt),
        payment=payment_ref(attempt),
        until=attempt.call_at,
    )


def _refund_call(session: Session, refund: Refund, verb: Verb) -> Call:
    attempt = session.get_one(PaymentAttempt, refund.attempt_id)
    return Call(
        verb=verb,
        provider=attempt.provider,
        account_id=attempt.account_id,
        merchant_id=refund.merchant_id,
        order_id=refund.order_id,
        attempt_id=attempt.id,
        refund_id=refund.id,
        turn=refund.calls,
        new_payment=_new_payment(session, attempt),
        payment=payment_ref(attempt),
        refund_key=refund.idempotency_key,
        refund_amount=refund.amount,
        refund_ref=refund.provider_ref,
        until=refund.call_at,
    )


def _new_payment(session: Session, attempt: PaymentAttempt) -> NewPayment:
    return NewPayment(
        key=attempt.idempotency_key,
        amount=attempt.amount,
        order_id=attempt.order_id,
        authorize_only=attempt.authorize_only,
        details=open_details(session, attempt),
    )


def _run_check(session: Session, job: Job, now: datetime) -> None:
    run_check(session, subject_id=job.args["subject_id"], now=now)


JOBS: dict[str, JobRunner] = {CHECK: _run_check}
