"""What an order's receipt says: its sum in parts, who paid which of it, and what went back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.money import Money
from data.orders import (
    ChangeState,
    Order,
    OrderLine,
    ReturnState,
    exchange_of,
    lines_of,
    returns_of,
)
from data.orders.coupon_models import OrderCharge
from data.orders.sums import charges_of
from data.orders.worth import came_from, extras_of
from data.payments.credit_models import GiftCard, GiftCardUse, UseState
from data.payments.models import PaymentAttempt, Refund, RefundState

GIFT_CARD = "gift_card"  # a way to pay, beside the providers


@dataclass(frozen=True, slots=True)
class Part:
    """Money that came or went. `way`: a provider, or a gift card with the end of its code. What
    goes back is not `arrived` until its provider says so."""

    amount: Money
    way: str
    at: datetime
    code_end: str = ""
    arrived: bool = True


@dataclass(frozen=True, slots=True)
class Receipt:
    """`extra`: what was paid on top for a dearer variant, which is an order of its own. Of goods
    that were exchanged: `from_order` is what stayed of that order's money for these, `to_orders`
    what stayed of this one's for those."""

    order: Order
    lines: Sequence[OrderLine]
    charges: Sequence[OrderCharge]
    extra: Money
    paid: Sequence[Part]
    back: Sequence[Part]
    from_order: tuple[Order, Money] | None = None
    to_orders: Sequence[tuple[Order, Money]] = ()


def receipt_of(session: Session, order: Order) -> Receipt:
    """Of an order that was not paid, one with nothing in `paid`."""
    extras = extras_of(session, order, ChangeState.DONE)
    every = [order, *extras]
    return Receipt(
        order=order,
        lines=lines_of(session, order),
        charges=charges_of(session, order),
        extra=Money(sum(one.total_minor for one in extras), order.currency),
        paid=[part for one in every for part in _paid(session, one)],
        back=[part for one in every for part in _back(session, one)],
        from_order=_from(session, order),
        to_orders=[
            (session.get_one(Order, wanted.order_id), wanted.keeps)
            for asked in returns_of(session, order)
            if asked.state == ReturnState.EXCHANGED
            and (wanted := exchange_of(session, asked)) is not None
        ],
    )


def _from(session: Session, order: Order) -> tuple[Order, Money] | None:
    came = came_from(session, order)
    if came is None or came[0].state != ReturnState.EXCHANGED:
        return None
    return session.get_one(Order, came[0].order_id), came[1].keeps


def _paid(session: Session, order: Order) -> Iterator[Part]:
    for use, card in _cards(session, order):
        yield Part(use.amount, GIFT_CARD, use.created_at, card.code_end)
    for attempt in _attempts(session, order):
        if attempt.captured_minor:
            yield Part(attempt.captured, attempt.provider, attempt.updated_at)


def _back(session: Session, order: Order) -> Iterator[Part]:
    for use, card in _cards(session, order):
        back = use.amount_minor if use.state == UseState.RETURNED else use.returned_minor
        if back:
            yield Part(Money(back, use.currency), GIFT_CARD, use.updated_at, card.code_end)
    providers = {attempt.id: attempt.provider for attempt in _attempts(session, order)}
    mine = select(Refund).where(Refund.order_id == order.id)
    for refund in session.scalars(mine.order_by(Refund.created_at, Refund.id)):
        if refund.state != RefundState.FAILED:
            arrived = refund.state == RefundState.SUCCEEDED
            way = providers[refund.attempt_id]
            yield Part(refund.amount, way, refund.updated_at, arrived=arrived)


def _cards(session: Session, order: Order) -> list[tuple[GiftCardUse, GiftCard]]:
    """What cards have paid, though it went back since."""
    rows = session.execute(
        select(GiftCardUse, GiftCard)
        .join(GiftCard, GiftCard.id == GiftCardUse.card_id)
        .where(GiftCardUse.order_id == order.id)
        .where(GiftCardUse.state.in_((UseState.REDEEMED, UseState.RETURNED)))
        .order_by(GiftCardUse.id)
    )
    return [(use, card) for use, card in rows]


def _attempts(session: Session, order: Order) -> Sequence[PaymentAttempt]:
    """Looked at, not locked."""
    mine = select(PaymentAttempt).where(PaymentAttempt.order_id == order.id)
    return session.scalars(mine.order_by(PaymentAttempt.number)).all()
