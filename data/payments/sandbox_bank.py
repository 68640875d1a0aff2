"""The SIMULATED bank: a small, honest, stateful bank with its own rows and its own transactions.

It keeps what a real one keeps: one payment per key, no refund beyond what was taken, and its word
stays the same across restarts. What the payer does is planned before, or done by `visit`.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.payments.gateway import (
    BalanceTooLow,
    NewPayment,
    NewRefund,
    PaymentStatus,
    ProviderEvent,
    ProviderRefused,
    RefundStatus,
)
from data.payments.notices import record_notice
from data.payments.sandbox_models import (
    Outcome,
    RefundOutcome,
    SandboxPayment,
    SandboxPlan,
    SandboxRefund,
)

SANDBOX = "sandbox"
NOTIFY = "sandbox_notify"
LATE = timedelta(minutes=2)  # long enough to see the page wait, short enough to try by hand
HOLD = timedelta(days=7)  # a card hold's usual life
_LOST = (Outcome.LOST, RefundOutcome.LOST)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the bank has, and whether its answer gets lost on the way."""

    row: SandboxPayment | SandboxRefund
    answer_lost: bool = False


def plan(
    session: Session, *, key: str, outcome: Outcome | RefundOutcome, delay: timedelta = LATE
) -> None:
    """What will happen when this payment (or, with a RefundOutcome, its refund) comes up."""
    about = "refund" if isinstance(outcome, RefundOutcome) else "payment"
    session.merge(
        SandboxPlan(
            key=key,
            about=about,
            outcome=outcome,
            delay_seconds=int(delay.total_seconds()),
            done=False,
        )
    )
    session.flush()


def open_payment(session: Session, wanted: NewPayment, *, now: datetime) -> Shown:
    """One payment per key; the same key for another amount is refused."""
    known = _payment(session, wanted.key, now)
    if known is not None and known.amount != wanted.amount:
        raise ProviderRefused("key_reused")
    planned = _planned(session, wanted.key, "payment")
    payment = known or _new_payment(session, wanted, now)
    if planned is not None:
        delay = timedelta(seconds=planned.delay_seconds)
        _decide(session, payment, Outcome(planned.outcome), delay=delay, now=now)
    session.flush()
    return Shown(payment, planned is not None and planned.outcome in _LOST)


def visit(
    session: Session, *, key: str, outcome: Outcome, now: datetime, delay: timedelta = LATE
) -> SandboxPayment:
    """The payer is at the bank and decides. A decided payment stays as it is."""
    payment = _known(session, key, now)
    _decide(session, payment, outcome, delay=delay, now=now)
    session.flush()
    return payment


def _decide(
    session: Session, payment: SandboxPayment, outcome: Outcome, *, delay: timedelta, now: datetime
) -> None:
    if payment.status != PaymentStatus.PENDING or payment.settles_at is not None:
        return
    if outcome == Outcome.LATE:
        payment.settles_at = now + delay
    elif outcome == Outcome.DECLINED:
        payment.status = PaymentStatus.FAILED
    else:
        _take(payment, now)
    calls = {Outcome.LOST: 0, Outcome.TWICE: 2}.get(outcome, 1)
    for nth in range(calls):
        _call_back(session, payment, nth, at=payment.settles_at or now, now=now)


def look(session: Session, key: str, *, now: datetime) -> SandboxPayment | None:
    return _payment(session, key, now)


def capture(
    session: Session, key: str, amount: Money | None = None, *, now: datetime
) -> SandboxPayment:
    """Take what is held, or this much of it: from then on that is what the payment is."""
    payment = _known(session, key, now)
    if payment.status != PaymentStatus.AUTHORIZED:
        return payment
    if amount is not None and not 0 < amount.minor <= payment.amount_minor:
        raise ProviderRefused("capture_exceeds_hold")
    payment.status, payment.settles_at = PaymentStatus.CAPTURED, None
    payment.amount_minor = amount.minor if amount else payment.amount_minor
    session.flush()
    return payment


def end_hold(session: Session, key: str, *, now: datetime) -> None:
    """The payer's own bank lets a hold go before its time, as some do."""
    payment = _known(session, key, now)
    if payment.status == PaymentStatus.AUTHORIZED:
        payment.settles_at = now
        session.flush()


def let_go(session: Session, key: str, *, now: datetime) -> SandboxPayment:
    """Void a hold or close an unpaid payment; one that is being decided cannot be stopped."""
    payment = _known(session, key, now)
    is_open = payment.status == PaymentStatus.PENDING and payment.settles_at is None
    if is_open or payment.status == PaymentStatus.AUTHORIZED:
        payment.status, payment.settles_at = PaymentStatus.VOIDED, None
        session.flush()
    return payment


def refund(session: Session, wanted: NewRefund, *, now: datetime) -> Shown:
    """One refund per key, never more than was taken in all."""
    known = look_refund(session, wanted.key, now=now)
    if known is not None:
        return Shown(known)
    payment = _known(session, wanted.payment.key, now)
    _refuse_too_much(session, payment, wanted.amount)
    if _is_short(session, payment.key):
        raise BalanceTooLow("balance")
    planned = _planned(session, payment.key, "refund")
    outcome = RefundOutcome(planned.outcome) if planned else RefundOutcome.APPROVED
    delay = timedelta(seconds=planned.delay_seconds) if planned else LATE
    given = _new_refund(session, wanted, outcome, now, delay)
    return Shown(given, outcome in _LOST)


