"""What happens to an order besides money: it expires, is called off unpaid, ships, arrives."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner
from data.delivery.models import Job
from data.kernel.errors import NotFound, WrongState
from data.orders import goods
from data.orders.address import has_address
from data.orders.coupons import give_coupon_back, take_coupon_again
from data.orders.facts import (
    OrderCancelled,
    OrderDelivered,
    OrderExpired,
    OrderFact,
    OrderShipped,
)
from data.orders.models import Order, OrderState
from data.orders.placing import EXPIRY
from data.orders.states import lock_order, move, tell

_BATCH = 100
_CLOSED: dict[OrderState, type[OrderFact]] = {
    OrderState.EXPIRED: OrderExpired,
    OrderState.CANCELLED: OrderCancelled,
}


def expire_order(session: Session, *, order_id: str, now: datetime) -> bool:
    """Close it if nobody paid in time. False: it was paid, closed, or has time left."""
    order = lock_order(session, order_id=order_id)
    if order.state != OrderState.AWAITING_PAYMENT or order.expires_at > now:
        return False
    close_unpaid(session, order, OrderState.EXPIRED, now=now)
    return True


def expire_unpaid(session: Session, *, now: datetime) -> int:
    """Every order whose time is over; each also has its own job, so this finds only strays."""
    due = session.scalars(
        select(Order.id)
        .where(Order.state == OrderState.AWAITING_PAYMENT, Order.expires_at <= now)
        .order_by(Order.id)
        .limit(_BATCH)
    ).all()
    return sum(expire_order(session, order_id=order_id, now=now) for order_id in due)


def close_unpaid(session: Session, order: Order, to: OrderState, *, now: datetime) -> None:
    """EXPIRED or CANCELLED: a locked, unpaid order gives back its goods and says so."""
    move(session, order, to, now=now)
    goods.let_go(session, order, now=now)
    give_coupon_back(session, order)
    tell(session, _CLOSED[to], order, now=now)


def revive(session: Session, order: Order, *, now: datetime) -> bool:
    """Late money for an expired order: can its goods still be had? Then it is payable again."""
    if not goods.secure(session, order, until=now + goods.GROUP_PATIENCE, now=now):
        return False
    if not take_coupon_again(session, order, now=now):
        goods.let_go(session, order, now=now)
        return False
    move(session, order, OrderState.AWAITING_PAYMENT, now=now)
    return True


def ship(
    session: Session, *, merchant_id: str, order_id: str, tracking: str | None, now: datetime
) -> Order:
    order = _of_shop(session, merchant_id, order_id)
    if not has_address(session, order):
        raise WrongState("address_missing")
    move(session, order, OrderState.SHIPPED, now=now)
    order.tracking = tracking
    session.flush()
    tell(session, OrderShipped, order, now=now)
    return order


def deliver(session: Session, *, merchant_id: str, order_id: str, now: datetime) -> Order:
    order = _of_shop(session, merchant_id, order_id)
    move(session, order, OrderState.DELIVERED, now=now)
    tell(session, OrderDelivered, order, now=now)
    return order


def _of_shop(session: Session, merchant_id: str, order_id: str) -> Order:
    order = lock_order(session, order_id=order_id)
    if order.merchant_id != merchant_id:
        raise NotFound("order")
    return order


def _run_expiry(session: Session, job: Job, now: datetime) -> None:
    expire_order(session, order_id=job.args["order_id"], now=now)


JOBS: dict[str, JobRunner] = {EXPIRY: _run_expiry}
