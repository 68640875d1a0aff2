"""What an order holds on the shelf: taken, kept, sold, given back. Always in order of variant."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import commit_hold, could_hold, extend_hold, hold_stock, release_hold, restock
from data.kernel.errors import OutOfStock
from data.orders.models import Order, OrderLine

# A paid group order keeps its goods until its group decides; no group waits this long.
GROUP_PATIENCE = timedelta(days=60)
RETURNED = "refunded"


def lines_of(session: Session, order: Order) -> list[OrderLine]:
    lines = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)
    return list(session.scalars(lines))


def secure(session: Session, order: Order, *, until: datetime, now: datetime) -> bool:
    """Hold everything, or find that it is held already. False: some of it is gone, none is held."""
    try:
        with session.begin_nested():
            for line in sorted(lines_of(session, order), key=lambda line: line.variant_id):
                hold_stock(
                    session,
                    variant_id=line.variant_id,
                    quantity=line.quantity,
                    owner_ref=order.stock_ref,
                    expires_at=until,
                    now=now,
                )
    except OutOfStock:
        return False
    extend_hold(session, owner_ref=order.stock_ref, expires_at=until)
    return True


def can_be_had(session: Session, order: Order) -> bool:
    """Would `secure` hold everything? Changes nothing."""
    return all(
        could_hold(
            session,
            variant_id=line.variant_id,
            quantity=line.quantity,
            owner_ref=order.stock_ref,
        )
        for line in lines_of(session, order)
    )


def sell(session: Session, order: Order, *, now: datetime) -> None:
    commit_hold(session, owner_ref=order.stock_ref, now=now)


def let_go(session: Session, order: Order, *, now: datetime) -> None:
    release_hold(session, owner_ref=order.stock_ref, now=now)


def take_back(session: Session, order: Order, *, now: datetime) -> None:
    """Sold but never shipped: back on the shelf, once."""
    for line in sorted(lines_of(session, order), key=lambda line: line.variant_id):
        restock(
            session,
            variant_id=line.variant_id,
            quantity=line.quantity,
            reason=RETURNED,
            ref=order.id,
            now=now,
        )
