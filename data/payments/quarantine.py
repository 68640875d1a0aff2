"""The provider's word compared with our intent; a contradiction stops everything and alarms."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.facts import announce
from data.orders import Order
from data.payments.facts import PaymentQuarantined
from data.payments.gateway import ProviderPayment, ProviderRefund
from data.payments.models import PaymentAttempt, Refund


def contradiction(
    session: Session, subject: PaymentAttempt | Refund, truth: ProviderPayment | ProviderRefund
) -> str | None:
    """What does not fit, or None: amount, currency, our key, the provider's reference."""
    checks = {
        "currency": truth.amount.currency == subject.currency,
        "amount": truth.amount.minor == subject.amount_minor,
        "our_ref": truth.our_ref in (None, subject.idempotency_key),
        "provider_ref": None in (names := (subject.provider_ref, truth.provider_ref))
        or names[0] == names[1],
        "provider_ref_taken": not _is_taken(session, subject, truth.provider_ref),
    }
    return next((name for name, fits in checks.items() if not fits), None)


def quarantine(
    session: Session, order: Order, subject: PaymentAttempt | Refund, reason: str, *, now: datetime
) -> None:
    """No more calls, no postings: from here on only a person decides."""
    if subject.quarantine is not None:
        return
    subject.quarantine = reason
    subject.call = subject.call_at = subject.next_check_at = None
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


def _is_taken(session: Session, subject: PaymentAttempt | Refund, provider_ref: str | None) -> bool:
    """Does another payment of this provider carry the reference?"""
    if isinstance(subject, Refund) or provider_ref is None:
        return False
    holder = session.scalar(
        select(PaymentAttempt.id).where(
            PaymentAttempt.provider == subject.provider,
            PaymentAttempt.provider_ref == provider_ref,
        )
    )
    return holder not in (None, subject.id)
