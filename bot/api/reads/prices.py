"""Coupons and gift cards as the shop sees them: lists, and what was used on which order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from data.kernel.money import Money
from data.orders import Order
from data.orders.coupon_models import Coupon, CouponUse
from data.orders.coupon_turns import get_coupon
from data.orders.price_models import PriceMove
from data.orders.price_moves import moves_about
from data.payments.credit_models import PURSE, GiftCard, GiftCardUse
from data.payments.gift_cards import get_gift_card

_USES = 50  # the latest, on a coupon's or a card's own page


@dataclass(frozen=True, slots=True)
class CouponView:
    """`uses` with their orders, the latest first; of a use that was given back `nth` is None."""

    coupon: Coupon
    uses: Sequence[tuple[CouponUse, Order]]
    moves: Sequence[PriceMove]


@dataclass(frozen=True, slots=True)
class CardView:
    card: GiftCard
    uses: Sequence[tuple[GiftCardUse, Order]]
    moves: Sequence[PriceMove]


@dataclass(frozen=True, slots=True)
class CardFigures:
    """What all cards of a currency are still worth, and how many still pay."""

    worth: Money
    cards: int


def list_coupons(session: Session, *, merchant_id: str, where: Where) -> Page[Coupon]:
    query = select(Coupon).where(Coupon.merchant_id == merchant_id)
    return newest_first(session, query, at=Coupon.created_at, key=Coupon.id, where=where)


def view_coupon(session: Session, *, merchant_id: str, coupon_id: str) -> CouponView:
    coupon = get_coupon(session, merchant_id=merchant_id, coupon_id=coupon_id)
    rows = session.execute(
        select(CouponUse, Order)
        .join(Order, Order.id == CouponUse.order_id)
        .where(CouponUse.merchant_id == merchant_id, CouponUse.coupon_id == coupon.id)
        .order_by(CouponUse.id.desc())
        .limit(_USES)
    )
    moves = moves_about(session, merchant_id=merchant_id, subjects=[coupon.id])
    return CouponView(coupon, [(use, order) for use, order in rows], moves)


def list_gift_cards(session: Session, *, merchant_id: str, where: Where) -> Page[GiftCard]:
    codes = GiftCard.issued_by.not_like(f"{PURSE}%")  # that somebody has
    query = select(GiftCard).where(GiftCard.merchant_id == merchant_id, codes)
    return newest_first(session, query, at=GiftCard.created_at, key=GiftCard.id, where=where)


def view_gift_card(session: Session, *, merchant_id: str, card_id: str) -> CardView:
    card = get_gift_card(session, merchant_id=merchant_id, card_id=card_id)
    rows = session.execute(
        select(GiftCardUse, Order)
        .join(Order, Order.id == GiftCardUse.order_id)
        .where(GiftCardUse.merchant_id == merchant_id, GiftCardUse.card_id == card.id)
        .order_by(GiftCardUse.id.desc())
        .limit(_USES)
    )
    about = [card.id, *([card.batch_id] if card.batch_id else [])]
    moves = moves_about(session, merchant_id=merchant_id, subjects=about)
    return CardView(card, [(use, order) for use, order in rows], moves)


def card_figures(session: Session, *, merchant_id: str) -> Sequence[CardFigures]:
    """By currency."""
    rows = session.execute(
        select(GiftCard.currency, func.sum(GiftCard.balance_minor), func.count())
        .where(
            GiftCard.merchant_id == merchant_id,
            GiftCard.enabled.is_(True),
            GiftCard.balance_minor > 0,
        )
        .group_by(GiftCard.currency)
        .order_by(GiftCard.currency)
    )
    return [CardFigures(Money(int(worth), currency), cards) for currency, worth, cards in rows]


def cards_on(
    session: Session, *, merchant_id: str, order_id: str
) -> Sequence[tuple[GiftCardUse, GiftCard]]:
    """What gift cards pay, or paid, of an order."""
    rows = session.execute(
        select(GiftCardUse, GiftCard)
        .join(GiftCard, GiftCard.id == GiftCardUse.card_id)
        .where(GiftCardUse.merchant_id == merchant_id, GiftCardUse.order_id == order_id)
        .order_by(GiftCardUse.id)
    )
    return [(use, card) for use, card in rows]


def coupon_on(session: Session, *, merchant_id: str, order_id: str) -> Coupon | None:
    """The one that an order uses, or used."""
    return session.scalar(
        select(Coupon)
        .join(CouponUse, CouponUse.coupon_id == Coupon.id)
        .where(CouponUse.merchant_id == merchant_id, CouponUse.order_id == order_id)
    )
