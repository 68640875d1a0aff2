"""Links, attempts, refunds, notices, and the Gateway port that every provider stands behind.

`JOBS` are the database-only handlers for the worker; `steps` are the calls it makes outside.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner
from data.kernel.facts import Fact
from data.payments import (
    breaking,
    changing,
    credit,
    exchanging,
    notices,
    returning,
    sandbox_bank,
    sending,
    steps,
)
from data.payments.aftercare import AFTERCARE, Aftercare
from data.payments.alarms import dismiss_alarm
from data.payments.attempts import Way, begin_attempt, supersede
from data.payments.breaking import call_broke
from data.payments.by_hand import give_back_by_hand
from data.payments.deciding import (
    Cancelled,
    CancelOutcome,
    cancel_order,
    refund_order,
    settle_group_order,
)
from data.payments.external import note_external_refund
from data.payments.facts import (
    HoldLost,
    PaymentFailed,
    PaymentQuarantined,
    PriceLowered,
    RefundFailed,
    RefundRequested,
)
from data.payments.holds import was_only_held
from data.payments.links import (
    Payable,
    PayState,
    create_link,
    find_payable,
    order_behind,
    revoke_links,
)
from data.payments.looking import Look, lease_looks, looks_due
from data.payments.lowering import ask_again, lower_price, lower_shipping
from data.payments.models import (
    AttemptState,
    NoticeState,
    PaymentAttempt,
    PaymentLink,
    PaymentNotice,
    Refund,
    RefundKind,
    RefundState,
)
from data.payments.notices import record_notice
from data.payments.quarantine import dismiss_notice, release_quarantine
from data.payments.quarantine_models import QuarantineDeed, QuarantineMove
from data.payments.refund_truth import apply_refund_truth
from data.payments.refunds import request_refund, retry_refund, send_again
from data.payments.standing import apply_standing, fees_elsewhere, record_look
from data.payments.standing_models import (
    Alarm,
    Dispute,
    DisputeState,
    PaymentAlarm,
    PaymentFee,
    PaymentLook,
)
from data.payments.steps import Call, calls_due, lease, record_answer
from data.payments.truth import apply_truth

JOBS: dict[str, JobRunner] = {
    **sending.JOBS,
    **notices.JOBS,
    **steps.JOBS,
    **breaking.JOBS,
    **changing.JOBS,
    **exchanging.JOBS,
    **sandbox_bank.JOBS,
}


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """Cards first: what an order gives back is settled before anybody asks what is left."""
    for one in (credit, changing, exchanging, returning):
        one.listen(session, fact, now)


__all__ = [
    "AFTERCARE",
    "JOBS",
    "Aftercare",
    "Alarm",
    "AttemptState",
    "Call",
    "CancelOutcome",
    "Cancelled",
    "Dispute",
    "DisputeState",
    "HoldLost",
    "Look",
    "NoticeState",
    "PayState",
    "Payable",
    "PaymentAlarm",
    "PaymentAttempt",
    "PaymentFailed",
    "PaymentFee",
    "PaymentLink",
    "PaymentLook",
    "PaymentNotice",
    "PaymentQuarantined",
    "PriceLowered",
    "QuarantineDeed",
    "QuarantineMove",
    "Refund",
    "RefundFailed",
    "RefundKind",
    "RefundRequested",
    "RefundState",
    "Way",
    "apply_refund_truth",
    "apply_standing",
    "apply_truth",
    "ask_again",
    "begin_attempt",
    "call_broke",
    "calls_due",
    "cancel_order",
    "create_link",
    "dismiss_alarm",
    "dismiss_notice",
    "fees_elsewhere",
    "find_payable",
    "give_back_by_hand",
    "lease",
    "lease_looks",
    "listen",
    "looks_due",
    "lower_price",
    "lower_shipping",
    "note_external_refund",
    "order_behind",
    "record_answer",
    "record_look",
    "record_notice",
    "refund_order",
    "release_quarantine",
    "request_refund",
    "retry_refund",
    "revoke_links",
    "send_again",
    "settle_group_order",
    "supersede",
    "was_only_held",
]
