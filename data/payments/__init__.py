"""Links, attempts, refunds, notices, and the Gateway port that every provider stands behind."""

from data.payments.models import (
    AttemptState,
    NoticeState,
    PaymentAttempt,
    PaymentLink,
    PaymentNotice,
    Refund,
    RefundState,
)

__all__ = [
    "AttemptState",
    "NoticeState",
    "PaymentAttempt",
    "PaymentLink",
    "PaymentNotice",
    "Refund",
    "RefundState",
]
