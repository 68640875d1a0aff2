"""Beginning to pay: one committed intent with its key, before any provider hears of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from data.kernel.entities import Entities
from data.kernel.errors import NotFound, OutOfStock, PaymentLinkExpired, WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.prepared import Prepared
from data.kernel.versions import set_if_same
from data.orders import Order, OrderLine, OrderState, lines_of, lock_order
from data.orders.goods import secure
from data.orders.sums import is_added_up
from data.payments.calls import Verb
from data.payments.details import PAYER, open_details, write_details
from data.payments.gateway import Details
from data.payments.keys import business_key
from data.payments.models import (
    ATTEMPT_TRANSITIONS,
    OPEN_ATTEMPTS,
    AttemptState,
    PaymentAttempt,
)

_CLOSED = (OrderState.EXPIRED, OrderState.CANCELLED)
_ATTEMPTS = Entities(
    select(PaymentAttempt)
    .where(PaymentAttempt.order_id == bindparam("order"))
    .order_by(PaymentAttempt.number)
    .with_for_update(key_share=True),
    fresh=True,
)
_ORDER_OF = Prepared(select(PaymentAttempt.order_id).where(PaymentAttempt.id == bindparam("this")))


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody wants to pay: through whom, by which account of the shop, from where."""

    provider: str
    account_id: str | None = None
    details: Details = field(default_factory=Details)

    def fits(self, session: Session, attempt: PaymentAttempt) -> bool:
        """The same way was begun already; who pays in WeChat pays as somebody."""
        begun = open_details(session, attempt)
        return (attempt.provider, attempt.account_id, begun.scene, begun.payer_ref) == (
            self.provider,
            self.account_id,
            self.details.scene,
            self.details.payer_ref,
        )


def begin_attempt(
    session: Session, *, order_id: str, way: Way, now: datetime, authorize: bool = False
) -> PaymentAttempt:
    """The attempt to send to the provider: the open one if there is one, else a new one.

    Price, stock and state are read again under the order's lock; what a form says does not count.
    WrongState("attempt_open") while another way is open: see `supersede`.
    """
    order = lock_order(session, order_id=order_id)
    _refuse_closed(order, now)
    tried = attempts_of(session, order.id)
    current = _open_one(tried)
    if current is not None:
        if current.quarantine is not None:
            raise WrongState("quarantine")
        if current.superseded or not way.fits(session, current):
            raise WrongState("attempt_open")  # the old one is closed before another is issued
        _hand_over_again(session, current, now)
        return current
    lines = lines_of(session, order)
    _refuse_wrong_total(session, order, lines)
    if not secure(session, order, until=order.expires_at, now=now, lines=lines):
        raise OutOfStock
    return new_attempt(session, order, way, tried=len(tried), authorize=authorize, now=now)


def _hand_over_again(session: Session, attempt: PaymentAttempt, now: datetime) -> None:
    """Its answer was lost, or what it gave to pay with is too old: the same key gives another."""
    is_open = attempt.state == AttemptState.PENDING and attempt.account_id is not None
    is_stale = attempt.pay_until is not None and attempt.pay_until <= now
    if is_open and attempt.quarantine is None and (attempt.pay_with is None or is_stale):
        attempt.call, attempt.call_at = Verb.CREATE, now
        session.flush()


def supersede(
    session: Session, *, order_id: str, way: Way | None, now: datetime
) -> PaymentAttempt | None:
    """Another way is wanted, or another sum (`way` None): what is open is closed at its provider
    first, for two open ones may both be paid. None: nothing else is open. WrongState: what is open
    waits for a person, and until then nobody knows what was paid."""
    order = lock_order(session, order_id=order_id)
    current = _open_one(attempts_of(session, order.id))
    if current is None or (way and way.fits(session, current) and not current.superseded):
        return None
    if current.quarantine is not None:
        raise WrongState("quarantine")
    current.superseded = True
    if current.state == AttemptState.CREATED:
        current.call = current.call_at = None
        session.flush()
        move_attempt(session, current, AttemptState.VOIDED, now=now)
    elif current.call in (None, Verb.QUERY):
        current.call = Verb.CLOSE if current.state == AttemptState.PENDING else Verb.QUERY
        current.call_at = now
    session.flush()
    return current


