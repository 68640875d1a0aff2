"""What an order's sum is made of: goods, what is taken off, tax, shipping. Exact to the last cent.

`items_minor` of an order is what its goods cost after discounts and with tax on top; the lines and
charges say how it came to that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import zip_longest

from sqlalchemy import BindParameter, bindparam, delete, select
from sqlalchemy.orm import Session

from data.kernel.entities import Entities
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders.coupon_models import ChargeKind, OrderCharge
from data.orders.goods import lines_of
from data.orders.models import Order, OrderKind, OrderLine
from data.orders.taxes import Tax, tax_of

_HUNDRED = 100
_ORDER: BindParameter[str] = bindparam("order")
_CHARGES = Entities(
    select(OrderCharge).where(OrderCharge.order_id == _ORDER).order_by(OrderCharge.id)
)


@dataclass(frozen=True, slots=True)
class Quote:
    """What goods will cost, before there is an order. `tax`: what comes on top, if anything does;
    tax that is in the prices changes no sum."""

    items: Money
    shipping: Money
    tax: Money | None
    total: Money


def quote(merchant: Merchant, items: Money) -> Quote:
    """As `add_up` will have it, for these goods and no coupon."""
    shipping, tax = shipping_for(merchant, items), tax_of(merchant)
    if tax is None or tax.included:
        return Quote(items, shipping, None, items + shipping)
    added = tax_on(tax, items, shipping)
    return Quote(items, shipping, added, items + shipping + added)


def shipping_for(merchant: Merchant, items: Money) -> Money:
    """The shop's flat fee, free from its threshold on; a shop that set nothing ships free."""
    fee = int(merchant.settings.get("shipping_minor", 0))
    free_from = merchant.settings.get("free_shipping_minor")
    is_free = free_from is not None and items.minor >= int(free_from)
    return Money(0 if is_free else fee, merchant.currency)


def charges_of(session: Session, order: Order) -> list[OrderCharge]:
    """Discounts, then taxes."""
    return [charge for (charge,) in _CHARGES.rows(session, order=order.id)]


