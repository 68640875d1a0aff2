"""The provider's word compared with our intent; a contradiction stops everything and alarms.

Who of the shop has looked may have the provider asked again: what still does not fit stops again.
"""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from data.kernel.errors import NotFound, WrongState
from data.kernel.facts import announce
from data.kernel.prepared import Prepared
from data.orders import Order
from data.payments.attempts import lock_attempt
from data.payments.calls import Verb
from data.payments.facts import PaymentQuarantined
from data.payments.gateway import PaymentStatus, ProviderPayment, ProviderRefund
from data.payments.models import NoticeState, PaymentAttempt, PaymentNotice, Refund
from data.payments.quarantine_models import QuarantineDeed, QuarantineMove
from data.payments.refunds import lock_refund

_LONGEST_NAME, _LONGEST_REF = 120, 128  # of QuarantineMove.by and .shown_ref
_Shown = ProviderPayment | ProviderRefund

_HOLDER = Prepared(
    select(PaymentAttempt.id).where(
        PaymentAttempt.provider == bindparam("provider"),
        PaymentAttempt.provider_ref == bindparam("ref"),
    )
)


def contradiction(session: Session, subject: PaymentAttempt | Refund, truth: _Shown) -> str | None:
    """What does not fit, or None: amount, currency, our key, the provider's reference."""
    checks = {
        "currency": truth.amount.currency == subject.currency,
        "amount": truth.amount.minor in _fitting(subject, truth),
        "our_ref": truth.our_ref in (None, subject.idempotency_key),
        "provider_ref": None in (names := (subject.provider_ref, truth.provider_ref))
        or names[0] == names[1],
        "provider_ref_taken": not _is_taken(session, subject, truth.provider_ref),
    }
    return next((name for name, fits in checks.items() if not fits), None)


def _fitting(subject: PaymentAttempt | Refund, truth: _Shown) -> set[int]:
    """What was asked for; of a hold, once taken, also the part of it that was to be."""
    fitting = {subject.amount_minor}
    is_taken = isinstance(truth, ProviderPayment) and truth.status == PaymentStatus.CAPTURED
    if is_taken and isinstance(subject, PaymentAttempt) and subject.capture_minor is not None:
        fitting.add(subject.capture_minor)
    return fitting


def quarantine(  # whose, what, why
    session: Session,
    order: Order,
    subject: PaymentAttempt | Refund,
    reason: str,
    *,
    shown: _Shown,
    now: datetime,
) -> None:
    """No more calls, no postings: from here on only a person decides."""
    if subject.quarantine is not None:
        return
    subject.quarantine = reason
    subject.call = subject.call_at = subject.next_check_at = None
    session.add(
        QuarantineMove(
            merchant_id=order.merchant_id,
            order_id=order.id,
            subject_id=subject.id,
            deed=QuarantineDeed.SET_ASIDE,
            reason=reason,
            shown_minor=shown.amount.minor,
            shown_currency=shown.amount.currency,
            shown_ref=(shown.provider_ref or "")[:_LONGEST_REF] or None,
            at=now,
        )
    )
    session.flush()
    announce(
        session,
        PaymentQuarantined(
            merchant_id=order.merchant_id,
            order_id=order.id,
            person_id=order.person_id,
            conversation_id=order.conversation_id,
            subject_id=subject.id,
            reason=reason,
        ),
        now=now,
    )


def release_quarantine(session: Session, subject_id: str, by: str, now: datetime) -> None:
    """The mark comes off an attempt or a refund, and the provider is asked, nothing else: no money
    is ordered before its answer was compared. WrongState: nothing stands still there."""
    subject: PaymentAttempt | Refund
    if session.get(Refund, subject_id) is not None:
        _, subject = lock_refund(session, subject_id)
        verb = Verb.QUERY_REFUND
    else:
        _, subject = lock_attempt(session, subject_id)
        verb = Verb.QUERY
    if subject.quarantine is None:
        raise WrongState("not_in_quarantine")
    _note(session, subject, QuarantineDeed.ASKED_AGAIN, subject.quarantine, by, now)
    subject.quarantine = None
    subject.call, subject.call_at = verb, now
    session.flush()


def dismiss_notice(
    session: Session, *, merchant_id: str, notice_id: int, by: str, now: datetime
) -> None:
    """Somebody has looked at what was sent: nothing follows from it. NotFound: not this shop's, or
    nothing that anybody would have to look at."""
    notice = session.scalar(
        select(PaymentNotice)
        .filter_by(id=notice_id, merchant_id=merchant_id, state=NoticeState.QUARANTINED)
        .with_for_update()
    )
    if notice is None:
        raise NotFound("notice")
    notice.state = NoticeState.IGNORED
    _note(session, notice, QuarantineDeed.DISMISSED, notice.reason, by, now)


def _note(  # what, why and who
    session: Session,
    subject: PaymentAttempt | Refund | PaymentNotice,
    deed: QuarantineDeed,
    reason: str,
    by: str,
    now: datetime,
) -> None:
    order_id = None if isinstance(subject, PaymentNotice) else subject.order_id
    session.add(
        QuarantineMove(
            merchant_id=subject.merchant_id,
            order_id=order_id,
            subject_id=str(subject.id),
            deed=deed,
            reason=reason,
            by=by[:_LONGEST_NAME],
            at=now,
        )
    )
    session.flush()


def _is_taken(session: Session, subject: PaymentAttempt | Refund, provider_ref: str | None) -> bool:
    """Does another payment of this provider carry the reference?"""
    if isinstance(subject, Refund) or provider_ref is None:
        return False
    with session.no_autoflush:  # what waits to be written here is about this one, not another
        holder = _HOLDER.scalar(session, provider=subject.provider, ref=provider_ref)
    return holder not in (None, subject.id)
