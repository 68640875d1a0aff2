"""A buyer's objection at the bank: the money lies there until it is decided.

    taken   cash ▸ disputed      won   disputed ▸ cash      lost   disputed ▸ dispute_lost

While it lies there nothing is given back: the buyer could have it twice. A refund that waited is
sent when the shop has won; when it has lost, the bank has given the money back in its place.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.kernel.ids import new_id
from data.orders import Order, OrderKind, OrderState
from data.payments.alarms import raise_alarm, settle_alarm
from data.payments.books import book_dispute
from data.payments.calls import Verb
from data.payments.deciding import cancel_order
from data.payments.gateway import ProviderDispute
from data.payments.models import PaymentAttempt, Refund, RefundKind, RefundState
from data.payments.refund_truth import settle_refund
from data.payments.refunds import is_disputed, still_ours, waiting_refunds
from data.payments.standing_models import Alarm, Dispute, DisputeState

_NOT_LEFT = (OrderState.PAID, OrderState.WAITING_GROUP, OrderState.READY)
_LONGEST_REASON = 80


def learn_dispute(
    session: Session,
    order: Order,
    attempt: PaymentAttempt,
    shown: ProviderDispute,
    *,
    now: datetime,
) -> None:
    """What the provider shows of one now. The order is locked."""
    dispute = _kept(session, attempt, shown, now)
    before = DisputeState(dispute.state)
    dispute.state = DisputeState(shown.status.value)
    dispute.answer_by, dispute.is_claim = shown.answer_by, shown.is_claim
    _move_money(session, attempt, dispute, before, _out(session, dispute, shown), now)
    _TOLD[DisputeState(dispute.state)](session, order, attempt, dispute, now)


def _opened(
    session: Session, order: Order, attempt: PaymentAttempt, dispute: Dispute, now: datetime
) -> None:
    about, amount = dispute.provider_ref, dispute.amount
    raise_alarm(session, attempt, Alarm.DISPUTED, about=about, amount=amount, now=now)


def _won(
    session: Session, order: Order, attempt: PaymentAttempt, dispute: Dispute, now: datetime
) -> None:
    settle_alarm(session, attempt.id, Alarm.DISPUTED, about=dispute.provider_ref, now=now)
    if is_disputed(session, attempt.id):
        return  # by another one
    for refund in waiting_refunds(session, attempt.id):
        if refund.state == RefundState.REQUESTED and refund.call is None:
            refund.call, refund.call_at = Verb.REFUND, now
            settle_alarm(session, attempt.id, Alarm.REFUND_HELD, about=refund.id, now=now)
    session.flush()


def _lost(
    session: Session, order: Order, attempt: PaymentAttempt, dispute: Dispute, now: datetime
) -> None:
    """What was not sent yet stays here, as if we had cancelled it ourselves."""
    about, amount = dispute.provider_ref, dispute.amount
    settle_alarm(session, attempt.id, Alarm.DISPUTED, about=about, now=now)
    raise_alarm(session, attempt, Alarm.DISPUTE_LOST, about=about, amount=amount, now=now)
    is_all = 0 < still_ours(session, order.id) <= dispute.out_minor
    if order.state in _NOT_LEFT and order.kind != OrderKind.CHANGE and is_all:
        cancel_order(session, order_id=order.id, person_id=None, now=now)
    for refund in waiting_refunds(session, attempt.id):
        if refund.amount_minor <= dispute.out_minor:
            _settle(session, attempt, dispute, refund, now)


def is_taken_by_bank(session: Session, attempt: PaymentAttempt) -> bool:
    """Of a locked payment more was lost than nobody was promised back: sent as well, the same money
    would go back twice."""
    lost = sum(dispute.out_minor for dispute in _lost_ones(session, attempt))
    return lost > attempt.left.minor


def given_by_bank(
    session: Session, attempt: PaymentAttempt, refund: Refund, *, now: datetime
) -> bool:
    """A refund that was promised after a dispute was lost is what that one gave, if it gave as
    much. False: a person must say what of it is still to be given."""
    for dispute in _lost_ones(session, attempt):
        if refund.amount_minor <= dispute.out_minor:
            _settle(session, attempt, dispute, refund, now)
            return True
    return False


def _lost_ones(session: Session, attempt: PaymentAttempt) -> list[Dispute]:
    mine = select(Dispute).filter_by(attempt_id=attempt.id, state=DisputeState.LOST)
    return list(session.scalars(mine.order_by(Dispute.id)))


def _settle(
    session: Session, attempt: PaymentAttempt, dispute: Dispute, refund: Refund, now: datetime
) -> None:
    """The bank has given this refund in our place: its loss becomes our refund."""
    left = dispute.out_minor - refund.amount_minor
    _move_money(session, attempt, dispute, DisputeState(dispute.state), left, now)
    settle_refund(session, refund, reference=dispute.provider_ref, now=now)
    settle_alarm(session, attempt.id, Alarm.REFUND_HELD, about=refund.id, now=now)


def _out(session: Session, dispute: Dispute, shown: ProviderDispute) -> int:
    """How much of the payment lies at the bank or was lost there, without what became a refund.
    Another currency than the payment's is told of and not booked."""
    out = shown.amount if shown.out is None else shown.out
    if dispute.state == DisputeState.WON or out.currency != dispute.currency:
        return 0
    settled = session.scalar(
        select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
            Refund.attempt_id == dispute.attempt_id,
            Refund.kind == RefundKind.OURS,
            Refund.provider_ref == dispute.provider_ref,
            Refund.state == RefundState.SUCCEEDED,
        )
    )
    return max(0, out.minor - int(settled or 0))


def _move_money(  # whose, which, how it was and how it is
    session: Session,
    attempt: PaymentAttempt,
    dispute: Dispute,
    before: DisputeState,
    out: int,
    now: datetime,
) -> None:
    was = (before, dispute.out_minor)
    if was == (dispute.state, out):
        return
    dispute.out_minor, dispute.updated_at = out, now
    if was[1] or out:
        dispute.moves += 1
        book_dispute(session, dispute, attempt.provider, was=was, now=now)
    session.flush()


def _kept(
    session: Session, attempt: PaymentAttempt, shown: ProviderDispute, now: datetime
) -> Dispute:
    mine = select(Dispute).filter_by(attempt_id=attempt.id, provider_ref=shown.provider_ref)
    known = session.scalar(mine.with_for_update())
    if known is not None:
        return known
    dispute = Dispute(
        id=new_id("dsp"),
        merchant_id=attempt.merchant_id,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        provider_ref=shown.provider_ref,
        amount_minor=shown.amount.minor,
        out_minor=0,
        moves=0,
        currency=attempt.currency,
        state=DisputeState.OPEN,
        is_claim=shown.is_claim,
        reason=shown.reason[:_LONGEST_REASON],
        answer_by=shown.answer_by,
        opened_at=now,
        updated_at=now,
    )
    session.add(dispute)
    session.flush()
    return dispute


_TOLD = {DisputeState.OPEN: _opened, DisputeState.WON: _won, DisputeState.LOST: _lost}
