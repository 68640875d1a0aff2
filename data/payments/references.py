"""A payment as a provider is asked about it."""

from data.payments.details import read_details
from data.payments.gateway import PaymentRef
from data.payments.models import AttemptState, PaymentAttempt

_OVER = (AttemptState.FAILED, AttemptState.VOIDED)


def payment_ref(attempt: PaymentAttempt) -> PaymentRef:
    return PaymentRef(
        attempt.idempotency_key,
        attempt.provider_ref,
        attempt.amount,
        is_offered=attempt.pay_with is not None,
        expires_at=read_details(attempt.details).expires_at,
        let_go=attempt.superseded or attempt.state in _OVER,
        capture=attempt.to_capture,
    )
