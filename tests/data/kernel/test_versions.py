"""A row that counts its versions is changed by whoever knows its last one."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from data.kernel.database import Database
from data.kernel.versions import set_if_same
from data.orders import Order, OrderState
from tests.data.payments.till import Till


def test_what_nobody_changed_is_written_and_known_without_a_look(each_database: Database) -> None:
    till = Till(each_database)
    order_id = till.order()
    with till.transaction() as session:
        order = session.get_one(Order, order_id)
        order.tracking = "SF 1"  # waits to be written, and is
        now = till.clock.now()
        assert set_if_same(session, order, state=OrderState.PAID, updated_at=now)
        seen = (order.state, order.version, order.updated_at, order.tracking)
        assert seen == ("paid", 2, now, "SF 1")
        session.refresh(order)
        assert (order.state, order.version, order.updated_at, order.tracking) == seen


def test_who_was_slower_changes_nothing_and_sees_what_it_is_now(each_database: Database) -> None:
    till = Till(each_database)
    order_id = till.order()
    with till.transaction() as session:
        order = session.get_one(Order, order_id)
        _changed_by_somebody(session, order_id)
        assert not set_if_same(session, order, state=OrderState.PAID)
        assert (order.state, order.version) == (OrderState.EXPIRED, 2)


def _changed_by_somebody(session: Session, order_id: str) -> None:
    changed = update(Order).where(Order.id == order_id)
    session.execute(
        changed.values(state=OrderState.EXPIRED, version=Order.version + 1),
        execution_options={"synchronize_session": False},
    )
