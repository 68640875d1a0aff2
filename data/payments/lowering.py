"""What a group's success does to a paid order: its sum comes down where more people came, of goods
or of what sending them costs; who could not be charged after all is asked again.

What cards paid too much is theirs again at once; what a provider took too much goes back when the
goods are owed, or is never taken where it was only held (truth.py).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from data.kernel.money import Money
from data.orders import Order, OrderState, goods, lock_order
from data.orders.placing import expire_later
from data.orders.states import move, tell
from data.orders.sums import come_down, shipping_down
from data.payments.credit import lower_credit
from data.payments.facts import PriceLowered


def lower_price(session: Session, *, order_id: str, off: Money, now: datetime) -> None:
    """Its goods cost `off` less. Said again, or of an order that does not wait for its group any
    more, it changes nothing."""
    order = lock_order(session, order_id=order_id)
    if order.state != OrderState.WAITING_GROUP:
        return
    due = order.due
    _lowered(session, order, come_down(session, order, off), due, now)


def lower_shipping(session: Session, *, order_id: str, to: Money, now: datetime) -> None:
    """The same of what sending it costs: `to` in the end, if that is less."""
    order = lock_order(session, order_id=order_id)
    if order.state != OrderState.WAITING_GROUP:
        return
    due = order.due
    _lowered(session, order, shipping_down(session, order, to), due, now)


def _lowered(session: Session, order: Order, less: Money, due: Money, now: datetime) -> None:
    if less.minor:
        lower_credit(session, order, less, due, now=now)
        tell(session, PriceLowered, order, now=now, less=less)


def ask_again(session: Session, *, order_id: str, until: datetime, now: datetime) -> bool:
    """What was held for a waiting order could not be taken: it can be paid anew, its goods kept.

    False, and nothing changed: a card paid part of it, which cannot be taken twice.
    """
    order = lock_order(session, order_id=order_id)
    if order.state != OrderState.WAITING_GROUP or order.credit_minor:
        return False
    if not goods.secure(session, order, until=until, now=now):
        return False
    move(session, order, OrderState.AWAITING_PAYMENT, now=now)
    order.expires_at = until
    expire_later(session, order, now)
    session.flush()
    return True
