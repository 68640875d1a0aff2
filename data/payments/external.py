"""Refunds that somebody began at the provider, past us: found there, and then so here too.

What cannot be told from a refund of ours that is on its way is left alone until that one is done.
A refund of ours that failed, or that was told by hand, is what is meant by one of its sum.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.errors import Refused, WrongState
from data.kernel.money import Money
from data.kernel.tokens import fingerprint
from data.orders import Order, OrderKind, OrderState, lock_order
from data.payments.alarms import raise_alarm, settle_alarm
from data.payments.attempts import lock_attempt
from data.payments.books import book_refund_promised, book_refund_succeeded
from data.payments.deciding import cancel_order
from data.payments.gateway import ProviderRefund, RefundStatus, Standing
from data.payments.models import (
    OPEN_REFUNDS,
    AttemptState,
    PaymentAttempt,
    Refund,
    RefundKind,
    RefundState,
)
from data.payments.refund_truth import (
    apply_refund_truth,
    close_if_all_is_back,
    settle_refund,
)
from data.payments.refunds import new_refund, promise, still_ours, waiting_refunds
from data.payments.standing_models import Alarm, Dispute

_NOT_LEFT = (OrderState.PAID, OrderState.WAITING_GROUP, OrderState.READY)
_LONGEST_CAUSE = 80  # of Refund.cause_ref


def learn_refunds(
    session: Session, order: Order, attempt: PaymentAttempt, shown: Standing, *, now: datetime
) -> bool:
    """True: something there, or here, is still on its way, and a later look tells more."""
    taken = _taken_names(session, attempt, shown)
    waits = [_learn(session, order, attempt, one, taken, now) for one in shown.refunds]
    known = _refunds_of(session, attempt)
    if any(refund.state in OPEN_REFUNDS for refund in known):
        return any(waits) or shown.is_all_returned
    if shown.is_all_returned:
        _learn_rest(session, order, attempt, known, now)
    elif shown.is_touched and all(refund.state == RefundState.FAILED for refund in known):
        raise_alarm(session, attempt, Alarm.REFUND_UNTOLD, about="", amount=None, now=now)
    return any(waits)


def note_external_refund(
    session: Session, *, attempt_id: str, amount: Money, reference: str, now: datetime
) -> None:
    """A person has looked it up at a provider that tells nobody how much. Refused: more than is
    left of the payment, or it is known. WrongState: nothing was paid."""
    order, attempt = lock_attempt(session, attempt_id)
    if attempt.state != AttemptState.CAPTURED:
        raise WrongState(attempt.state)
    known = _refunds_of(session, attempt)
    if any(refund.provider_ref == reference for refund in known):
        raise Refused("refund_known")
    if not _has_room(attempt, amount):
        raise Refused("refund_exceeds_captured")
    _record(session, order, attempt, amount, reference, now)
    settle_alarm(session, attempt.id, Alarm.REFUND_UNTOLD, about="", now=now)


def _learn(  # whose, what, and what else is there
    session: Session,
    order: Order,
    attempt: PaymentAttempt,
    one: ProviderRefund,
    taken: frozenset[str],
    now: datetime,
) -> bool:
    known = _refunds_of(session, attempt)
    ours = _same(known, one)
    if ours is not None and not _is_contrary(ours, one):
        return False
    if ours is not None:
        truth = replace(one, our_ref=None)
        if apply_refund_truth(session, refund_id=ours.id, truth=truth, now=now):
            settle_alarm(session, attempt.id, Alarm.REFUND_NO_ROOM, about=one.provider_ref, now=now)
            return False
    if one.status == RefundStatus.SUCCEEDED and one.amount.currency == attempt.currency:
        told = _told_as(known, one, taken)
        if told is None:
            return _believe(session, order, attempt, one, known, now)
        told.provider_ref = one.provider_ref  # a person has said so before, by another number
        session.flush()
        return False
    return one.status == RefundStatus.PENDING


def _believe(  # whose, what, and what we know
    session: Session,
    order: Order,
    attempt: PaymentAttempt,
    one: ProviderRefund,
    known: Sequence[Refund],
    now: datetime,
) -> bool:
    meant = next((r for r in _left_over(session, attempt) if r.amount == one.amount), None)
    if meant is not None:
        settle_refund(session, meant, reference=one.provider_ref, now=now)
        settle_alarm(session, attempt.id, Alarm.REFUND_HELD, about=meant.id, now=now)
        return False
    if not _has_room(attempt, one.amount):
        about = one.provider_ref
        raise_alarm(session, attempt, Alarm.REFUND_NO_ROOM, about=about, amount=one.amount, now=now)
        return any(refund.state in OPEN_REFUNDS for refund in known)
    _record(session, order, attempt, one.amount, one.provider_ref, now)
    return False


def _learn_rest(
    session: Session, order: Order, attempt: PaymentAttempt, known: Sequence[Refund], now: datetime
) -> None:
    """All of it was given back: what is not ours is theirs."""
    given = sum(r.amount_minor for r in known if r.state == RefundState.SUCCEEDED)
    left = Money(attempt.captured_minor - given, attempt.currency)
    if left.minor > 0:
        reference = attempt.provider_ref or attempt.idempotency_key
        one = ProviderRefund(RefundStatus.SUCCEEDED, left, reference)
        _believe(session, order, attempt, one, known, now)


def _record(  # whose, how much, its name there
    session: Session,
    order: Order,
    attempt: PaymentAttempt,
    amount: Money,
    reference: str,
    now: datetime,
) -> None:
    promise(session, attempt, amount)
    refund = new_refund(session, attempt, amount, _cause(reference), None, now)
    refund.kind, refund.provider_ref = RefundKind.EXTERNAL, reference
    refund.state = RefundState.SUCCEEDED
    session.flush()
    book_refund_promised(session, refund, attempt, now=now)
    book_refund_succeeded(session, refund, attempt.provider, now=now)
    about = refund.id
    raise_alarm(session, attempt, Alarm.REFUNDED_THERE, about=about, amount=amount, now=now)
    settle_alarm(session, attempt.id, Alarm.REFUND_NO_ROOM, about=reference, now=now)
    _stop_if_all_is_back(session, order, now)


def _stop_if_all_is_back(session: Session, order: Order, now: datetime) -> None:
    """Nothing of its money is with us: what has not left stays here, as if we had cancelled it. A
    difference is not called off without the order whose goods it changed."""
    if still_ours(session, order.id) != 0:
        return
    if order.state in _NOT_LEFT and order.kind != OrderKind.CHANGE:
        cancel_order(session, order_id=order.id, person_id=None, now=now)
    else:
        close_if_all_is_back(session, lock_order(session, order_id=order.id), now=now)


def _left_over(session: Session, attempt: PaymentAttempt) -> list[Refund]:
    """Of ours: what failed, and what a dispute has held back."""
    left = waiting_refunds(session, attempt.id)
    if any(refund.state == RefundState.REQUESTED for refund in left):
        disputed = select(Dispute.id).where(Dispute.attempt_id == attempt.id)
        if session.scalar(disputed.limit(1)) is None:
            return [refund for refund in left if refund.state == RefundState.FAILED]
    return left


def _refunds_of(session: Session, attempt: PaymentAttempt) -> list[Refund]:
    mine = select(Refund).where(Refund.attempt_id == attempt.id).order_by(Refund.id)
    return list(session.scalars(mine.execution_options(populate_existing=True)))


def _same(known: Sequence[Refund], one: ProviderRefund) -> Refund | None:
    """By our key, or by its name there. What had failed and was given after all is the try that
    followed it."""
    mine = [
        r for r in known if one.our_ref == r.idempotency_key or one.provider_ref == r.provider_ref
    ]
    return min(mine, key=lambda r: r.state == RefundState.FAILED, default=None)


def _is_contrary(ours: Refund, one: ProviderRefund) -> bool:
    """It is over here, and there it came out the other way, or is under way again."""
    if ours.state == RefundState.FAILED:
        return one.status != RefundStatus.FAILED
    return ours.state == RefundState.SUCCEEDED and one.status == RefundStatus.FAILED


def _taken_names(session: Session, attempt: PaymentAttempt, shown: Standing) -> frozenset[str]:
    """Names that mean something there: of its refunds, and of disputes that settled ours."""
    disputes = select(Dispute.provider_ref).where(Dispute.attempt_id == attempt.id)
    return frozenset({one.provider_ref for one in shown.refunds} | {*session.scalars(disputes)})


def _told_as(known: Sequence[Refund], one: ProviderRefund, taken: frozenset[str]) -> Refund | None:
    """One of this sum that somebody of the shop has told by hand, under a name that means nothing
    there; the provider was never asked for it."""
    done = [r for r in known if r.state == RefundState.SUCCEEDED and r.kind == RefundKind.OURS]
    told = [r for r in done if r.calls == 0 and r.provider_ref not in taken]
    return next((r for r in told if r.amount == one.amount), None)


def _has_room(attempt: PaymentAttempt, amount: Money) -> bool:
    return amount.minor <= attempt.captured_minor - attempt.promised_minor


def _cause(reference: str) -> str:
    cause = f"external:{reference}"
    return cause if len(cause) <= _LONGEST_CAUSE else f"external:{fingerprint(reference)}"
