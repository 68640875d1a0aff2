"""Looking at orders, always within one shop."""

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from data.kernel.errors import NotFound
from data.orders.models import Order, OrderKind, OrderState

_OF_PERSON = (
    select(Order)
    .where(
        Order.merchant_id == bindparam("merchant"),
        Order.person_id == bindparam("person"),
        or_(Order.kind != OrderKind.CHANGE, Order.state == OrderState.AWAITING_PAYMENT),
    )
    .order_by(Order.created_at.desc(), Order.number.desc())
    .limit(bindparam("limit"))
)


def find_order(
    session: Session, *, merchant_id: str, order_id: str, person_id: str | None = None
) -> Order:
    """By id; with a person, only their own."""
    order = session.get(Order, order_id)
    if order is None or order.merchant_id != merchant_id:
        raise NotFound("order")
    if person_id not in (None, order.person_id):
        raise NotFound("order")
    return order


def orders_of(
    session: Session, *, merchant_id: str, person_id: str, limit: int = 20
) -> list[Order]:
    """A person's orders, the newest first. What a dearer variant costs more is one only as long as
    it is to be paid: afterwards it is part of the order that it changed."""
    asked = {"merchant": merchant_id, "person": person_id, "limit": limit}
    return list(session.scalars(_OF_PERSON, asked))


def order_by_number(session: Session, *, merchant_id: str, number: str) -> Order | None:
    return session.scalar(
        select(Order).where(Order.merchant_id == merchant_id, Order.number == number)
    )