def goods_of(lines: Sequence[OrderLine]) -> int:
    """What the goods cost before anything is taken off, in minor units."""
    return sum(line.total.minor for line in lines)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of an order, after discounts and before tax; and the tax on it, as the shop has it today."""

    tax: Tax | None
    goods: Money
    shipping: Money

    def less_tax(self, off: Money, told: Money, share: Money) -> Money:
        """What the tax falls by where the goods cost `off` less: by the rule it was worked out by,
        where that gives what was `told`; else by this share."""
        if self.tax is None or tax_on(self.tax, self.goods, self.shipping) != told:
            return share
        return told - tax_on(self.tax, self.goods - off, self.shipping)


def add_up(
    session: Session,
    order: Order,
    off: Money | None = None,
    name: dict[str, str] | None = None,
) -> None:
    """Write an order's charges and sums anew, from its lines, this discount and the shop's tax.

    Each line bears its share of the discount by largest remainder, and none more than it costs.
    What came off because a group grew stays off.
    """
    lines = lines_of(session, order)
    came_off = _came_off(session, order) if order.kind == OrderKind.GROUP else None
    goods = Money(goods_of(lines), order.currency)
    discount = off or Money(0, order.currency)
    _share(lines, discount, goods)
    session.execute(delete(OrderCharge).where(OrderCharge.order_id == order.id))
    if discount.minor:
        _charge(session, order, ChargeKind.DISCOUNT, name or {}, -discount, -discount)
    goods -= discount
    tax = tax_of(session.get_one(Merchant, order.merchant_id))
    if tax is not None:
        told = tax_on(tax, goods, order.shipping)
        on_top = Money(0, order.currency) if tax.included else told
        kind = ChargeKind.TAX_INCLUDED if tax.included else ChargeKind.TAX
        charge = _charge(session, order, kind, tax.name, on_top, told)
        if tax.on_shipping and on_top.minor:
            weights = [goods.minor, order.shipping_minor]
            charge.shipping_minor = on_top.split(weights)[1].minor
        goods += on_top
    order.items_minor = goods.minor
    order.total_minor = goods.minor + order.shipping_minor
    session.flush()
    if came_off is not None:
        come_down(session, order, came_off)


def _came_off(session: Session, order: Order) -> Money | None:
    ladder = (c for c in charges_of(session, order) if c.kind == ChargeKind.LADDER)
    return next((-charge.amount for charge in ladder), None)


def come_down(session: Session, order: Order, off: Money) -> Money:
    """The goods of a locked order cost so much less in the end, once; gives how much less all of it
    is, with the tax on it. Never more than they cost after discounts.

    Lines keep the price they were ordered at: a charge says what came off.
    """
    charges = {ChargeKind(charge.kind): charge for charge in charges_of(session, order)}
    if ChargeKind.LADDER in charges:
        return Money(0, order.currency)
    lines = lines_of(session, order)
    discount = charges.get(ChargeKind.DISCOUNT)
    goods = goods_of(lines) + (discount.amount_minor if discount else 0)
    off = min(off, Money(goods, order.currency))
    if not off.minor:
        return off
    costs = [line.total.minor - line.discount_minor for line in lines]
    for line, share in zip(lines, off.split(costs), strict=True):
        line.discount_minor += share.minor
    _charge(session, order, ChargeKind.LADDER, {}, -off, -off)
    less = off + _less_tax(session, order, charges, off, goods)
    order.items_minor -= less.minor
    order.total_minor -= less.minor
    session.flush()
    return less


def _less_tax(
    session: Session,
    order: Order,
    charges: Mapping[ChargeKind, OrderCharge],
    off: Money,
    goods: int,
) -> Money:
    """What of the tax on top goes with it: down to the tax on what they cost now. Where its rate is
    another by now, the share of what was told."""
    on_top, included = charges.get(ChargeKind.TAX), charges.get(ChargeKind.TAX_INCLUDED)
    tax = tax_of(session.get_one(Merchant, order.merchant_id))
    cost = _Cost(tax, Money(goods, order.currency), order.shipping)
    if included is not None and included.told_minor:
        base = goods + (order.shipping_minor if tax and tax.on_shipping else 0)
        share = included.told.split([base - off.minor, off.minor])[1]
        included.told_minor -= cost.less_tax(off, included.told, share).minor
    if on_top is None or on_top.amount_minor == on_top.shipping_minor:
        return Money(0, order.currency)
    of_goods = Money(on_top.amount_minor - on_top.shipping_minor, order.currency)
    share = of_goods.split([goods - off.minor, off.minor])[1]
    less = min(cost.less_tax(off, on_top.told, share), of_goods)
    on_top.told_minor -= less.minor
    on_top.amount_minor -= less.minor
    return less


def shipping_down(session: Session, order: Order, to: Money) -> Money:
    """Sending a locked order costs only that in the end; gives how much less all of it is, with the
    tax on it. Never more than before: then nothing changes."""
    less = order.shipping - to
    if less.minor <= 0:
        return Money(0, order.currency)
    charges = {ChargeKind(charge.kind): charge for charge in charges_of(session, order)}
    tax = tax_of(session.get_one(Merchant, order.merchant_id))
    included = charges.get(ChargeKind.TAX_INCLUDED)
    if included is not None and tax is not None and tax.on_shipping:
        rest = order.items_minor + to.minor
        included.told_minor -= included.told.split([rest, less.minor])[1].minor
    order.shipping_minor = to.minor
    on_top = charges.get(ChargeKind.TAX)
    taxed = Money(on_top.shipping_minor if on_top else 0, order.currency)
    off_tax = taxed.split([to.minor, less.minor])[1]
    if on_top is not None:
        on_top.shipping_minor -= off_tax.minor
        on_top.told_minor -= off_tax.minor
        on_top.amount_minor -= off_tax.minor
    order.items_minor -= off_tax.minor
    order.total_minor = order.items_minor + order.shipping_minor
    session.flush()
    return less + off_tax


def is_added_up(session: Session, order: Order, lines: Sequence[OrderLine]) -> bool:
    """Do its lines and charges give the sum that is asked for?"""
    charges = sum(charge.amount_minor for charge in charges_of(session, order))
    return goods_of(lines) + charges == order.items_minor


def tax_on(tax: Tax, goods: Money, shipping: Money) -> Money:
    """What is in these prices, or comes on top of them. Rounded once for the order, half a cent
    up, as shops' tills do."""
    base = Decimal(goods.minor + (shipping.minor if tax.on_shipping else 0))
    whole = _HUNDRED + tax.percent if tax.included else Decimal(_HUNDRED)
    minor = (base * tax.percent / whole).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return Money(int(minor), goods.currency)


def _share(lines: Sequence[OrderLine], off: Money, goods: Money) -> None:
    shares = off.split([line.total.minor for line in lines]) if off.minor and goods.minor else []
    for line, share in zip_longest(lines, shares):
        line.discount_minor = share.minor if share else 0


def _charge(  # one row's columns
    session: Session,
    order: Order,
    kind: ChargeKind,
    name: dict[str, str],
    amount: Money,
    told: Money,
) -> OrderCharge:
    charge = OrderCharge(
        merchant_id=order.merchant_id,
        order_id=order.id,
        kind=kind,
        name=name,
        amount_minor=amount.minor,
        told_minor=told.minor,
        currency=order.currency,
    )
    session.add(charge)
    return charge
