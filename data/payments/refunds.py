"""Money back: asked for once per cause, never more than was taken, until the provider gave it."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from data.delivery.jobs import NewJob, enqueue
from data.kernel.database import changed
from data.kernel.errors import NotFound, Refused, WrongState
from data.kernel.facts import announce
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.versions import set_if_same
from data.orders import Order, lock_order
from data.orders.states import lane_of
from data.payments.alarms import raise_alarm
from data.payments.attempts import lock_attempt
from data.payments.books import book_refund_promised
from data.payments.calls import Verb
from data.payments.facts import RefundRequested
from data.payments.keys import business_key
from data.payments.models import (
    OPEN_REFUNDS,
    REFUND_TRANSITIONS,
    PaymentAttempt,
    Refund,
    RefundState,
)
from data.payments.standing_models import Alarm, Dispute, DisputeState, PaymentAlarm

SEND = "refund_send"
DIFFERENCE = "ladder"  # the cause of what goes back because more people came: see lowering.py


def request_refund(
    session: Session, *, attempt_id: str, amount: Money | None, cause_ref: str, now: datetime
) -> Refund:
    """Promise money back (all that is left, without an amount) and have it sent.

    The same cause gives the same refund. Refused when the promises would exceed what was taken.
    """
    order, attempt = lock_attempt(session, attempt_id)
    known = session.scalar(
        select(Refund).where(Refund.attempt_id == attempt_id, Refund.cause_ref == cause_ref)
    )
    if known is not None:
        return known
    wanted = amount or Money(attempt.captured_minor - attempt.promised_minor, attempt.currency)
    promise(session, attempt, wanted)
    refund = new_refund(session, attempt, wanted, cause_ref, None, now)
    book_refund_promised(session, refund, attempt, now=now)
    _send_and_tell(session, order, refund, now)
    return refund


def retry_refund(session: Session, *, refund_id: str, now: datetime) -> Refund:
    """Try a failed refund again under a new key; the money was promised before, so only once."""
    order, failed = lock_refund(session, refund_id)
    if failed.state != RefundState.FAILED:
        raise WrongState(failed.state)
    cause_ref = f"retry:{failed.id}"
    known = session.scalar(select(Refund).where(Refund.retry_of == failed.id))
    if known is not None:
        return known
    _, attempt = lock_attempt(session, failed.attempt_id)
    refund = new_refund(session, attempt, failed.amount, cause_ref, failed.id, now)
    _send_and_tell(session, order, refund, now)
    return refund


def last_try(session: Session, refund: Refund) -> Refund:
    """Of one that failed: what came of trying again."""
    again = session.scalar(select(Refund).where(Refund.retry_of == refund.id))
    return refund if again is None else last_try(session, again)


def send_again(session: Session, *, refund_id: str, now: datetime) -> None:
    """A person wants it sent now, under its key: the shop's balance was filled up, or a dispute
    that held it back is over. What was sent before is looked for first. WrongState: it waits for
    nothing of the kind, or is disputed."""
    _, refund = lock_refund(session, refund_id)
    told = select(PaymentAlarm).where(
        PaymentAlarm.attempt_id == refund.attempt_id,
        PaymentAlarm.what.in_((Alarm.REFUND_WAITS, Alarm.REFUND_HELD)),
        PaymentAlarm.about == refund.id,
        PaymentAlarm.closed_at.is_(None),
    )
    alarm = session.scalar(told)
    is_open = refund.state in OPEN_REFUNDS and refund.quarantine is None
    if alarm is None or not is_open or is_disputed(session, refund.attempt_id):
        raise WrongState(refund.state)
    refund.call, refund.call_at = Verb.QUERY_REFUND if refund.calls else Verb.REFUND, now
    if alarm.what == Alarm.REFUND_HELD:
        alarm.closed_at = now
    session.flush()


def lock_refund(session: Session, refund_id: str) -> tuple[Order, Refund]:
    order_id = session.scalar(select(Refund.order_id).where(Refund.id == refund_id))
    if order_id is None:
        raise NotFound("refund")
    order = lock_order(session, order_id=order_id)
    refund = session.get_one(Refund, refund_id, populate_existing=True, with_for_update=True)
    return order, refund


def move_refund(session: Session, refund: Refund, to: RefundState, *, now: datetime) -> bool:
    if to not in REFUND_TRANSITIONS[RefundState(refund.state)]:
        return False
    return set_if_same(session, refund, state=to, updated_at=now)


def still_ours(session: Session, order_id: str) -> int:
    """Captured minus really refunded, in minor units: what we have of this order's money."""
    captured = session.scalar(
        select(func.coalesce(func.sum(PaymentAttempt.captured_minor), 0)).where(
            PaymentAttempt.order_id == order_id
        )
    )
    returned = session.scalar(
        select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
            Refund.order_id == order_id, Refund.state == RefundState.SUCCEEDED
        )
    )
    return int(captured or 0) - int(returned or 0)