def look_refund(session: Session, key: str, *, now: datetime) -> SandboxRefund | None:
    found = session.get(SandboxRefund, key, populate_existing=True)
    if found and found.becomes and found.settles_at and found.settles_at <= now:
        found.status, found.becomes = found.becomes, None
        session.flush()
    return found


def _new_payment(session: Session, wanted: NewPayment, now: datetime) -> SandboxPayment:
    payment = SandboxPayment(
        key=wanted.key,
        provider_ref=new_id("sbx"),
        order_id=wanted.order_id,
        amount_minor=wanted.amount.minor,
        currency=wanted.amount.currency,
        authorize_only=wanted.authorize_only,
        status=PaymentStatus.PENDING,
        created_at=now,
    )
    session.add(payment)
    return payment


_REFUND_BECOMES: dict[RefundOutcome, tuple[RefundStatus, RefundStatus | None]] = {
    RefundOutcome.DECLINED: (RefundStatus.FAILED, None),
    RefundOutcome.LATE: (RefundStatus.PENDING, RefundStatus.SUCCEEDED),
    RefundOutcome.REVERSED: (RefundStatus.SUCCEEDED, RefundStatus.FAILED),
    RefundOutcome.UNSAID: (RefundStatus.SUCCEEDED, RefundStatus.FAILED),
}


def _new_refund(
    session: Session, wanted: NewRefund, outcome: RefundOutcome, now: datetime, delay: timedelta
) -> SandboxRefund:
    status, becomes = _REFUND_BECOMES.get(outcome, (RefundStatus.SUCCEEDED, None))
    given = SandboxRefund(
        key=wanted.key,
        payment_key=wanted.payment.key,
        provider_ref=new_id("sbr"),
        amount_minor=wanted.amount.minor,
        currency=wanted.amount.currency,
        status=status,
        becomes=becomes,
        settles_at=now + delay if becomes else None,
        created_at=now,
    )
    session.add(given)
    session.flush()
    if given.settles_at is not None and outcome != RefundOutcome.UNSAID:
        _call_back(session, given, 0, at=given.settles_at, now=now)
    return given


def _take(payment: SandboxPayment, now: datetime) -> None:
    """Take the money, or only hold it; a hold does not last for ever."""
    if payment.authorize_only:
        payment.status, payment.settles_at = PaymentStatus.AUTHORIZED, now + HOLD
    else:
        payment.status, payment.settles_at = PaymentStatus.CAPTURED, None


def _payment(session: Session, key: str, now: datetime) -> SandboxPayment | None:
    """As it stands now: a slow decision may have fallen, a hold may have run out."""
    payment = session.get(SandboxPayment, key, populate_existing=True)
    if payment and payment.settles_at and payment.settles_at <= now:
        if payment.status == PaymentStatus.PENDING:
            _take(payment, payment.settles_at)
        elif payment.status == PaymentStatus.AUTHORIZED:
            payment.status, payment.settles_at = PaymentStatus.VOIDED, None
        session.flush()
    return payment


def _known(session: Session, key: str, now: datetime) -> SandboxPayment:
    payment = _payment(session, key, now)
    if payment is None:
        raise ProviderRefused("no_such_payment")
    return payment


def _planned(session: Session, key: str, about: str) -> SandboxPlan | None:
    """A plan happens once; afterwards the bank answers as it always does."""
    found = session.get(SandboxPlan, (key, about), populate_existing=True)
    if found is None or found.done:
        return None
    found.done = True
    session.flush()
    return found


def _is_short(session: Session, key: str) -> bool:
    """Until somebody fills up the shop's balance: plans something else."""
    found = session.get(SandboxPlan, (key, "refund"), populate_existing=True)
    return found is not None and found.outcome == RefundOutcome.SHORT


def _refuse_too_much(session: Session, payment: SandboxPayment, wanted: Money) -> None:
    given = session.scalar(
        select(func.coalesce(func.sum(SandboxRefund.amount_minor), 0)).where(
            SandboxRefund.payment_key == payment.key,
            SandboxRefund.status != RefundStatus.FAILED,
        )
    )
    is_taken = payment.status == PaymentStatus.CAPTURED
    if not is_taken or int(given or 0) + wanted.minor > payment.amount_minor:
        raise ProviderRefused("refund_exceeds_captured")


def _call_back(
    session: Session, row: SandboxPayment | SandboxRefund, nth: int, *, at: datetime, now: datetime
) -> None:
    """The bank's own courier: it calls back with the same event id, however often."""
    job = NewJob(
        lane=f"{SANDBOX}:{row.key}",
        kind=NOTIFY,
        key=f"{NOTIFY}:{row.key}:{nth}",
        run_at=at,
        args={"key": row.key, "amount": row.amount_minor, "currency": row.currency},
    )
    enqueue(session, job, now=now)


def _run_notify(session: Session, job: Job, now: datetime) -> None:
    """Bank and shop live in one house here, so the callback is handed over, not posted."""
    args = job.args
    event = ProviderEvent(
        event_id=f"evt_{args['key']}",
        our_ref=args["key"],
        raw=json.dumps(args, sort_keys=True).encode(),
        headers={"x-simulated-bank": SANDBOX},
        claimed=Money(args["amount"], args["currency"]),
    )
    record_notice(session, provider=SANDBOX, event=event, now=now)


JOBS: dict[str, JobRunner] = {NOTIFY: _run_notify}
