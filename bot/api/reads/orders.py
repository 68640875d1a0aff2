"""Orders, their payments and refunds, as the shop sees them; never where they go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from bot.api.reads.prices import cards_on, coupon_on
from data.kernel.errors import NotFound
from data.kernel.money import Money
from data.orders import (
    AddressStands,
    Order,
    OrderKind,
    OrderLine,
    OrderState,
    address_stands,
    lines_of,
)
from data.orders.coupon_models import Coupon, OrderCharge
from data.orders.queries import find_order
from data.orders.sums import charges_of, goods_of
from data.payments import PaymentAttempt, Refund, RefundState
from data.payments.credit_models import GiftCard, GiftCardUse, UseState
from data.people import Person


@dataclass(frozen=True, slots=True)
class OrderView:
    order: Order
    buyer: str
    lines: Sequence[OrderLine]
    charges: Sequence[OrderCharge]
    coupon: Coupon | None
    cards: Sequence[tuple[GiftCardUse, GiftCard]]
    payments: Sequence[PaymentAttempt]
    refunds: Sequence[Refund]
    address: AddressStands

    @property
    def goods(self) -> Money:
        """What the lines cost before anything is taken off."""
        return Money(goods_of(self.lines), self.order.currency)

    @property
    def by_cards(self) -> Money:
        """What gift cards hold for it, or have paid and not got back."""
        mine = (UseState.HELD, UseState.REDEEMED)
        minor = sum(use.amount_minor for use, _ in self.cards if use.state in mine)
        return Money(minor, self.order.currency)

    @property
    def by_providers(self) -> Money:
        """What was captured and has not gone back."""
        captured = sum(paid.captured_minor for paid in self.payments)
        returned = sum(
            one.amount_minor for one in self.refunds if one.state == RefundState.SUCCEEDED
        )
        return Money(captured - returned, self.order.currency)

    @property
    def refundable(self) -> Sequence[PaymentAttempt]:
        """Payments of which something is left to give back."""
        return [paid for paid in self.payments if self.left(paid).minor > 0]

    @property
    def owed(self) -> frozenset[str]:
        """Refunds that failed and were not tried again: a person has to give the money back."""
        again = {one.retry_of for one in self.refunds}
        failed = (one for one in self.refunds if one.state == RefundState.FAILED)
        return frozenset(one.id for one in failed if one.id not in again)

    def number_of(self, refund: Refund) -> int:
        """Of the payment that it gives back."""
        return next(paid.number for paid in self.payments if paid.id == refund.attempt_id)

    @staticmethod
    def left(paid: PaymentAttempt) -> Money:
        """Captured, and not promised back yet."""
        return Money(paid.captured_minor - paid.promised_minor, paid.currency)


def list_orders(
    session: Session, *, merchant_id: str, state: str | None, where: Where
) -> Page[Order]:
    query = select(Order).where(Order.merchant_id == merchant_id)
    if state:
        query = query.where(Order.state == state)
    return newest_first(session, query, at=Order.created_at, key=Order.id, where=where)


def view_order(session: Session, *, merchant_id: str, order_id: str) -> OrderView:
    order = find_order(session, merchant_id=merchant_id, order_id=order_id)
    person = session.get(Person, order.person_id)
    return OrderView(
        order,
        person.name if person else "",
        lines_of(session, order),
        charges_of(session, order),
        coupon_on(session, merchant_id=merchant_id, order_id=order.id),
        cards_on(session, merchant_id=merchant_id, order_id=order.id),
        payments_of(session, merchant_id=merchant_id, order_id=order.id),
        refunds_of(session, merchant_id=merchant_id, order_id=order.id),
        address_stands(session, order),
    )


def payments_of(session: Session, *, merchant_id: str, order_id: str) -> Sequence[PaymentAttempt]:
    mine = select(PaymentAttempt).where(
        PaymentAttempt.merchant_id == merchant_id, PaymentAttempt.order_id == order_id
    )
    return session.scalars(mine.order_by(PaymentAttempt.number)).all()


def refunds_of(session: Session, *, merchant_id: str, order_id: str) -> Sequence[Refund]:
    mine = select(Refund).where(Refund.merchant_id == merchant_id, Refund.order_id == order_id)
    return session.scalars(mine.order_by(Refund.created_at, Refund.id)).all()


def list_payments(session: Session, *, merchant_id: str, where: Where) -> Page[PaymentAttempt]:
    query = select(PaymentAttempt).where(PaymentAttempt.merchant_id == merchant_id)
    return newest_first(
        session, query, at=PaymentAttempt.created_at, key=PaymentAttempt.id, where=where
    )


def list_refunds(session: Session, *, merchant_id: str, where: Where) -> Page[Refund]:
    query = select(Refund).where(Refund.merchant_id == merchant_id)
    return newest_first(session, query, at=Refund.created_at, key=Refund.id, where=where)


def find_payment(session: Session, *, merchant_id: str, payment_id: str) -> PaymentAttempt:
    payment = session.get(PaymentAttempt, payment_id)
    if payment is None or payment.merchant_id != merchant_id:
        raise NotFound("payment")
    return payment


def find_refund(session: Session, *, merchant_id: str, refund_id: str) -> Refund:
    refund = session.get(Refund, refund_id)
    if refund is None or refund.merchant_id != merchant_id:
        raise NotFound("refund")
    return refund


def count_by_state(session: Session, *, merchant_id: str) -> dict[str, int]:
    """How many orders stand in each state; a difference that was paid is none to be packed."""
    rows = session.execute(
        select(Order.state, func.count())
        .where(Order.merchant_id == merchant_id, Order.kind != OrderKind.CHANGE)
        .group_by(Order.state)
    )
    return dict(rows.all())


def ready_to_pack(session: Session, *, merchant_id: str) -> Sequence[Order]:
    """Orders whose goods are owed and not yet on their way, the oldest first. A difference that was
    paid has none: they go with the order that it changed."""
    mine = select(Order).where(Order.merchant_id == merchant_id, Order.state == OrderState.READY)
    mine = mine.where(Order.kind != OrderKind.CHANGE)
    return session.scalars(mine.order_by(Order.created_at, Order.id)).all()


def made_in_turn(session: Session, *, conversation_id: str, at: datetime) -> Sequence[Order]:
    """Orders that one turn of a conversation wrote: a turn has one moment."""
    same = (Order.conversation_id == conversation_id, Order.created_at == at)
    return session.scalars(select(Order).where(*same)).all()


def latest(session: Session, *, merchant_id: str, limit: int = 8) -> Sequence[tuple[Order, str]]:
    """The newest orders with their buyers' names."""
    rows = session.execute(
        select(Order, Person.name)
        .join(Person, Person.id == Order.person_id)
        .where(Order.merchant_id == merchant_id)
        .order_by(Order.created_at.desc(), Order.id.desc())
        .limit(limit)
    )
    return [(first, second) for first, second in rows]
