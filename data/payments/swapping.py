"""The order by which another variant comes instead of goods that were sent back and are here.

It costs what the other one costs more, nothing where it costs the same or less: what stays of the
first order's money pays the rest. Its goods were held from the shop's yes on.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.kernel.errors import NotFound, OutOfStock
from data.kernel.money import Money
from data.orders import (
    NewLine,
    Order,
    OrderDetails,
    OrderKind,
    Return,
    address_of,
    lines_of_return,
    place_order,
)
from data.orders.return_models import Exchange
from data.orders.worth import paid_by
from data.payments.attempts import attempts_of
from data.payments.credit import uses_of
from data.payments.credit_models import UseState

TO_PAY = timedelta(days=3)  # the goods are back and held: no hurry as at a first order


def begin_swap(
    session: Session, order: Order, asked: Return, wanted: Exchange, now: datetime
) -> Order | None:
    """The order, awaiting its difference. None where it cannot be: the goods are gone, or the money
    that was to stay has gone back by another way."""
    if still_here(session, order) < asked.back:
        _fall_through(session, wanted)
        return None
    (line,) = lines_of_return(session, asked)
    try:
        placed = place_order(
            session,
            merchant_id=order.merchant_id,
            person_id=order.person_id,
            lines=[NewLine(wanted.variant_id, line.quantity, wanted.more)],
            details=OrderDetails(
                kind=OrderKind.EXCHANGE,
                ship_to=address_of(session, order),
                chat_id=order.chat_id,
                conversation_id=order.conversation_id,
                recipient=order.recipient,
                stock_held_by=asked.id,
            ),
            hold_until=now + TO_PAY,
            now=now,
        )
    except (OutOfStock, NotFound):
        _fall_through(session, wanted)
        return None
    wanted.order_id = placed.id
    session.flush()
    return placed


def still_here(session: Session, order: Order) -> Money:
    """What paid for the goods of a locked order, and was not given or promised back."""
    minor = 0
    for one in paid_by(session, order):
        minor += sum(use.left.minor for use in uses_of(session, one, UseState.REDEEMED))
        payments = attempts_of(session, one.id)
        minor += sum(each.captured_minor - each.promised_minor for each in payments)
    return Money(minor, order.currency)


def _fall_through(session: Session, wanted: Exchange) -> None:
    wanted.fell_through = True
    session.flush()
