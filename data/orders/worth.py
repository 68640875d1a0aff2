"""What was paid for each line of an order, to the last cent, and how much of that is still here.

A line bears its share of the discount and of what its team's growth took off (both are in
`OrderLine.discount_minor`), and of the tax that comes on top
(by largest remainder; what of the tax is for shipping no line bears). A dearer variant adds what
was paid for it, a cheaper one takes away what went back. What came by an exchange is worth what
stayed of the goods that were sent back for it, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.kernel.money import Money
from data.orders.change_models import ChangeState, OrderChange
from data.orders.coupon_models import ChargeKind
from data.orders.goods import lines_of
from data.orders.models import Order, OrderKind, OrderLine
from data.orders.return_models import Exchange, Return, ReturnLine, ReturnState
from data.orders.sums import charges_of


@dataclass(frozen=True, slots=True)
class LineWorth:
    """`left` was paid for the `units` that nobody sends back."""

    line: OrderLine
    units: int
    left: Money

    def of(self, units: int) -> Money:
        """What goes back for so many of them. The last ones take every cent that is left."""
        return Money(self.left.minor * units // self.units, self.left.currency)


def worths(session: Session, order: Order) -> list[LineWorth]:
    """Of every line of an order that is locked, or only looked at."""
    lines = lines_of(session, order)
    changed = _by_changes(session, order)
    returned = _by_returns(session, order)
    kept = kept_for(session, order).minor  # such an order has one line
    return [
        _worth(line, paid, changed.get(line.id, 0) + kept, returned.get(line.id, (0, 0)))
        for line, paid in zip(lines, _paid(session, order, lines), strict=True)
    ]


def changes_of(session: Session, order: Order, *states: ChangeState) -> list[OrderChange]:
    """The history of an order, the first of it first."""
    mine = select(OrderChange).where(OrderChange.order_id == order.id)
    if states:
        mine = mine.where(OrderChange.state.in_(states))
    in_order = mine.order_by(OrderChange.nth)
    return list(session.scalars(in_order.execution_options(populate_existing=True)))


def extras_of(session: Session, order: Order, *states: ChangeState) -> list[Order]:
    """The orders by which more was paid, or is to be paid, for dearer variants."""
    changes = changes_of(session, order, *states)
    return [
        session.get_one(Order, change.extra_order_id)
        for change in changes
        if change.extra_order_id is not None
    ]


def came_from(session: Session, order: Order) -> tuple[Return, Exchange] | None:
    """What was sent back for the goods of this order, if it is an exchange's."""
    if order.kind != OrderKind.EXCHANGE:
        return None
    behind = (
        select(Return, Exchange)
        .join(Exchange, Exchange.return_id == Return.id)
        .where(Exchange.order_id == order.id)
        .execution_options(populate_existing=True)
    )
    found = session.execute(behind).first()
    return None if found is None else (found[0], found[1])


def kept_for(session: Session, order: Order) -> Money:
    """What stayed of another order's money, to pay for the goods of this one."""
    found = came_from(session, order)
    if found is None or found[0].state != ReturnState.EXCHANGED:
        return Money(0, order.currency)
    return found[1].keeps


def paid_by(session: Session, order: Order) -> list[Order]:
    """The orders whose money paid for its goods: itself, its differences, and for what came by an
    exchange those that paid for what was sent back."""
    found = came_from(session, order)
    before = paid_by(session, session.get_one(Order, found[0].order_id)) if found else []
    return [order, *extras_of(session, order, ChangeState.DONE), *before]


def _worth(line: OrderLine, paid: Money, changed: int, returned: tuple[int, int]) -> LineWorth:
    units, minor = returned
    left = paid.minor + changed - minor
    return LineWorth(line, line.quantity - units, Money(max(0, left), line.currency))


def _paid(session: Session, order: Order, lines: Sequence[OrderLine]) -> list[Money]:
    nets = [line.total.minor - line.discount_minor for line in lines]
    on_top = sum(
        charge.amount_minor - charge.shipping_minor
        for charge in charges_of(session, order)
        if charge.kind == ChargeKind.TAX
    )
    taxed = on_top > 0 and sum(nets) > 0
    taxes = Money(on_top, order.currency).split(nets) if taxed else []
    shares = [tax.minor for tax in taxes] or [0] * len(nets)
    return [Money(net + share, order.currency) for net, share in zip(nets, shares, strict=True)]


def _by_changes(session: Session, order: Order) -> Mapping[int, int]:
    """What changes of its variant have added to each line, or taken away, in minor units."""
    by_line: dict[int, int] = {}
    for change in changes_of(session, order, ChangeState.DONE):
        if change.line_id is None:
            continue
        extra = session.get(Order, change.extra_order_id) if change.extra_order_id else None
        more = extra.items_minor if extra else 0
        by_line[change.line_id] = by_line.get(change.line_id, 0) + more - change.back_minor
    return by_line


def _by_returns(session: Session, order: Order) -> Mapping[int, tuple[int, int]]:
    """Units and minor units of every return that was not refused, by line."""
    rows = session.execute(
        select(ReturnLine.line_id, func.sum(ReturnLine.quantity), func.sum(ReturnLine.back_minor))
        .join(Return, Return.id == ReturnLine.return_id)
        .where(Return.order_id == order.id, Return.state != ReturnState.REFUSED)
        .group_by(ReturnLine.line_id)
    )
    return {line_id: (int(units), int(minor)) for line_id, units, minor in rows}
