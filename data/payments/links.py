"""The link in the chat is ours: a token whose hash alone is stored, a page that looks again.

Opening it changes nothing, however often a messenger's preview does so. Earlier links of an
order stay valid: all of them lead to the same order, and the lock in `begin_attempt` decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BindParameter, bindparam, select, update
from sqlalchemy.orm import Session

from data.kernel.entities import Entities
from data.kernel.errors import NotFound, PaymentLinkExpired
from data.kernel.tokens import fingerprint, new_token
from data.orders import Order, OrderKind, OrderLine, OrderState, find_order, goods, lines_of
from data.payments.models import OPEN_ATTEMPTS, AttemptState, PaymentAttempt, PaymentLink

_HASH: BindParameter[str] = bindparam("hash")
_LINK = Entities(select(PaymentLink).where(PaymentLink.token_hash == _HASH), fresh=True)
_READABLE = timedelta(days=30)  # the page goes on saying how the order stands


class PayState(StrEnum):
    """What the pay page has to say; the words are the page's."""

    PAYABLE = "payable"
    CHECKING = "checking"  # a provider has not told us yet how a try ended
    PAID = "paid"
    SOLD_OUT = "sold_out"  # its time is not up, but its goods are not held and gone
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    GROUP_CLOSED = "group_closed"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Payable:
    order: Order
    lines: list[OrderLine]
    state: PayState
    declined: bool  # the last try failed; the next may succeed


def create_link(session: Session, *, order_id: str, now: datetime) -> str:
    """A fresh token for `/pay/<token>`; nobody can read it again later."""
    token = new_token()
    order = session.get(Order, order_id)
    if order is None:
        raise NotFound("order")
    link = PaymentLink(
        token_hash=fingerprint(token),
        merchant_id=order.merchant_id,
        order_id=order.id,
        created_at=now,
        expires_at=now + _READABLE,
    )
    session.add(link)
    session.flush()
    return token


def order_behind(session: Session, *, token: str, now: datetime) -> str:
    """The id of the order that a token leads to; NotFound for a guess."""
    return _link(session, token, now).order_id


def find_payable(session: Session, *, token: str, now: datetime) -> Payable:
    """The order behind a token and how it stands; NotFound for a guess. Changes nothing."""
    link = _link(session, token, now)
    order = find_order(session, merchant_id=link.merchant_id, order_id=link.order_id)
    last = _last_attempt(session, order)
    return Payable(
        order=order,
        lines=lines_of(session, order),
        state=_state(session, order, last, now),
        declined=last is not None and last.state == AttemptState.FAILED,
    )


def revoke_links(session: Session, *, order_id: str, now: datetime) -> None:
    """Close every door to an order, where one fell into the wrong hands."""
    session.execute(
        update(PaymentLink)
        .where(PaymentLink.order_id == order_id, PaymentLink.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _link(session: Session, token: str, now: datetime) -> PaymentLink:
    link: PaymentLink | None
    (link,) = _LINK.first(session, hash=fingerprint(token)) or (None,)
    if link is None:
        raise NotFound("payment_link")
    if link.revoked_at is not None or link.expires_at <= now:
        raise PaymentLinkExpired
    return link


def _last_attempt(session: Session, order: Order) -> PaymentAttempt | None:
    return session.scalar(
        select(PaymentAttempt)
        .where(PaymentAttempt.order_id == order.id)
        .order_by(PaymentAttempt.number.desc())
        .limit(1)
    )


_CLOSED = (OrderState.EXPIRED, OrderState.CANCELLED)
_ASKING = (AttemptState.SUBMITTED, AttemptState.AUTHORIZED, AttemptState.UNKNOWN)
_SAID: dict[OrderState, PayState] = {
    OrderState.EXPIRED: PayState.EXPIRED,
    OrderState.CANCELLED: PayState.CANCELLED,
    OrderState.REFUND_PENDING: PayState.REFUNDED,
    OrderState.REFUNDED: PayState.REFUNDED,
}


def _is_undecided(last: PaymentAttempt) -> bool:
    """Another way was chosen, and this one's provider was not asked to close it yet; or a person
    must look at it."""
    is_closing = last.superseded and last.call is not None
    return last.state in OPEN_ATTEMPTS and (is_closing or last.quarantine is not None)


def _state(session: Session, order: Order, last: PaymentAttempt | None, now: datetime) -> PayState:
    if order.state != OrderState.AWAITING_PAYMENT:
        if order.kind == OrderKind.GROUP and order.state in _CLOSED:
            return PayState.GROUP_CLOSED
        return _SAID.get(OrderState(order.state), PayState.PAID)
    if last is not None and (last.state in _ASKING or _is_undecided(last)):
        return PayState.CHECKING
    if order.expires_at <= now:
        return PayState.EXPIRED
    return PayState.PAYABLE if goods.can_be_had(session, order) else PayState.SOLD_OUT
