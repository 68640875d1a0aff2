"""What a line's goods cost one by one today, whatever became of them; and a price's share."""

from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy.orm import Session

from data.kernel.money import Money
from data.orders import ChangeState, Order, OrderLine, OrderState, changes_of
from data.orders.worth import came_from


def price_now(session: Session, order: Order, line: OrderLine) -> Money:
    """What one of them cost, as it was changed or exchanged last. An unpaid line says so itself."""
    came = came_from(session, order)
    if came is not None:
        return Money(came[1].unit_minor, line.currency)
    done = [
        one
        for one in changes_of(session, order, ChangeState.DONE)
        if (one.line_id, one.new_variant_id) == (line.id, line.variant_id)
    ]
    last = max(done, key=lambda one: (one.updated_at, one.nth), default=None)
    if last is None or last.unit_minor is None or order.state == OrderState.AWAITING_PAYMENT:
        return line.unit_price
    return Money(last.unit_minor, line.currency)


def cheaper_by(paid: Money, was: Money, becomes: Money) -> Money:
    """What was paid for goods, but for what the cheaper ones cost of it: the share of discount and
    tax goes with the price."""
    kept = Decimal(paid.minor * becomes.minor) / Decimal(was.minor)
    return paid - Money(int(kept.quantize(Decimal(1), rounding=ROUND_HALF_UP)), paid.currency)
