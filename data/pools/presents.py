"""The order for the person it is for: paid with what was raised, and if that is not all, by its
organiser. All that a pool's own job does to other rows, in the one transaction that locks the pool.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.errors import OutOfStock
from data.kernel.money import Money
from data.orders import NewLine, Order, OrderDetails, OrderKind, keep_promise, place_order
from data.payments.credit import pay_with_card
from data.payments.purses import fill_purse, open_purse
from data.payments.truth import pay_by_credit
from data.pools.facts import PoolEnd, PoolRestDue
from data.pools.models import Contribution, ContributionState, Pool, PoolState
from data.pools.moving import change_pool, end_pool, lock_pool, pool_now, tell
from data.pools.service import where_to
from data.pools.terms import REST_TIME


def place_present(session: Session, *, pool_id: str, now: datetime) -> bool:
    """Order what was paid for together, once. False: it is over, is ordered, or nobody has said
    where it goes."""
    pool = lock_pool(session, pool_id)
    if pool.state != PoolState.FUNDED or pool.order_id is not None or pool.ship_to is None:
        return False
    try:
        with session.begin_nested():
            order = _placed(session, pool, now)
    except OutOfStock:  # what it held was let go by hand
        end_pool(session, pool.id, PoolState.FAILED, why=PoolEnd.SOLD_OUT, now=now)
        return False
    _fill(session, pool, order, now)
    if order.due.minor:
        tell(session, PoolRestDue, pool_now(session, pool.id), now=now)
    else:
        pay_by_credit(session, order_id=order.id, now=now)
    return True


def _placed(session: Session, pool: Pool, now: datetime) -> Order:
    """At the price and shipping of the day the pool was opened."""
    unit = Money(pool.unit_minor, pool.currency)
    order = place_order(
        session,
        merchant_id=pool.merchant_id,
        person_id=pool.organiser_id,
        lines=[NewLine(pool.variant_id, 1, unit)],
        details=OrderDetails(
            kind=OrderKind.POOLED, ship_to=where_to(session, pool), stock_held_by=pool.id
        ),
        hold_until=now + REST_TIME,
        now=now,
    )
    shipping = Money(pool.shipping_minor, pool.currency)
    keep_promise(session, order, shipping=shipping, total=pool.target)
    return order


def _fill(session: Session, pool: Pool, order: Order, now: datetime) -> None:
    """The address is the order's from here on."""
    purse = open_purse(
        session, merchant_id=pool.merchant_id, owner_ref=pool.id, amount=pool.paid, now=now
    )
    change_pool(
        session, Pool.id == pool.id, order_id=order.id, card_id=purse.id, ship_to=None, due_at=None
    )
    for one in given_to(session, pool):
        fill_purse(
            session,
            merchant_id=pool.merchant_id,
            share_ref=one.id,
            amount=one.amount,
            now=now,
        )
    pay_with_card(session, order_id=order.id, card=purse, now=now)


def given_to(session: Session, pool: Pool) -> list[Contribution]:
    """Paid, and not used for anything yet."""
    paid = select(Contribution).where(
        Contribution.pool_id == pool.id, Contribution.state == ContributionState.PAID
    )
    in_order = paid.order_by(Contribution.paid_at, Contribution.id)
    return list(session.scalars(in_order.execution_options(populate_existing=True)))
