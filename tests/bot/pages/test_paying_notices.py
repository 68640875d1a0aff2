"""What can befall an order more than once is told each time, and breaks nothing."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from data.delivery.models import OutboxRow
from data.kernel.facts import announce
from data.orders import Order, OrderFact, OrderRefunded
from data.payments import RefundFailed
from tests.bot.open_demo import Demo

Story = Callable[[Order, int], OrderFact]


def gone_back(order: Order, _number: int) -> OrderFact:
    """The bank took a refund back; when it succeeded after all, the order had moved twice."""
    return OrderRefunded(order.merchant_id, order.id, order.person_id, None)


def not_gone_back(order: Order, number: int) -> OrderFact:
    return RefundFailed(order.merchant_id, order.id, order.person_id, None, f"ref_{number}")


@pytest.mark.parametrize("story", [gone_back, not_gone_back])
def test_what_happens_to_a_refund_twice_is_told_twice(demo: Demo, story: Story) -> None:
    demo.a_bill()
    for number in range(2):
        with demo.tuanzi.database.transaction() as session:
            order = session.scalars(select(Order)).one()
            order.version += 2
            announce(session, story(order, number), now=demo.tuanzi.clock.now())
    with demo.tuanzi.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == 2
