"""Coupons and gift cards: what was counted is what was used, what is owed is in the books."""

from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from data.audit.accounts import differs
from data.audit.checks import Check, Moment
from data.ledger import GIFT_CARD_LIABILITY, Posting
from data.orders import Order, OrderState
from data.orders.coupon_models import Coupon, CouponUse
from data.payments.credit_models import GiftCard, GiftCardUse, UseState

_PAID = (
    OrderState.PAID,
    OrderState.WAITING_GROUP,
    OrderState.READY,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
)


def _coupon_miscounted(_: Moment) -> Select[Any]:
    standing = and_(CouponUse.coupon_id == Coupon.id, CouponUse.nth.is_not(None))
    uses = select(func.count()).select_from(CouponUse).where(standing).scalar_subquery()
    spent = func.coalesce(func.sum(CouponUse.amount_minor), 0)
    spent_by = select(spent).where(standing).scalar_subquery()
    return select(Coupon.id).where(or_(Coupon.uses != uses, Coupon.spent_minor != spent_by))


def _card_miscounted(_: Moment) -> Select[Any]:
    """Held for orders that can be paid, taken for orders that are; the rest is its balance."""

    def of(state: UseState) -> Any:
        mine = and_(GiftCardUse.card_id == GiftCard.id, GiftCardUse.state == state)
        left = GiftCardUse.amount_minor - GiftCardUse.returned_minor
        return select(func.coalesce(func.sum(left), 0)).where(mine).scalar_subquery()

    taken = GiftCard.issued_minor - GiftCard.voided_minor - GiftCard.balance_minor
    wrong = or_(GiftCard.held_minor != of(UseState.HELD), taken != of(UseState.REDEEMED))
    return select(GiftCard.id).where(wrong)


def _credit_miscounted(_: Moment) -> Select[Any]:
    total = func.coalesce(func.sum(GiftCardUse.amount_minor), 0)
    by_cards = select(total).where(GiftCardUse.order_id == Order.id).scalar_subquery()
    return select(Order.id).where(Order.credit_minor != by_cards)


def _card_and_order_disagree(moment: Moment) -> Select[Any]:
    fits = case(
        (GiftCardUse.state == UseState.HELD, Order.state == OrderState.AWAITING_PAYMENT),
        (GiftCardUse.state == UseState.REDEEMED, Order.state.in_(_PAID)),
        else_=Order.state.not_in((*_PAID, OrderState.AWAITING_PAYMENT)),
    )
    return (
        select(GiftCardUse.order_id)
        .join(Order, Order.id == GiftCardUse.order_id)
        .where(~fits, Order.updated_at <= moment.settled)
    )


def _liability_differs(_: Moment) -> Select[Any]:
    """Per shop and currency: what the books owe on cards is what the cards are worth."""
    worth = select(
        GiftCard.merchant_id, GiftCard.currency, (-GiftCard.balance_minor).label("minor")
    )
    return differs(worth, Posting.account == GIFT_CARD_LIABILITY)


CHECKS = (
    Check("I6", "gift_card_ledger_differs", _liability_differs),
    Check("I14", "coupon_miscounted", _coupon_miscounted),
    Check("I14", "gift_card_miscounted", _card_miscounted),
    Check("I14", "order_credit_miscounted", _credit_miscounted),
    Check("I5", "gift_card_and_order_disagree", _card_and_order_disagree),
)
