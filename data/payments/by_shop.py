"""Money that the shop gives back of its own accord: a part of a payment, or all that is left of it.

Of what several do together one cannot be paid for and not paid for: whose place, part or share has
nothing behind it any more is out of it, as if it had been called off.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.errors import Refused
from data.kernel.money import Money
from data.orders import Order, OrderKind, OrderState
from data.payments.attempts import lock_attempt
from data.payments.deciding import refund_order
from data.payments.models import PaymentAttempt, Refund
from data.payments.refunds import request_refund

SHARE = "refund_of_share"  # the detail of that refusal
_WITH_OTHERS = (OrderKind.GROUP, OrderKind.SPLIT, OrderKind.POOL)
_NOT_LEFT = (OrderState.WAITING_GROUP, OrderState.READY)


def refund_by_shop(
    session: Session, *, attempt_id: str, amount: Money | None, key: str, now: datetime
) -> Refund:
    """Without an amount, all that is left. The same `key` gives the same refund.

    Refused: more than is left; SHARE: of a present of several a share goes back whole, and not
    alone once the present is ordered. WrongState: it is being ordered in this moment.
    """
    order, attempt = lock_attempt(session, attempt_id)
    cause_ref = f"shop:{key}"
    if not _is_known(session, attempt, cause_ref):
        if _is_all(order, attempt, amount):
            refund_order(session, order_id=order.id, cause_ref=cause_ref, now=now)
        elif order.kind == OrderKind.POOL:
            raise Refused(SHARE)
    return request_refund(
        session, attempt_id=attempt_id, amount=amount, cause_ref=cause_ref, now=now
    )


def _is_known(session: Session, attempt: PaymentAttempt, cause_ref: str) -> bool:
    same = select(Refund.id).filter_by(attempt_id=attempt.id, cause_ref=cause_ref)
    return session.scalar(same) is not None


def _is_all(order: Order, attempt: PaymentAttempt, amount: Money | None) -> bool:
    """Does an order that waits for others, or to be sent, lose with it what it was paid with?"""
    if order.kind not in _WITH_OTHERS or order.state not in _NOT_LEFT:
        return False
    return attempt.left.minor > 0 and amount in (None, attempt.left)
