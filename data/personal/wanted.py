"""What an address is still needed for: goods that have to get there, or come back from there, and
money that is disputed or on its way back. What is asked for later is looked at later."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data.orders import Order, OrderKind, OrderState, Return, ReturnState, lock_order
from data.orders.parcel_models import Parcel
from data.orders.worth import extras_of
from data.payments import Dispute, DisputeState, Refund, RefundState
from data.split_orders import SplitOrder, SplitState, SplitStep

_About = TypeVar("_About", Return, Refund, Dispute)
# Nothing of such an order is to be sent, or on its way.
ENDED = (OrderState.DELIVERED, OrderState.REFUNDED, OrderState.CANCELLED, OrderState.EXPIRED)
COMING_BACK = (ReturnState.REQUESTED, ReturnState.APPROVED, ReturnState.RECEIVED)


def last_end(session: Session, holder: Order | Parcel) -> datetime | None:
    """When the last of all that goes to this address came to its end; None: something is open. The
    orders are locked, so that nothing begins before we commit."""
    orders = _locked(session, holder.id)
    ends = [
        holder.created_at,
        *_of_orders(orders),
        *_of_returns(session, orders),
        *_of_refunds(session, orders),
        *_of_disputes(session, orders),
        *_of_common_order(session, holder.id),
    ]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _locked(session: Session, holder_id: str) -> list[Order]:
    """All that goes there, after each what was paid besides for it: in that order whoever gives
    money back for goods locks them, too."""
    mine = select(Order.id).where(or_(Order.id == holder_id, Order.goes_with == holder_id))
    locked = []
    for order_id in session.scalars(mine.order_by(Order.id)).all():
        order = lock_order(session, order_id=order_id)
        locked.append(order)
        locked += [lock_order(session, order_id=one.id) for one in extras_of(session, order)]
    return locked


def _of_orders(orders: Sequence[Order]) -> Iterator[datetime | None]:
    for order in orders:
        # A difference that was paid has no goods of its own: it is ready, and stays so.
        is_extra = order.kind == OrderKind.CHANGE and order.state == OrderState.READY
        yield order.updated_at if order.state in ENDED or is_extra else None


def _of_returns(session: Session, orders: Sequence[Order]) -> Iterator[datetime | None]:
    for one in _about(session, Return, orders):
        yield None if one.state in COMING_BACK else one.updated_at


def _of_refunds(session: Session, orders: Sequence[Order]) -> Iterator[datetime | None]:
    """Of one that failed, the next try; where there is none the buyer still has to get it."""
    every = _about(session, Refund, orders)
    again = {one.retry_of for one in every}
    for one in every:
        if one.id not in again:
            yield one.updated_at if one.state == RefundState.SUCCEEDED else None


def _of_disputes(session: Session, orders: Sequence[Order]) -> Iterator[datetime | None]:
    for one in _about(session, Dispute, orders):
        yield None if one.state == DisputeState.OPEN else one.updated_at


def _of_common_order(session: Session, parcel_id: str) -> Iterator[datetime | None]:
    """What several fill together has an address before anybody is in it."""
    split = session.scalar(select(SplitOrder).where(SplitOrder.parcel_id == parcel_id))
    if split is None:
        return
    steps = select(SplitStep.at).where(SplitStep.split_id == split.id)
    moved = session.scalar(steps.order_by(SplitStep.id.desc()).limit(1))
    yield None if split.state == SplitState.OPEN else moved


def _about(session: Session, kind: type[_About], orders: Sequence[Order]) -> Sequence[_About]:
    mine = select(kind).where(kind.order_id.in_([order.id for order in orders]))
    return session.scalars(mine.execution_options(populate_existing=True)).all()
