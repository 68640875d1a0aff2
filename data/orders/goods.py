"""What an order holds on the shelf: taken, kept, sold, given back. Always in order of variant."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from data.catalogue import (
    commit_hold,
    could_hold,
    drop_hold,
    hold_all,
    keep_hold,
    release_hold,
    restock,
)
from data.kernel.entities import Entities
from data.kernel.errors import OutOfStock
from data.orders.models import Order, OrderLine

# A paid group order keeps its goods until its group decides; no group waits this long.
GROUP_PATIENCE = timedelta(days=60)
RETURNED = "refunded"
CHANGED = "changed"


_LINES = Entities(
    select(OrderLine).where(OrderLine.order_id == bindparam("order")).order_by(OrderLine.id),
)


def lines_of(session: Session, order: Order) -> list[OrderLine]:
    return [line for (line,) in _LINES.rows(session, order=order.id)]


def take(
    session: Session,
    *,
    units: Mapping[str, int],
    owner_ref: str,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Hold what its owner does not hold yet, or raise OutOfStock and add nothing."""
    missing = {
        variant_id: quantity
        for variant_id, quantity in sorted(units.items())
        if not keep_hold(
            session,
            variant_id=variant_id,
            quantity=quantity,
            owner_ref=owner_ref,
            expires_at=expires_at,
        )
    }
    if missing:
        hold_all(session, units=missing, owner_ref=owner_ref, expires_at=expires_at, now=now)


def secure(
    session: Session,
    order: Order,
    *,
    until: datetime,
    now: datetime,
    lines: Sequence[OrderLine] = (),
) -> bool:
    """Hold everything, or find that it is held already. False: some of it is gone, no more is held
    than before. `lines`: the order's, where they have been read."""
    units = {line.variant_id: line.quantity for line in lines or lines_of(session, order)}
    try:
        take(session, units=units, owner_ref=order.stock_ref, expires_at=until, now=now)
    except OutOfStock:
        return False
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


def hold_other(
    session: Session, order: Order, line: OrderLine, variant_id: str, now: datetime
) -> None:
    """An unpaid order wants another variant: OutOfStock, or it is held before the old one is let
    go."""
    hold_all(
        session,
        units={variant_id: line.quantity},
        owner_ref=order.stock_ref,
        expires_at=order.expires_at,
        now=now,
    )
    drop_hold(session, variant_id=line.variant_id, owner_ref=order.stock_ref)


def sell_other(session: Session, line: OrderLine, variant_id: str, ref: str, now: datetime) -> None:
    """A paid order wants another variant: OutOfStock, or it is sold to `ref` and the old one is
    back on the shelf, once."""
    units = {variant_id: line.quantity}
    hold_all(session, units=units, owner_ref=ref, expires_at=now, now=now)
    commit_hold(session, owner_ref=ref, now=now)
    put_back(session, line, ref, now)


def put_back(session: Session, line: OrderLine, ref: str, now: datetime) -> None:
    """What was sold with this line and is not wanted any more."""
    restock(
        session,
        variant_id=line.variant_id,
        quantity=line.quantity,
        reason=CHANGED,
        ref=ref,
        now=now,
    )


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
