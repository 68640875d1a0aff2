"""Callbacks of providers: kept as they came, each once; all they do is make us ask."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.kernel.entities import Entities
from data.kernel.money import Money
from data.kernel.once import insert_once
from data.kernel.tokens import fingerprint
from data.orders.states import lane_of
from data.payments.account_models import PaymentAccount
from data.payments.checking import ask_now, run_check
from data.payments.gateway import ProviderEvent
from data.payments.looking import look_soon
from data.payments.models import NoticeState, PaymentAttempt, PaymentNotice, Refund

NOTICE = "payment_notice"
_LONGEST_NAME = 128  # of PaymentNotice.event_id
_LONGEST_REF = 64  # of PaymentNotice.our_ref
_Subject = PaymentAttempt | Refund
_PROVIDER: BindParameter[str] = bindparam("provider")
_ACCOUNT: BindParameter[str | None] = bindparam("account", type_=PaymentAttempt.account_id.type)
_REF: BindParameter[str] = bindparam("ref")
_THEIRS = (
    PaymentAttempt.provider == _PROVIDER,
    PaymentAttempt.account_id.is_not_distinct_from(_ACCOUNT),
)
_ATTEMPT = Entities(select(PaymentAttempt).where(*_THEIRS, PaymentAttempt.idempotency_key == _REF))
_REFUND = Entities(
    select(Refund)
    .join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
    .where(*_THEIRS, Refund.idempotency_key == _REF)
)


def record_notice(
    session: Session,
    *,
    provider: str,
    event: ProviderEvent,
    now: datetime,
    account: PaymentAccount | None = None,
) -> bool:
    """Store a callback whose signature was checked; the worker asks. False: a repeat.

    `account`: whose key that was. It speaks for what was begun through it, and for nothing else.
    """
    account_id = account.id if account else None
    meant = _meant(session, provider, account_id, event)
    subject = meant.subject
    whose = account or subject
    merchant_id = whose.merchant_id if whose else None
    notice_id = insert_once(
        session,
        PaymentNotice,
        merchant_id=merchant_id,
        provider=provider,
        account_id=account_id,
        event_id=_event_name(account_id, event.event_id),
        our_ref=meant.our_ref[:_LONGEST_REF],
        claimed_minor=meant.claimed.minor if meant.claimed else None,
        claimed_currency=meant.claimed.currency if meant.claimed else None,
        raw=event.raw,
        headers=dict(event.headers),
        received_at=now,
    )
    if notice_id is None:
        return False
    if isinstance(subject, PaymentAttempt) and event.of_payment:
        look_soon(session, subject, named=meant.named, now=now)
    job = NewJob(
        lane=lane_of(subject.order_id) if subject else f"notices:{provider}",
        kind=NOTICE,
        key=f"{NOTICE}:{notice_id}",
        run_at=now,
        args={"notice_id": notice_id},
        merchant_id=merchant_id,
    )
    enqueue(session, job, now=now)
    return True


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a notice speaks of. `named`: a refund there that is not ours."""

    subject: _Subject | None
    our_ref: str
    claimed: Money | None
    named: str = ""


def _meant(session: Session, provider: str, account_id: str | None, event: ProviderEvent) -> _Meant:
    """What came after a payment, and not by us, is the payment's, and its sum is another one."""
    subject = _subject(session, provider, account_id, event.our_ref)
    if isinstance(subject, Refund) or not event.of_payment:
        return _Meant(subject, event.our_ref, event.claimed)
    paid = _subject(session, provider, account_id, event.of_payment)
    if not isinstance(paid, PaymentAttempt):
        return _Meant(subject, event.our_ref, event.claimed)
    named = event.our_ref if event.our_ref != event.of_payment else ""
    return _Meant(paid, event.of_payment, None, named)


def _run_notice(session: Session, job: Job, now: datetime) -> None:
    notice = session.get_one(PaymentNotice, job.args["notice_id"])
    if notice.state != NoticeState.RECEIVED:
        return
    subject = _subject(session, notice.provider, notice.account_id, notice.our_ref)
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
    asked = ask_now(session, subject, now=now)
    return NoticeState.APPLIED if asked else NoticeState.IGNORED


def _set_aside(notice: PaymentNotice, reason: str) -> None:
    """Nothing is believed of it and nobody is asked: a person looks at what was sent."""
    notice.state, notice.reason = NoticeState.QUARANTINED, reason


def _claim_fits(notice: PaymentNotice, subject: _Subject) -> bool:
    """Of a hold, what tells of the taking may claim the part that was to be taken."""
    fitting = {subject.amount_minor}
    if isinstance(subject, PaymentAttempt) and subject.capture_minor is not None:
        fitting.add(subject.capture_minor)
    claimed = (notice.claimed_minor, notice.claimed_currency)
    return claimed == (None, None) or claimed in {(minor, subject.currency) for minor in fitting}


def _subject(
    session: Session, provider: str, account_id: str | None, our_ref: str
) -> _Subject | None:
    subject: _Subject | None
    asked = {"provider": provider, "account": account_id, "ref": our_ref}
    (subject,) = _ATTEMPT.first(session, **asked) or _REFUND.first(session, **asked) or (None,)
    return subject


def _event_name(account_id: str | None, event_id: str) -> str:
    """One shop's account takes no event's name away from another's. Nobody says how long they
    are."""
    name = f"{account_id}/{event_id}" if account_id else event_id
    return name if len(name) <= _LONGEST_NAME else fingerprint(name)


JOBS: dict[str, JobRunner] = {NOTICE: _run_notice}
