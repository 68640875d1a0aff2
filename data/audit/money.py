"""I4, I5, I6, I8 for money: nothing is given back twice, nothing is kept that is not earned."""

from typing import Any

from sqlalchemy import Select, and_, case, func, literal, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from data.audit.accounts import differs
from data.audit.checks import Check, Moment
from data.group_buys.models import Seat, TeamState, TeamStep
from data.ledger import CUSTOMER_HOLD, LedgerEntry, Posting, cash_in_transit
from data.orders import Order, OrderKind, OrderState
from data.payments import (
    AttemptState,
    Dispute,
    PaymentAttempt,
    PaymentFee,
    Refund,
    RefundKind,
    RefundState,
)
from data.payments.credit_models import PURSE, GiftCard, GiftCardUse, UseState
from data.payments.refunds import DIFFERENCE

_UNPAID = (OrderState.AWAITING_PAYMENT, OrderState.EXPIRED, OrderState.CANCELLED)
_GIVEN_BACK = (OrderState.REFUND_PENDING, OrderState.REFUNDED)
_PAID = (
    OrderState.PAID,
    OrderState.WAITING_GROUP,
    OrderState.READY,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
)


def _refunded(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    total = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.attempt_id == PaymentAttempt.id, *conditions
    )
    return total.scalar_subquery()


_SUCCEEDED = _refunded(Refund.state == RefundState.SUCCEEDED)
_PROMISED = _refunded(Refund.state != RefundState.FAILED)
_EXTERNAL = _refunded(Refund.kind == RefundKind.EXTERNAL)
_KEPT = PaymentAttempt.captured_minor - _SUCCEEDED


def _too_much_back(_: Moment) -> Select[Any]:
    return select(PaymentAttempt.id).where(
        or_(
            PaymentAttempt.captured_minor < _PROMISED,
            PaymentAttempt.captured_minor < PaymentAttempt.promised_minor,
        )
    )


def _promise_differs(_: Moment) -> Select[Any]:
    return select(PaymentAttempt.id).where(PaymentAttempt.promised_minor < _PROMISED)


def _money_kept(moment: Moment) -> Select[Any]:
    """Nothing is owed for the order, yet money is still with us."""
    return (
        select(PaymentAttempt.order_id)
        .join(Order, Order.id == PaymentAttempt.order_id)
        .where(Order.state.in_((*_UNPAID, *_GIVEN_BACK)), _KEPT != 0)
        .where(PaymentAttempt.updated_at <= moment.settled, Order.updated_at <= moment.settled)
    )


def _refund_stuck(moment: Moment) -> Select[Any]:
    return (
        select(Refund.id)
        .where(Refund.state.not_in((RefundState.SUCCEEDED, RefundState.FAILED)))
        .where(Refund.created_at <= moment.settled)
    )


def _not_paid_once(moment: Moment) -> Select[Any]:
    """A paid order has exactly one payment behind it. All of that may have gone back for goods that
    did, or at the provider, past us: but not because it came late, or twice. Where cards paid all,
    or a price ladder left nothing to pay, no payment's money is kept."""
    astray = [Refund.cause_ref.startswith(f"{why}:") for why in ("late", "double", "superseded")]
    sent_back = select(Refund.id).where(Refund.attempt_id == PaymentAttempt.id, or_(*astray))
    is_free = Order.total_minor == Order.credit_minor
    is_here = or_(_KEPT > 0, and_(~is_free, or_(_EXTERNAL > 0, ~sent_back.exists())))
    behind = and_(
        PaymentAttempt.order_id == Order.id,
        or_(
            PaymentAttempt.state == AttemptState.AUTHORIZED,
            and_(PaymentAttempt.state == AttemptState.CAPTURED, is_here),
        ),
    )
    count = select(func.count()).select_from(PaymentAttempt).where(behind).scalar_subquery()
    return select(Order.id).where(
        Order.state.in_(_PAID),
        Order.updated_at <= moment.settled,
        count != case((is_free, 0), else_=1),
    )


def _paid_another_amount(_: Moment) -> Select[Any]:
    """Of what is not on its way back: a coupon may have come after a payment had begun. Where a
    price ladder came down, the difference went back, once."""
    kept = PaymentAttempt.captured_minor - _refunded(Refund.cause_ref == DIFFERENCE)
    return (
        select(PaymentAttempt.id)
        .join(Order, Order.id == PaymentAttempt.order_id)
        .where(PaymentAttempt.state == AttemptState.CAPTURED)
        .where(PaymentAttempt.promised_minor < PaymentAttempt.captured_minor)
        .where(
            or_(
                kept != Order.total_minor - Order.credit_minor,
                PaymentAttempt.currency != Order.currency,
            )
        )
    )


