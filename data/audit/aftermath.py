"""I5, I6 for what came after a payment: fees, refunds made at the provider, disputes, and what has
waited for a person for more than a day."""

from typing import Any

from sqlalchemy import Select, select, union_all

from data.audit.accounts import differs
from data.audit.checks import Check, Moment
from data.ledger import DISPUTE_LOST, DISPUTED, PSP_FEE, LedgerEntry, Posting
from data.payments import (
    Alarm,
    AttemptState,
    Dispute,
    DisputeState,
    NoticeState,
    PaymentAlarm,
    PaymentAttempt,
    PaymentFee,
    PaymentLook,
    PaymentNotice,
    Refund,
    RefundKind,
)
from data.payments.books import REFUND_SUCCEEDED

_WEEKS = (Alarm.DISPUTED, Alarm.REFUND_HELD)  # a bank takes its time


def _notice_undecided(moment: Moment) -> Select[Any]:
    return select(PaymentNotice.id).where(
        PaymentNotice.state == NoticeState.QUARANTINED,
        PaymentNotice.received_at <= moment.yesterday,
    )


def _payment_undecided(moment: Moment) -> Select[Any]:
    """Payments and refunds that stand still."""
    still = [
        select(kind.id).where(kind.quarantine.is_not(None), kind.updated_at <= moment.yesterday)
        for kind in (PaymentAttempt, Refund)
    ]
    found = union_all(*still).subquery()
    return select(found.c.id)


def _alarm_undecided(moment: Moment) -> Select[Any]:
    return select(PaymentAlarm.id).where(
        PaymentAlarm.closed_at.is_(None),
        PaymentAlarm.what.not_in(_WEEKS),
        PaymentAlarm.raised_at <= moment.yesterday,
    )


def _never_looked_at(_: Moment) -> Select[Any]:
    """A payment whose fees, disputes and refunds made there nobody would ever ask about."""
    look = select(PaymentLook.attempt_id).where(PaymentLook.attempt_id == PaymentAttempt.id)
    return select(PaymentAttempt.id).where(
        PaymentAttempt.state == AttemptState.CAPTURED, ~look.exists()
    )


def _external_not_booked(_: Moment) -> Select[Any]:
    booked = select(LedgerEntry.id).where(
        LedgerEntry.merchant_id == Refund.merchant_id,
        LedgerEntry.kind == REFUND_SUCCEEDED,
        LedgerEntry.source_ref == Refund.id,
    )
    return select(Refund.id).where(Refund.kind == RefundKind.EXTERNAL, ~booked.exists())


def _fees_differ(_: Moment) -> Select[Any]:
    kept = select(
        PaymentFee.merchant_id, PaymentFee.currency, PaymentFee.amount_minor.label("minor")
    ).where(PaymentFee.booked)
    return differs(kept, Posting.account == PSP_FEE)


def _disputes_differ(_: Moment) -> Select[Any]:
    """What lies at banks, and what was lost there, are an account each; together they are `out`."""
    out = select(Dispute.merchant_id, Dispute.currency, Dispute.out_minor.label("minor"))
    return differs(out, Posting.account.in_((DISPUTED, DISPUTE_LOST)))


def _open_disputes_differ(_: Moment) -> Select[Any]:
    out = select(Dispute.merchant_id, Dispute.currency, Dispute.out_minor.label("minor"))
    return differs(out.where(Dispute.state == DisputeState.OPEN), Posting.account == DISPUTED)


CHECKS = (
    Check("I5", "notice_undecided", _notice_undecided),
    Check("I5", "payment_undecided", _payment_undecided),
    Check("I5", "payment_alarm_undecided", _alarm_undecided),
    Check("I5", "payment_never_looked_at", _never_looked_at),
    Check("I6", "external_refund_not_booked", _external_not_booked),
    Check("I6", "fee_ledger_differs", _fees_differ),
    Check("I6", "dispute_ledger_differs", _disputes_differ),
    Check("I6", "open_dispute_ledger_differs", _open_disputes_differ),
)