def promise(session: Session, attempt: PaymentAttempt, wanted: Money) -> None:
    """One conditional UPDATE is the bound: promises never exceed what was captured."""
    if wanted.minor <= 0 or wanted.currency != attempt.currency:
        raise Refused("refund_amount")
    promised = PaymentAttempt.promised_minor + wanted.minor
    won = session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id == attempt.id, promised <= PaymentAttempt.captured_minor)
        .values(promised_minor=promised, version=PaymentAttempt.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        raise Refused("refund_exceeds_captured")
    session.refresh(attempt)


def new_refund(
    session: Session,
    attempt: PaymentAttempt,
    wanted: Money,
    cause_ref: str,
    retry_of: str | None,
    now: datetime,
) -> Refund:
    refund_id = new_id("rfd")
    refund = Refund(
        id=refund_id,
        merchant_id=attempt.merchant_id,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        retry_of=retry_of,
        cause_ref=cause_ref,
        idempotency_key=business_key("refund", refund_id, 1, wanted),
        amount_minor=wanted.minor,
        currency=wanted.currency,
        created_at=now,
        updated_at=now,
    )
    session.add(refund)
    session.flush()
    return refund


def _send_and_tell(session: Session, order: Order, refund: Refund, now: datetime) -> None:
    job = NewJob(
        lane=lane_of(order.id),
        kind=SEND,
        key=f"{SEND}:{refund.id}",
        run_at=now,
        args={"refund_id": refund.id},
        merchant_id=refund.merchant_id,
    )
    enqueue(session, job, now=now)
    fact = RefundRequested(
        merchant_id=order.merchant_id,
        order_id=order.id,
        person_id=order.person_id,
        conversation_id=order.conversation_id,
        refund_id=refund.id,
        cause_ref=refund.cause_ref,
    )
    announce(session, fact, now=now)


def waiting_refunds(session: Session, attempt_id: str) -> list[Refund]:
    """Promised, and not sent or failed for good: what another way of giving back may settle."""
    again = aliased(Refund)
    retried = select(again.id).where(again.retry_of == Refund.id)
    waits = or_(
        and_(Refund.state == RefundState.REQUESTED, Refund.call.is_(None)),
        and_(Refund.state == RefundState.FAILED, ~retried.exists()),
    )
    mine = select(Refund).where(Refund.attempt_id == attempt_id, waits)
    fits = mine.where(Refund.quarantine.is_(None)).order_by(Refund.id)
    return list(session.scalars(fits.execution_options(populate_existing=True)))


def is_disputed(session: Session, attempt_id: str) -> bool:
    """A bank may give the money back until it has decided: who gave it back now might give it
    twice."""
    is_open = (Dispute.state == DisputeState.OPEN, Dispute.is_claim)
    found = select(Dispute.id).where(Dispute.attempt_id == attempt_id, *is_open)
    return session.scalar(found.limit(1)) is not None


def hold_refund(session: Session, refund: Refund, *, now: datetime) -> None:
    """It is not sent for now, and somebody hears of it."""
    attempt = session.get_one(PaymentAttempt, refund.attempt_id)
    about, amount = refund.id, refund.amount
    raise_alarm(session, attempt, Alarm.REFUND_HELD, about=about, amount=amount, now=now)
