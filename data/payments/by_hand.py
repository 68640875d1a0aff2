"""Refunds that a person made at the provider, past us: said once, and then it is so here too.

Some providers can be told of no refund (Telegram's invoices), any of them may refuse one.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from data.kernel.errors import WrongState
from data.payments.models import Refund, RefundState
from data.payments.refund_truth import believe
from data.payments.refunds import retry_refund


def give_back_by_hand(session: Session, *, refund_id: str, reference: str, now: datetime) -> Refund:
    """Of a refund that failed: the money is back, under this name at the provider. Said again, the
    same refund; WrongState while another try is under way."""
    given = retry_refund(session, refund_id=refund_id, now=now)
    if given.state == RefundState.SUCCEEDED:
        return given
    if not believe(session, given, reference, now):
        raise WrongState(given.state)
    return given
