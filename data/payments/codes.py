"""A code that a buyer types for an unpaid order: a coupon's, or a gift card's."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from data.kernel.errors import NotFound, Refused, WrongState
from data.kernel.money import Money
from data.orders import Order, OrderKind, lock_order
from data.orders.coupon_models import Coupon
from data.orders.coupons import find_coupon, use_coupon
from data.payments.attempts import open_attempt
from data.payments.credit import lay_down, pay_with_card
from data.payments.gift_cards import find_gift_card

# What others have paid for stays what it cost, and their shares what they are; what counts towards
# a common minimum is paid in full.
_SHARED = (OrderKind.POOL, OrderKind.POOLED, OrderKind.SPLIT)


class CodeKind(StrEnum):
    COUPON = "coupon"
    GIFT_CARD = "gift_card"


@dataclass(frozen=True, slots=True)
class Applied:
    """What it was, and how much less is to be paid."""

    kind: CodeKind
    amount: Money


def apply_code(session: Session, *, order_id: str, code: str, now: datetime) -> Applied:
    """Typed again it changes nothing. NotFound: no such code in this shop. Refused: why it is of no
    use here (coupons.py, credit.py). WrongState while a provider is asked for another sum."""
    order = lock_order(session, order_id=order_id)
    if open_attempt(session, order) is not None:
        raise WrongState("attempt_open")
    if order.kind in _SHARED:
        raise Refused("coupon_other")
    coupon = find_coupon(session, merchant_id=order.merchant_id, code=code)
    if coupon is not None:
        return Applied(CodeKind.COUPON, _use(session, order, coupon, now))
    card = find_gift_card(session, merchant_id=order.merchant_id, code=code)
    if card is None:
        raise NotFound("code")
    return Applied(
        CodeKind.GIFT_CARD, pay_with_card(session, order_id=order.id, card=card, now=now)
    )


def _use(session: Session, order: Order, coupon: Coupon, now: datetime) -> Money:
    """What comes off the price comes before what pays it: cards pay what is left."""
    cards = lay_down(session, order)
    off = use_coupon(session, order_id=order.id, coupon=coupon, now=now)
    for card in cards:
        if order.due.minor:
            pay_with_card(session, order_id=order.id, card=card, now=now)
    return off
