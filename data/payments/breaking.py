"""A call that breaks on our side, whatever its provider would say: made again after growing pauses,
as a job of its own, and a dead letter in the end, which somebody of the shop may start anew.

    leased ──call_broke──▶ a pause ──the job──▶ due again; after so many tries the job is dead
"""

from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, NewJob, broke_outside
from data.delivery.models import Job
from data.orders.states import lane_of
from data.payments.attempts import lock_attempt
from data.payments.calls import Call, Verb
from data.payments.models import OPEN_ATTEMPTS, PaymentAttempt, Refund
from data.payments.recording import is_its_turn
from data.payments.refunds import lock_refund

CALL = "payment_call"
_QUESTIONS = (Verb.QUERY, Verb.QUERY_REFUND)


def call_broke(session: Session, *, call: Call, error: str, now: datetime) -> None:
    """Nobody knows what the provider did. One that was leased again since is somebody else's."""
    subject = _locked(session, call.attempt_id, call.refund_id)
    if not is_its_turn(subject, call):
        return
    subject.call = subject.call_at = None
    session.flush()
    again = NewJob(
        lane=lane_of(call.order_id),
        kind=CALL,
        key=f"{CALL}:{subject.id}:{call.unanswered}:{subject.checks}",
        run_at=now,
        args={
            "attempt_id": call.attempt_id,
            "refund_id": call.refund_id,
            "verb": call.unanswered,
        },
        merchant_id=call.merchant_id,
    )
    broke_outside(session, again, error=error, now=now)


def _run_call(session: Session, job: Job, now: datetime) -> None:
    """Due again, unless something else is; an order about what is over would come too late."""
    verb = Verb(job.args["verb"])
    subject = _locked(session, job.args["attempt_id"], job.args["refund_id"])
    is_wanted = verb in _QUESTIONS or subject.state in OPEN_ATTEMPTS
    if is_wanted and subject.call is None and subject.quarantine is None:
        subject.call, subject.call_at = verb, now
        session.flush()


def _locked(session: Session, attempt_id: str, refund_id: str | None) -> PaymentAttempt | Refund:
    if refund_id is not None:
        return lock_refund(session, refund_id)[1]
    return lock_attempt(session, attempt_id)[1]


JOBS: dict[str, JobRunner] = {CALL: _run_call}
