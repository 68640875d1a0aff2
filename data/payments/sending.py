"""A refund's turn in its order's lane: it is sent, held back, or the bank has given it already."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner
from data.delivery.models import Job
from data.payments.attempts import lock_attempt
from data.payments.calls import Verb
from data.payments.disputes import given_by_bank, is_taken_by_bank
from data.payments.models import RefundState
from data.payments.refunds import SEND, hold_refund, is_disputed, lock_refund


def _run_send(session: Session, job: Job, now: datetime) -> None:
    """The call itself is made outside, see steps.py."""
    _, refund = lock_refund(session, job.args["refund_id"])
    if refund.state != RefundState.REQUESTED or refund.call is not None:
        return
    _, attempt = lock_attempt(session, refund.attempt_id, refund.order_id)
    if is_disputed(session, attempt.id):
        hold_refund(session, refund, now=now)
    elif not is_taken_by_bank(session, attempt):
        refund.call, refund.call_at = Verb.REFUND, now
    elif not given_by_bank(session, attempt, refund, now=now):
        hold_refund(session, refund, now=now)


JOBS: dict[str, JobRunner] = {SEND: _run_send}
