"""Locking an order and moving it along its transition table, by compare-and-set."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from data.delivery.jobs import lock
from data.kernel.entities import Entities
from data.kernel.errors import NotFound, WrongState
from data.kernel.facts import announce
from data.kernel.versions import set_if_same
from data.orders.facts import OrderFact
from data.orders.models import TRANSITIONS, Order, OrderState

# Not against whoever adds a row that refers to it (a link to pay it): PostgreSQL would have them
# wait, and two who each hold what the other refers to would wait for ever.
_LOCKED = Entities(
    select(Order).where(Order.id == bindparam("order")).with_for_update(key_share=True), fresh=True
)


def lane_of(order_id: str) -> str:
    return f"order:{order_id}"


def lock_order(session: Session, *, order_id: str, person_id: str | None = None) -> Order:
    """The order as it is now, nobody else's until we commit; with a person, only if it is theirs.

    The lane's row comes first: a worker holds it while it runs that lane's jobs, so taking the
    order first and enqueueing afterwards would let the two wait for each other.
    """
    lock(session, lane=lane_of(order_id))
    found = _LOCKED.first(session, order=order_id)
    if found is None or person_id not in (None, found[0].person_id):
        raise NotFound("order")
    order: Order = found[0]
    return order


def move(session: Session, order: Order, to: OrderState, *, now: datetime) -> None:
    """To the next state; WrongState if the table has no such way or somebody was faster."""
    if to not in TRANSITIONS[OrderState(order.state)]:
        raise WrongState(f"{order.state}->{to}")
    if not set_if_same(session, order, state=to, updated_at=now):
        raise WrongState("order_moved")


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
