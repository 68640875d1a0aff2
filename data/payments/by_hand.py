"""Refunds that a person made at the provider, past us: said once, and then it is so here too.

Some providers can be told of no refund (Telegram's invoices), any of them may refuse one.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from data.kernel.errors import WrongState
from data.payments.gateway import ProviderRefund, RefundStatus
from data.payments.models import Refund, RefundState
from data.payments.refund_truth import apply_refund_truth
from data.payments.refunds import move_refund, retry_refund


def give_back_by_hand(session: Session, *, refund_id: str, reference: str, now: datetime) -> Refund:
    """Of a refund that failed: the money is back, under this name at the provider. Said again, the
    same refund; WrongState while another try is under way."""
    given = retry_refund(session, refund_id=refund_id, now=now)
    if given.state == RefundState.SUCCEEDED:
        return given
    if not _believe(session, given, reference, now):
        raise WrongState(given.state)
    return given


def settle_refund(session: Session, refund: Refund, *, reference: str, now: datetime) -> None:
    """Of one that was never sent, or failed: the buyer has the money in another way."""
    is_over = refund.state == RefundState.FAILED
    given = retry_refund(session, refund_id=refund.id, now=now) if is_over else refund
    _believe(session, given, reference, now)


def _believe(session: Session, given: Refund, reference: str, now: datetime) -> bool:
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
