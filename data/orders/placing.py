"""Placing an order: prices and titles are written down, goods are held until `hold_until`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from data.catalogue import Product, Variant, hold_all, price_of
from data.delivery.jobs import NewJob, enqueue
from data.kernel.entities import Entities
from data.kernel.errors import Invalid, NotFound
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders.address import Address, sealed
from data.orders.goods import take
from data.orders.models import Order, OrderKind, OrderLine
from data.orders.numbers import next_number
from data.orders.states import lane_of
from data.orders.sums import add_up, shipping_for
from data.orders.taxes import tax_of
from data.people import Person

EXPIRY = "order_expiry"
_MOST_LINES = 100  # what one Stripe Checkout session takes
_MOST_UNITS = 999
# What every order reads is compiled once (docs/adr/0011).
_WHO: BindParameter[str] = bindparam("who")
_WHAT: BindParameter[str] = bindparam("what")
_BUYER = Entities(
    select(Person, Merchant)
    .join(Merchant, Merchant.id == Person.merchant_id)
    .where(Person.id == _WHO)
)
_GOODS = Entities(
    select(Variant, Product)
    .join(Product, Product.id == Variant.product_id)
    .where(Variant.id == _WHAT)
)


@dataclass(frozen=True, slots=True)
class NewLine:
    """Without `unit_price` it costs what the shelf says now."""

    variant_id: str
    quantity: int = 1
    unit_price: Money | None = None


@dataclass(frozen=True, slots=True)
class OrderDetails:
    """`stock_held_by` names an owner (a seat) whose holds become this order's. `shipping`: instead
    of what the shop asks of an order that goes alone; `goes_with`: the parcel it is part of."""

    kind: OrderKind = OrderKind.NORMAL
    ship_to: Address | None = None
    chat_id: str | None = None
    conversation_id: str | None = None
    recipient: str | None = None
    occasion_id: str | None = None
    stock_held_by: str | None = None
    shipping: Money | None = None
    goes_with: str | None = None


@dataclass(frozen=True, slots=True)
class _Priced:
    line: NewLine
    variant: Variant
    product: Product
    unit: Money


def place_order(  # noqa: PLR0913  # who, what, how and until when: each has a name
    session: Session,
    *,
    merchant_id: str,
    person_id: str,
    lines: Sequence[NewLine],
    details: OrderDetails,
    hold_until: datetime,
    now: datetime,
) -> Order:
    """An order awaiting payment, its goods held; OutOfStock leaves nothing behind.

    Goods before the order's number: who joins a group holds goods first too, and two who wait for
    each other's row would wait for ever.
    """
    merchant = _merchant_of(session, merchant_id, person_id)
    priced = [_priced(session, merchant, line) for line in lines]
    _refuse_odd(priced)
    order_id = new_id("ord")
    owner = details.stock_held_by or order_id
    hold = take if details.stock_held_by else hold_all  # what is new holds nothing yet
    units = {goods.variant.id: goods.line.quantity for goods in priced}
    hold(session, units=units, owner_ref=owner, expires_at=hold_until, now=now)
    order = _opened(session, merchant, person_id, details, priced)
    order.id, order.stock_ref = order_id, owner
    order.expires_at, order.created_at, order.updated_at = hold_until, now, now
    if details.ship_to is not None:
        order.ship_to = sealed(session, order, details.ship_to)
    session.add(order)
    session.flush()
    session.add_all(_line(order, goods) for goods in priced)
    session.flush()
    if tax_of(merchant) is not None:
        add_up(session, order)
    expire_later(session, order, now)
    return order


def _merchant_of(session: Session, merchant_id: str, person_id: str) -> Merchant:
    merchant: Merchant | None
    _person, merchant = _BUYER.first(session, who=person_id) or (None, None)
    if merchant is None or merchant.id != merchant_id:
        raise NotFound("person")
    return merchant


def _priced(session: Session, merchant: Merchant, line: NewLine) -> _Priced:
    variant, product = _GOODS.first(session, what=line.variant_id) or (None, None)
    if variant is None or product is None or variant.merchant_id != merchant.id:
        raise NotFound("variant")
    unit = line.unit_price or price_of(variant)
    if unit.currency != merchant.currency:
        raise Invalid("currency_mixed")
    return _Priced(line, variant, product, unit)


def _refuse_odd(priced: Sequence[_Priced]) -> None:
    if not 0 < len(priced) <= _MOST_LINES:
        raise Invalid("order_lines")
    if len({goods.variant.id for goods in priced}) < len(priced):
        raise Invalid("line_repeated")
    if any(not 0 < goods.line.quantity <= _MOST_UNITS for goods in priced):
        raise Invalid("quantity")
    if any(goods.unit.minor < 0 for goods in priced):
        raise Invalid("price")


def _opened(
    session: Session,
    merchant: Merchant,
    person_id: str,
    details: OrderDetails,
    priced: Sequence[_Priced],
) -> Order:
    items = sum(goods.unit.minor * goods.line.quantity for goods in priced)
    shipping = _shipping(merchant, details, Money(items, merchant.currency)).minor
    return Order(
        merchant_id=merchant.id,
        number=next_number(session, merchant.id),
        person_id=person_id,
        chat_id=details.chat_id,
        conversation_id=details.conversation_id,
        kind=details.kind,
        currency=merchant.currency,
        items_minor=items,
        shipping_minor=shipping,
        total_minor=items + shipping,
        recipient=details.recipient,
        occasion_id=details.occasion_id,
        goes_with=details.goes_with,
    )


def _shipping(merchant: Merchant, details: OrderDetails, items: Money) -> Money:
    if details.shipping is not None:
        return details.shipping
    # A difference is not sent, and what is sent instead of something goes at the shop's cost.
    if details.kind in (OrderKind.CHANGE, OrderKind.EXCHANGE):
        return Money(0, merchant.currency)
    return shipping_for(merchant, items)


def _line(order: Order, goods: _Priced) -> OrderLine:
    return OrderLine(
        merchant_id=order.merchant_id,
        order_id=order.id,
        variant_id=goods.variant.id,
        product_id=goods.product.id,
        title=goods.product.title,
        attributes=goods.variant.attributes,
        image=goods.variant.image or goods.product.image,
        quantity=goods.line.quantity,
        unit_minor=goods.unit.minor,
        currency=goods.unit.currency,
    )


def expire_later(session: Session, order: Order, now: datetime) -> None:
    """Close it when its time is over, unless it is paid; an order may get another end (its version
    tells)."""
    again = "" if order.created_at == now else f":{order.version}"
    job = NewJob(
        lane=lane_of(order.id),
        kind=EXPIRY,
        key=f"{EXPIRY}:{order.id}{again}",
        run_at=order.expires_at,
        args={"order_id": order.id},
        merchant_id=order.merchant_id,
    )
    enqueue(session, job, now=now)
