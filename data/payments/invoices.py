"""Paying inside a messenger: it asks before it takes money, tells us afterwards, and that is all.

    it asks     ▸ `approve`: under the order's lock the attempt begins, or there is a reason not to
    it tells    ▸ `take`: its word is kept as a notice and counts at once, each charge once
    it is quiet ▸ nothing was taken as far as we know: the attempt fails, the order stays payable

An invoice names the order alone, so it stays good as long as the order can be paid (ADR 27).
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from data.delivery.inbound import Charge
from data.kernel.errors import NotFound, Refused, WrongState
from data.kernel.money import Money
from data.kernel.once import insert_once
from data.kernel.tokens import fingerprint
from data.orders import Order, lock_order
from data.payments.attempts import Way, attempts_of, begin_attempt, move_attempt, new_attempt
from data.payments.calls import Verb
from data.payments.gateway import PaymentStatus, ProviderPayment
from data.payments.models import (
    OPEN_ATTEMPTS,
    AttemptState,
    NoticeState,
    PaymentAttempt,
    PaymentNotice,
)
from data.payments.truth import apply_truth

TELEGRAM = "telegram"  # the provider's name in attempts and in the books
# Between our yes and its word lies the payer's bank, perhaps a code on the phone (our guess).
_PATIENCE = timedelta(minutes=5)
_FALLEN = (AttemptState.FAILED, AttemptState.VOIDED)
_LONGEST_NAME = 128  # of PaymentNotice.event_id and PaymentAttempt.provider_ref
_LONGEST_REF = 64  # of PaymentNotice.our_ref


def approve(
    session: Session, *, provider: str, order_id: str, person_id: str, asked: Money, now: datetime
) -> PaymentAttempt:
    """May this person pay this sum for this order now? Asked again, the same attempt.

    NotFound for anybody else's order; any other ShopError says why not.
    """
    if _find(session, Order.id == order_id, Order.person_id == person_id) is None:
        raise NotFound("order")
    order = lock_order(session, order_id=order_id, person_id=person_id)
    if asked != order.due:
        raise Refused("amount")
    attempt = begin_attempt(session, order_id=order_id, way=Way(provider), now=now)
    if attempt.quarantine is not None:
        raise WrongState("quarantine")
    _expect_word(session, attempt, now)
    return attempt


def take(
    session: Session, *, provider: str, merchant_id: str, charge: Charge, now: datetime
) -> NoticeState | None:
    """What became of it; None for a repeat. Money that the order cannot use goes back, as ever."""
    order = _order_of(session, merchant_id, charge.order_id)
    if _is_known(session, provider, charge):
        return None
    attempt = _attempt_for(session, order, provider, charge.amount, now) if order else None
    notice = _keep(session, provider, merchant_id, charge, attempt, now)
    if notice is None:
        return None
    if attempt is None:
        return NoticeState(notice.state)
    truth = ProviderPayment(
        status=PaymentStatus.CAPTURED,
        amount=charge.amount,
        provider_ref=_name(charge.provider_ref or charge.name),
        our_ref=attempt.idempotency_key,
    )
    if apply_truth(session, attempt_id=attempt.id, truth=truth, now=now):
        notice.state = NoticeState.APPLIED
    else:
        notice.state, notice.reason = NoticeState.QUARANTINED, attempt.quarantine or "state"
    session.flush()
    return NoticeState(notice.state)


def _expect_word(session: Session, attempt: PaymentAttempt, now: datetime) -> None:
    """From here on money may move; nobody is to be called, so what is due is a look much later."""
    if attempt.state == AttemptState.CREATED:
        move_attempt(session, attempt, AttemptState.SUBMITTED, now=now)
    attempt.call, attempt.call_at = Verb.QUERY, now + _PATIENCE
    attempt.calls += 1  # a look that is under way was for the payer's try before this one
    session.flush()


def _order_of(session: Session, merchant_id: str, order_id: str) -> Order | None:
    known = _find(session, Order.id == order_id, Order.merchant_id == merchant_id)
    return lock_order(session, order_id=known) if known else None


def _find(session: Session, *which: ColumnElement[bool]) -> str | None:
    """What somebody names may be no order at all: nothing is locked for that."""
    return session.scalar(select(Order.id).where(*which))


def _is_known(session: Session, provider: str, charge: Charge) -> bool:
    known = select(PaymentNotice.id).where(
        PaymentNotice.provider == provider, PaymentNotice.event_id == _name(charge.name)
    )
    return session.scalar(known) is not None


def _attempt_for(
    session: Session, order: Order, provider: str, taken: Money, now: datetime
) -> PaymentAttempt:
    """The try that waits for this word, or the last of this sum that we had given up. Where there
    is none the same invoice was paid twice: a try of its own, whose money goes back. That one is of
    what was taken, for the order may cost less by now, or nothing."""
    tried = attempts_of(session, order.id)
    mine = [one for one in reversed(tried) if one.provider == provider]
    waiting = [one for one in mine if one.state in OPEN_ATTEMPTS]
    fallen = [one for one in mine if one.state in _FALLEN and one.amount == taken]
    fitting = sorted(waiting + fallen, key=lambda one: one.amount != taken)
    if fitting:
        return fitting[0]
    attempt = new_attempt(
        session,
        order,
        Way(provider),
        tried=len(tried),
        authorize=False,
        now=now,
        amount=Money(taken.minor, order.currency),  # of another kind, it is for a person to look
    )
    _expect_word(session, attempt, now)
    return attempt


def _keep(  # one row's parts
    session: Session,
    provider: str,
    merchant_id: str,
    charge: Charge,
    attempt: PaymentAttempt | None,
    now: datetime,
) -> PaymentNotice | None:
    notice_id = insert_once(
        session,
        PaymentNotice,
        merchant_id=merchant_id,
        provider=provider,
        event_id=_name(charge.name),
        our_ref=attempt.idempotency_key if attempt else charge.order_id[:_LONGEST_REF],
        claimed_minor=charge.amount.minor,
        claimed_currency=charge.amount.currency,
        raw=charge.raw.encode(),
        headers={},
        state=NoticeState.RECEIVED if attempt else NoticeState.QUARANTINED,
        reason="" if attempt else "unknown_payment",
        received_at=now,
    )
    return None if notice_id is None else session.get_one(PaymentNotice, notice_id)


def _name(theirs: str) -> str:
    """Nobody says how long such names are."""
    return theirs if len(theirs) <= _LONGEST_NAME else fingerprint(theirs)
