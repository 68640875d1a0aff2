"""Looking at orders, always within one shop."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.errors import NotFound
from data.orders.models import Order


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
    """A person's orders, the newest first."""
    found = session.scalars(
        select(Order)
        .where(Order.merchant_id == merchant_id, Order.person_id == person_id)
        .order_by(Order.created_at.desc(), Order.number.desc())
        .limit(limit)
    )
    return list(found)


def order_by_number(session: Session, *, merchant_id: str, number: str) -> Order | None:
    return session.scalar(
        select(Order).where(Order.merchant_id == merchant_id, Order.number == number)
    )
