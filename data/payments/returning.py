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
    Order,
    OrderLine,
    Return,
    ReturnReceived,
    ReturnRefunded,
    ReturnState,
    lines_of_return,
    lock_order,
)
from data.orders.exchange_holds import exchange_of
from data.orders.returns import lock_return, move_return
from data.orders.states import tell
from data.orders.worth import paid_by
from data.payments.attempts import attempts_of
from data.payments.credit import return_part
from data.payments.facts import RefundFailed, RefundSucceeded
from data.payments.models import Refund, RefundState
from data.payments.refunds import last_try, request_refund
from data.payments.swapping import begin_swap
from data.payments.truth import pay_by_credit

_CAUSE = "return:"
_CAUSES = (_CAUSE, "exchange:")  # the latter: what was to stay for an exchange that came to nothing
_DONE = (ReturnState.RECEIVED, ReturnState.REFUNDED, ReturnState.EXCHANGED)
_CAME_BACK = "returned"


def receive_return(
    session: Session, *, merchant_id: str, return_id: str, restocked: bool, by: str, now: datetime
) -> Return:
    """The goods are here: back on the shelf if they can be sold again, and the money goes back, or
    as much as an exchange does not need. Said again, the same return. WrongState unless it was
    approved."""
    order, asked = lock_return(session, merchant_id=merchant_id, return_id=return_id)
    if asked.state in _DONE:
        return asked
    move_return(session, asked, ReturnState.RECEIVED, now=now, received_by=by)
    if restocked:
        _put_on_shelf(session, asked, now)
    wanted = exchange_of(session, asked)
    instead = begin_swap(session, order, asked, wanted, now) if wanted else None
    back = asked.back - wanted.keeps if wanted and instead else asked.back
    given = give_back(session, order, back, cause_ref=f"{_CAUSE}{asked.id}", now=now)
    asked.given_minor = given.minor
    session.flush()
    tell(session, ReturnReceived, order, now=now, return_id=asked.id)
    if instead is None:
        close_if_back(session, order, asked, now)
    elif not instead.due.minor:
        pay_by_credit(session, order_id=instead.id, now=now)
    return asked


def give_back(
    session: Session, order: Order, wanted: Money, *, cause_ref: str, now: datetime
) -> Money:
    """Promise so much of a locked order's money back, or what is left of it; gives how much.

    The same cause twice would promise twice for a card: whoever calls has moved a state before.
    """
    left = wanted
    payers = paid_by(session, order)
    for one in payers[1:]:  # before their attempts, as whoever hears from a provider does
        lock_order(session, order_id=one.id)
    for one in payers:
        left -= return_part(session, one, left, cause_ref=cause_ref, now=now)
    for one in payers:
        left -= _refund_part(session, one, left, cause_ref, now)
    return wanted - left


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """A provider gave money back, or could not after all: what does it mean for goods?"""
    if not isinstance(fact, RefundSucceeded | RefundFailed):
        return
    refund = session.get(Refund, fact.refund_id)
    cause = _first_cause(session, refund) if refund else ""
    if not cause.startswith(_CAUSES):
        return
    _, _, return_id = cause.partition(":")
    asked = session.get_one(Return, return_id, populate_existing=True, with_for_update=True)
    order = session.get_one(Order, asked.order_id)
    if isinstance(fact, RefundSucceeded):
        close_if_back(session, order, asked, now)
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


def close_if_back(session: Session, order: Order, asked: Return, now: datetime) -> None:
    """REFUNDED once every provider has given back its part; a card has had its own at once. Not as
    long as an exchange may come of it."""
    if asked.state != ReturnState.RECEIVED or exchange_of(session, asked) is not None:
        return
    causes = [f"{cause}{asked.id}" for cause in _CAUSES]
    promised = session.scalars(select(Refund).where(Refund.cause_ref.in_(causes)))
    if any(last_try(session, one).state != RefundState.SUCCEEDED for one in promised):
        return
    move_return(session, asked, ReturnState.REFUNDED, now=now)
    tell(session, ReturnRefunded, order, now=now, return_id=asked.id)


def _first_cause(session: Session, refund: Refund) -> str:
    """Why it was promised: another try only says of which it is one."""
    if refund.retry_of is None:
        return refund.cause_ref
    return _first_cause(session, session.get_one(Refund, refund.retry_of))
