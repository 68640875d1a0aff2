"""Locking an order and moving it along its transition table, by compare-and-set."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.delivery.jobs import lock
from data.kernel.database import changed
from data.kernel.errors import NotFound, WrongState
from data.kernel.facts import announce
from data.orders.facts import OrderFact
from data.orders.models import TRANSITIONS, Order, OrderState


def lane_of(order_id: str) -> str:
    return f"order:{order_id}"


def lock_order(session: Session, *, order_id: str, person_id: str | None = None) -> Order:
    """The order as it is now, nobody else's until we commit; with a person, only if it is theirs.

    The lane's row comes first: a worker holds it while it runs that lane's jobs, so taking the
    order first and enqueueing afterwards would let the two wait for each other.
    """
    lock(session, lane=lane_of(order_id))
    order = session.scalar(
        select(Order)
        .where(Order.id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if order is None or person_id not in (None, order.person_id):
        raise NotFound("order")
    return order


def move(session: Session, order: Order, to: OrderState, *, now: datetime) -> None:
    """To the next state; WrongState if the table has no such way or somebody was faster."""
    if to not in TRANSITIONS[OrderState(order.state)]:
        raise WrongState(f"{order.state}->{to}")
    won = session.execute(
        update(Order)
        .where(Order.id == order.id, Order.version == order.version)
        .values(state=to, version=Order.version + 1, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        raise WrongState("order_moved")
    session.refresh(order)


def tell(
    session: Session, fact: type[OrderFact], order: Order, *, now: datetime, **about: Any
) -> None:
    """`about`: what this kind of fact says beside whose order it is."""
    announce(
        session,
        fact(
            merchant_id=order.merchant_id,
            order_id=order.id,
            person_id=order.person_id,
            conversation_id=order.conversation_id,
            **about,
        ),
        now=now,
    )
