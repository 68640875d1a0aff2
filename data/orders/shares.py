"""Orders of a present that several people pay for: one person's share, and what the present costs.

A share has no goods and no address: its one charge says what it is a part of.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from data.kernel.errors import Invalid, WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.orders.coupon_models import ChargeKind, OrderCharge
from data.orders.models import Order, OrderKind, OrderState
from data.orders.numbers import next_number
from data.orders.placing import expire_later
from data.orders.states import move
from data.orders.sums import add_up, charges_of


def place_share(  # noqa: PLR0913  # whose share, of what, and until when
    session: Session,
    *,
    merchant_id: str,
    person_id: str,
    amount: Money,
    title: dict[str, str],
    hold_until: datetime,
    now: datetime,
) -> Order:
    """An order awaiting payment of exactly this amount. No discount and no tax: those belong to
    the present."""
    if amount.minor <= 0:
        raise Invalid("amount")
    order = Order(
        id=new_id("ord"),
        merchant_id=merchant_id,
        number=next_number(session, merchant_id),
        person_id=person_id,
        kind=OrderKind.POOL,
        currency=amount.currency,
        items_minor=amount.minor,
        shipping_minor=0,
        total_minor=amount.minor,
        expires_at=hold_until,
        created_at=now,
        updated_at=now,
    )
    order.stock_ref = order.id
    session.add(order)
    session.flush()
    _charge(session, order, ChargeKind.SHARE, amount, title)
    session.flush()
    expire_later(session, order, now)
    return order


def share_is_used(session: Session, order: Order, *, now: datetime) -> None:
    """The present is ordered: of a locked share that is paid nothing is left to do."""
    _of_pool(order)
    move(session, order, OrderState.DELIVERED, now=now)


def share_waits_again(session: Session, order: Order, *, now: datetime) -> None:
    """The present came to nothing after all: its money is somebody's again."""
    _of_pool(order)
    move(session, order, OrderState.WAITING_GROUP, now=now)


def _of_pool(order: Order) -> None:
    if order.kind != OrderKind.POOL:
        raise WrongState(order.kind)


def keep_promise(session: Session, order: Order, *, shipping: Money, total: Money) -> None:
    """A fresh order costs what was promised when people began to pay for it, though the shop's
    shipping or tax has changed since: the difference stands as tax, which is where it came from."""
    order.shipping_minor = shipping.minor
    order.total_minor = order.items_minor + shipping.minor
    add_up(session, order)
    missing = total - order.total
    if not missing.minor:
        return
    tax = next((one for one in charges_of(session, order) if one.kind == ChargeKind.TAX), None)
    if tax is None:
        _charge(session, order, ChargeKind.TAX, missing, {})
    else:
        tax.shipping_minor = _as_before(tax, tax.amount + missing)
        tax.amount_minor += missing.minor
        tax.told_minor += missing.minor
    order.items_minor += missing.minor
    order.total_minor += missing.minor
    session.flush()


def _as_before(tax: OrderCharge, promised: Money) -> int:
    """What of a promised tax is on the shipping: the same part as of today's, in minor units."""
    if not tax.shipping_minor:
        return 0
    of_goods = tax.amount_minor - tax.shipping_minor
    return promised.split([of_goods, tax.shipping_minor])[1].minor


def _charge(
    session: Session, order: Order, kind: ChargeKind, amount: Money, name: dict[str, str]
) -> None:
    session.add(
        OrderCharge(
            merchant_id=order.merchant_id,
            order_id=order.id,
            kind=kind,
            name=name,
            amount_minor=amount.minor,
            told_minor=amount.minor,
            currency=order.currency,
        )
    )
