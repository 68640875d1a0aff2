"""Changing an order that stands: where it goes; and noting whatever was changed.

Another variant moves money too, so that stands in payments/changing.py.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from data.kernel.errors import Refused, WrongState
from data.kernel.ids import new_id
from data.kernel.versions import set_if_same
from data.orders.address import Address, is_here, set_address
from data.orders.change_models import CHANGE_TRANSITIONS, ChangeKind, ChangeState, OrderChange
from data.orders.facts import OrderChanged
from data.orders.models import Order, OrderKind
from data.orders.states import lock_order, tell
from data.orders.worth import changes_of

# Whose address it is: with these the buyer said it, and nobody else.
_BUYERS_OWN = (OrderKind.NORMAL, OrderKind.GROUP, OrderKind.EXCHANGE)


def can_go_elsewhere(order: Order) -> bool:
    """Would `change_address` be let?"""
    return is_here(order) and order.kind in _BUYERS_OWN


def change_address(
    session: Session, *, order_id: str, person_id: str, address: Address, by: str, now: datetime
) -> OrderChange:
    """Another address, as long as it has not left: who ships meanwhile is first, by the order's
    lock. WrongState once it left or is over; Refused("address_not_theirs")."""
    order = lock_order(session, order_id=order_id, person_id=person_id)
    if not is_here(order):
        raise WrongState(order.state)
    if order.kind not in _BUYERS_OWN:
        raise Refused("address_not_theirs")
    set_address(session, order_id=order.id, person_id=person_id, address=address, now=now)
    change = new_change(session, order, ChangeKind.ADDRESS, by, now)
    session.add(change)
    session.flush()
    tell(session, OrderChanged, order, now=now, change_id=change.id)
    return change


def new_change(
    session: Session, order: Order, kind: ChangeKind, by: str, now: datetime
) -> OrderChange:
    """One entry of a locked order's history, to be filled and added."""
    return OrderChange(
        id=new_id("chg"),
        merchant_id=order.merchant_id,
        order_id=order.id,
        nth=len(changes_of(session, order)) + 1,
        kind=kind,
        state=ChangeState.DONE,
        by=by,
        was={},
        becomes={},
        back_minor=0,
        currency=order.currency,
        created_at=now,
        updated_at=now,
    )


def move_change(session: Session, change: OrderChange, to: ChangeState, *, now: datetime) -> bool:
    """False: the table has no such way, or somebody was faster."""
    if to not in CHANGE_TRANSITIONS[ChangeState(change.state)]:
        return False
    return set_if_same(session, change, state=to, updated_at=now)
