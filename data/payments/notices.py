"""Callbacks of providers: kept as they came, each once; all they do is make us ask."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.kernel.once import insert_once
from data.orders.states import lane_of
from data.payments.checking import ask_now, run_check
from data.payments.gateway import ProviderEvent
from data.payments.models import NoticeState, PaymentAttempt, PaymentNotice, Refund

NOTICE = "payment_notice"
_Subject = PaymentAttempt | Refund


def record_notice(session: Session, *, provider: str, event: ProviderEvent, now: datetime) -> bool:
    """Store a callback whose signature was checked; the worker asks. False: a repeat."""
    subject = _subject(session, provider, event.our_ref)
    notice_id = insert_once(
        session,
        PaymentNotice,
        merchant_id=subject.merchant_id if subject else None,
        provider=provider,
        event_id=event.event_id,
        our_ref=event.our_ref,
        claimed_minor=event.claimed.minor if event.claimed else None,
        claimed_currency=event.claimed.currency if event.claimed else None,
        raw=event.raw,
        headers=dict(event.headers),
        received_at=now,
    )
    if notice_id is None:
        return False
    job = NewJob(
        lane=lane_of(subject.order_id) if subject else f"notices:{provider}",
        kind=NOTICE,
        key=f"{NOTICE}:{notice_id}",
        run_at=now,
        args={"notice_id": notice_id},
        merchant_id=subject.merchant_id if subject else None,
    )
    enqueue(session, job, now=now)
    return True


def _run_notice(session: Session, job: Job, now: datetime) -> None:
    notice = session.get_one(PaymentNotice, job.args["notice_id"])
    if notice.state != NoticeState.RECEIVED:
        return
    subject = _subject(session, notice.provider, notice.our_ref)
    if subject is None:
        _set_aside(notice, "unknown_payment")
    elif not _claim_fits(notice, subject):
        _set_aside(notice, "claimed_amount")
    else:
        notice.state = _ask(session, subject, now)


def _ask(session: Session, subject: _Subject, now: datetime) -> NoticeState:
    if isinstance(subject, Refund):
        run_check(session, subject_id=subject.id, now=now)
        return NoticeState.APPLIED
    asked = ask_now(session, subject.id, now=now)
    return NoticeState.APPLIED if asked else NoticeState.IGNORED


def _set_aside(notice: PaymentNotice, reason: str) -> None:
    """Nothing is believed of it and nobody is asked: a person looks at what was sent."""
    notice.state, notice.reason = NoticeState.QUARANTINED, reason


def _claim_fits(notice: PaymentNotice, subject: _Subject) -> bool:
    claimed = (notice.claimed_minor, notice.claimed_currency)
    return claimed in ((None, None), (subject.amount_minor, subject.currency))


def _subject(session: Session, provider: str, our_ref: str) -> _Subject | None:
    attempt = session.scalar(
        select(PaymentAttempt).where(
            PaymentAttempt.provider == provider, PaymentAttempt.idempotency_key == our_ref
        )
    )
    if attempt is not None:
        return attempt
    return session.scalar(
        select(Refund)
        .join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
        .where(PaymentAttempt.provider == provider, Refund.idempotency_key == our_ref)
    )


JOBS: dict[str, JobRunner] = {NOTICE: _run_notice}
