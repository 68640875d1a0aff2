"""What of an order's money goes back for goods: a card's part to the card first, then the payments
that paid for them, the oldest first. Never more than is still here, whatever was asked for before.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import restock
from data.kernel.facts import Fact
from data.kernel.money import Money
from data.orders import (
    ChangeState,
    Order,
    OrderLine,
    Return,
    ReturnReceived,
    ReturnRefunded,
    ReturnState,
    lines_of_return,
)
from data.orders.returns import lock_return, move_return
from data.orders.states import tell
from data.orders.worth import extras_of
from data.payments.attempts import attempts_of
from data.payments.credit import return_part
from data.payments.facts import RefundFailed, RefundSucceeded
from data.payments.models import Refund, RefundState
from data.payments.refunds import request_refund

_CAUSE = "return:"
_CAME_BACK = "returned"


def receive_return(
    session: Session, *, merchant_id: str, return_id: str, restocked: bool, by: str, now: datetime
) -> Return:
    """The goods are here: back on the shelf if they can be sold again, and the money goes back.
    Said again, the same return. WrongState unless it was approved."""
    order, asked = lock_return(session, merchant_id=merchant_id, return_id=return_id)
    if asked.state in (ReturnState.RECEIVED, ReturnState.REFUNDED):
        return asked
    move_return(session, asked, ReturnState.RECEIVED, now=now, received_by=by)
    if restocked:
        _put_on_shelf(session, asked, now)
    given = give_back(session, order, asked.back, cause_ref=f"{_CAUSE}{asked.id}", now=now)
    asked.given_minor = given.minor
    session.flush()
    tell(session, ReturnReceived, order, now=now, return_id=asked.id)
    _close_if_back(session, order, asked, now)
    return asked


def give_back(
    session: Session, order: Order, wanted: Money, *, cause_ref: str, now: datetime
) -> Money:
    """Promise so much of a locked order's money back, or what is left of it; gives how much.

    The same cause twice would promise twice for a card: whoever calls has moved a state before.
    """
    left = wanted
    paid_by = [order, *extras_of(session, order, ChangeState.DONE)]
    for one in paid_by:
        left -= return_part(session, one, left, cause_ref=cause_ref, now=now)
    for one in paid_by:
        left -= _refund_part(session, one, left, cause_ref, now)
    return wanted - left


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """A provider gave money back, or could not after all: what does it mean for goods?"""
    if not isinstance(fact, RefundSucceeded | RefundFailed):
        return
    refund = session.get(Refund, fact.refund_id)
    cause = _first_cause(session, refund) if refund else ""
    if not cause.startswith(_CAUSE):
        return
    asked = session.get_one(
        Return, cause.removeprefix(_CAUSE), populate_existing=True, with_for_update=True
    )
    order = session.get_one(Order, asked.order_id)
    if isinstance(fact, RefundSucceeded):
        _close_if_back(session, order, asked, now)
    elif asked.state == ReturnState.REFUNDED:
        move_return(session, asked, ReturnState.RECEIVED, now=now)


def _put_on_shelf(session: Session, asked: Return, now: datetime) -> None:
    back = [
        (session.get_one(OrderLine, one.line_id), one) for one in lines_of_return(session, asked)
    ]
    for line, one in sorted(back, key=lambda pair: pair[0].variant_id):
        restock(
            session,
            variant_id=line.variant_id,
            quantity=one.quantity,
            reason=_CAME_BACK,
            ref=asked.id,
            now=now,
        )


def _refund_part(
    session: Session, order: Order, wanted: Money, cause_ref: str, now: datetime
) -> Money:
    left = wanted.minor
    for attempt in attempts_of(session, order.id):
        part = min(left, attempt.captured_minor - attempt.promised_minor)
        if part > 0:
            amount = Money(part, order.currency)
            request_refund(
                session, attempt_id=attempt.id, amount=amount, cause_ref=cause_ref, now=now
            )
            left -= part
    return Money(wanted.minor - left, order.currency)


def _close_if_back(session: Session, order: Order, asked: Return, now: datetime) -> None:
    """REFUNDED once every provider has given back its part; a card has had its own at once."""
    if asked.state != ReturnState.RECEIVED:
        return
    promised = session.scalars(select(Refund).where(Refund.cause_ref == f"{_CAUSE}{asked.id}"))
    if any(_last_try(session, one).state != RefundState.SUCCEEDED for one in promised):
        return
    move_return(session, asked, ReturnState.REFUNDED, now=now)
    tell(session, ReturnRefunded, order, now=now, return_id=asked.id)


def _last_try(session: Session, refund: Refund) -> Refund:
    again = session.scalar(select(Refund).where(Refund.retry_of == refund.id))
    return refund if again is None else _last_try(session, again)


def _first_cause(session: Session, refund: Refund) -> str:
    """Why it was promised: another try only says of which it is one."""
    if refund.retry_of is None:
        return refund.cause_ref
    return _first_cause(session, session.get_one(Refund, refund.retry_of))