def new_attempt(  # noqa: PLR0913  # whose try, which, of how much
    session: Session,
    order: Order,
    way: Way,
    *,
    tried: int,
    authorize: bool,
    now: datetime,
    amount: Money | None = None,
) -> PaymentAttempt:
    """The next try of a locked order after so many, whatever its state: see `begin_attempt`. Of
    what is due, unless somebody has taken another amount."""
    number, asked = tried + 1, amount or order.due
    attempt = PaymentAttempt(
        id=new_id("pay"),
        merchant_id=order.merchant_id,
        order_id=order.id,
        number=number,
        provider=way.provider,
        account_id=way.account_id,
        idempotency_key=business_key("payment", order.id, number, asked),
        amount_minor=asked.minor,
        currency=order.currency,
        authorize_only=authorize,
        call=Verb.CREATE,
        call_at=now,
        created_at=now,
        updated_at=now,
    )
    attempt.details = write_details(session, attempt, way.details)
    session.add(attempt)
    session.flush()
    return attempt


def open_attempt(session: Session, order: Order) -> PaymentAttempt | None:
    """Of a locked order: the one that another way, or another sum, has to wait for."""
    return _open_one(attempts_of(session, order.id))


def attempts_of(session: Session, order_id: str) -> list[PaymentAttempt]:
    """All tries to pay an order, oldest first, as the database has them now."""
    return [attempt for (attempt,) in _ATTEMPTS.rows(session, order=order_id)]


def lock_attempt(
    session: Session, attempt_id: str, order_id: str | None = None
) -> tuple[Order, PaymentAttempt]:
    """Order first, then its attempts: always in this order. `order_id`: where it is known."""
    if order_id is None:
        order_id = _ORDER_OF.scalar(session, this=attempt_id)
    if order_id is None:
        raise NotFound("attempt")
    order = lock_order(session, order_id=order_id)
    attempt = next(a for a in attempts_of(session, order_id) if a.id == attempt_id)
    return order, attempt


def move_attempt(
    session: Session, attempt: PaymentAttempt, to: AttemptState, *, now: datetime, **also: Any
) -> bool:
    """False: the table has no such way (an old story), or somebody was faster. `also`: columns
    that change with the state."""
    if to not in ATTEMPT_TRANSITIONS[AttemptState(attempt.state)]:
        return False
    if to not in OPEN_ATTEMPTS and attempt.details.get(PAYER):
        also["details"] = {**attempt.details, PAYER: ""}  # nobody places this one again
    return set_if_same(session, attempt, state=to, updated_at=now, **also)


def _open_one(tried: Sequence[PaymentAttempt]) -> PaymentAttempt | None:
    return next((one for one in reversed(tried) if _is_waited_for(one)), None)


def _is_waited_for(attempt: PaymentAttempt) -> bool:
    """A provider may be unable to close what nobody has looked at there (Alipay's page). Once asked
    to, a superseded one is waited for no longer: should both be paid, one goes back."""
    is_left = attempt.superseded and attempt.call is None
    return attempt.state in OPEN_ATTEMPTS and not is_left


def _refuse_closed(order: Order, now: datetime) -> None:
    if order.state in _CLOSED or (
        order.state == OrderState.AWAITING_PAYMENT and order.expires_at <= now
    ):
        raise PaymentLinkExpired
    if order.state != OrderState.AWAITING_PAYMENT:
        raise WrongState(order.state)


def _refuse_wrong_total(session: Session, order: Order, lines: Sequence[OrderLine]) -> None:
    if not is_added_up(session, order, lines) or order.due.minor <= 0:
        raise WrongState("order_total")