def _failed_team_not_refunded_once(moment: Moment) -> Select[Any]:
    succeeded = (
        select(func.count())
        .select_from(Refund)
        .where(Refund.attempt_id == PaymentAttempt.id, Refund.state == RefundState.SUCCEEDED)
        .scalar_subquery()
    )
    return (
        select(PaymentAttempt.id)
        .join(Seat, Seat.order_id == PaymentAttempt.order_id)
        .join(TeamStep, TeamStep.team_id == Seat.team_id)
        .where(TeamStep.state == TeamState.FAILED, TeamStep.at <= moment.settled)
        .where(PaymentAttempt.captured_minor > 0, PaymentAttempt.updated_at <= moment.settled)
        .where(or_(succeeded != 1, PaymentAttempt.captured_minor != _SUCCEEDED))
    )


def _entry_unbalanced(_: Moment) -> Select[Any]:
    return (
        select(LedgerEntry.id)
        .outerjoin(Posting, Posting.entry_id == LedgerEntry.id)
        .group_by(LedgerEntry.id, Posting.currency)
        .having(func.coalesce(func.sum(Posting.amount_minor), 1) != 0)
    )


def _cash_differs(_: Moment) -> Select[Any]:
    """Per shop, provider and currency: the books' cash is what was captured, without what was given
    back, what was kept as a fee, and what a bank has taken."""
    account = literal(cash_in_transit("")) + PaymentAttempt.provider
    key = (PaymentAttempt.merchant_id, account.label("account"), PaymentAttempt.currency)
    captured = select(*key, PaymentAttempt.captured_minor.label("minor"))
    back = (
        select(*key, (-Refund.amount_minor).label("minor"))
        .join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
        .where(Refund.state == RefundState.SUCCEEDED)
    )
    fees = (
        select(*key, (-PaymentFee.amount_minor).label("minor"))
        .join(PaymentAttempt, PaymentAttempt.id == PaymentFee.attempt_id)
        .where(PaymentFee.booked)
    )
    disputed = select(*key, (-Dispute.out_minor).label("minor")).join(
        PaymentAttempt, PaymentAttempt.id == Dispute.attempt_id
    )
    booked = select(
        Posting.merchant_id, Posting.account, Posting.currency, Posting.amount_minor
    ).where(Posting.account.startswith(cash_in_transit("")))
    moved = union_all(captured, back, fees, disputed, booked).subquery()
    where = (moved.c.merchant_id, moved.c.account, moved.c.currency)
    return (
        select(moved.c.merchant_id + literal("/") + moved.c.account)
        .group_by(*where)
        .having(func.sum(moved.c.minor) != 0)
    )


def _hold_differs(_: Moment) -> Select[Any]:
    """Per shop and currency: money that is paid and not the shop's yet is what orders that wait for
    their team were paid with, and shares of presents, until a purse has them."""
    kept = PaymentAttempt.captured_minor - PaymentAttempt.promised_minor
    is_share = and_(Order.kind == OrderKind.POOL, Order.state.in_(_PAID))
    paid = (
        select(PaymentAttempt.merchant_id, PaymentAttempt.currency, (-kept).label("minor"))
        .join(Order, Order.id == PaymentAttempt.order_id)
        .where(or_(Order.state == OrderState.WAITING_GROUP, is_share))
    )
    left = GiftCardUse.amount_minor - GiftCardUse.returned_minor
    by_cards = (
        select(GiftCardUse.merchant_id, GiftCardUse.currency, -left)
        .join(Order, Order.id == GiftCardUse.order_id)
        .where(GiftCardUse.state == UseState.REDEEMED, Order.state == OrderState.WAITING_GROUP)
    )
    inside = GiftCard.issued_minor - GiftCard.voided_minor
    in_purses = select(GiftCard.merchant_id, GiftCard.currency, inside).where(
        GiftCard.issued_by.startswith(PURSE)
    )
    held = union_all(paid, by_cards, in_purses).subquery()
    rows = select(held.c.merchant_id, held.c.currency, held.c.minor)
    return differs(rows, Posting.account == CUSTOMER_HOLD)


CHECKS = (
    Check("I4", "refunds_exceed_captured", _too_much_back),
    Check("I4", "refunds_not_promised", _promise_differs),
    Check("I5", "money_kept_without_goods", _money_kept),
    Check("I5", "refund_stuck", _refund_stuck),
    Check("I5", "failed_team_not_refunded_once", _failed_team_not_refunded_once),
    Check("I6", "ledger_entry_unbalanced", _entry_unbalanced),
    Check("I6", "ledger_cash_differs", _cash_differs),
    Check("I6", "ledger_hold_differs", _hold_differs),
    Check("I7", "paid_order_not_paid_once", _not_paid_once),
    Check("I8", "captured_another_amount", _paid_another_amount),
)
