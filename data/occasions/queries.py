"""Reads about occasions: what was already given, so that no gift comes twice; what is due next."""

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from data.kernel.ids import ProductId
from data.kernel.prepared import Prepared
from data.occasions.models import Occasion, Reminder, ReminderState
from data.orders import Order, OrderLine, OrderState
from data.people import Person

# Bought and kept: a cancelled, expired or refunded gift was not given.
_GIVEN = (
    OrderState.PAID,
    OrderState.WAITING_GROUP,
    OrderState.READY,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
)


_GIFTS = Prepared(
    select(OrderLine.product_id)
    .join(Order, Order.id == OrderLine.order_id)
    .where(
        Order.merchant_id == bindparam("merchant"),
        Order.person_id == bindparam("person"),
        Order.recipient == bindparam("relation"),
        or_(*(Order.state == state for state in _GIVEN)),  # `in_` would be made anew each time
    )
    .order_by(Order.created_at.desc(), OrderLine.id)
)


def gifts_given(session: Session, *, person: Person, relation: str) -> list[ProductId]:
    """Products this person bought for that relation, the latest first."""
    rows = _GIFTS.rows(session, merchant=person.merchant_id, person=person.id, relation=relation)
    return [ProductId(product_id) for (product_id,) in dict.fromkeys(rows)]


def due_reminder(session: Session, *, occasion: Occasion) -> Reminder | None:
    """The reminder that will be said next, and when."""
    return session.scalar(
        select(Reminder).where(
            Reminder.merchant_id == occasion.merchant_id,
            Reminder.occasion_id == occasion.id,
            Reminder.state == ReminderState.DUE,
        )
    )
