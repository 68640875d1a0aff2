"""An order's way: only along its table, only once, only by whoever may."""

from datetime import timedelta
from itertools import product

import pytest

from data.kernel.database import Database
from data.kernel.errors import NotFound, WrongState
from data.kernel.facts import LISTENERS, Fact
from data.orders import (
    TRANSITIONS,
    Address,
    NewLine,
    Order,
    OrderDelivered,
    OrderDetails,
    OrderExpired,
    OrderShipped,
    OrderState,
    deliver,
    expire_order,
    expire_unpaid,
    place_order,
    ship,
)
from data.orders.states import move
from tests.builders import NOW, a_merchant, a_person, a_product, the_variant

HOLD = timedelta(minutes=30)


def test_every_state_can_be_reached_and_every_way_leads_to_a_state() -> None:
    reached = {OrderState.AWAITING_PAYMENT} | {to for ways in TRANSITIONS.values() for to in ways}
    assert reached == set(OrderState) == set(TRANSITIONS)


def test_an_order_moves_only_along_its_table(database: Database) -> None:
    order_id = _order(database)
    with database.transaction() as session:
        order = session.get_one(Order, order_id)
        for start, to in product(OrderState, OrderState):
            order.state = start
            session.flush()
            if to in TRANSITIONS[start]:
                move(session, order, to, now=NOW)
                assert order.state == to
            else:
                with pytest.raises(WrongState):
                    move(session, order, to, now=NOW)


def test_whoever_looked_at_an_older_version_does_not_move_it(each_database: Database) -> None:
    order_id = _order(each_database)
    with each_database.transaction() as session:
        stale = session.get_one(Order, order_id)
    with each_database.transaction() as session:
        move(session, session.get_one(Order, order_id), OrderState.CANCELLED, now=NOW)
    with each_database.transaction() as session, pytest.raises(WrongState, match="order_moved"):
        move(session, session.merge(stale, load=False), OrderState.EXPIRED, now=NOW)


def test_an_unpaid_order_expires_in_its_time_and_not_before(each_database: Database) -> None:
    order_id = _order(each_database)
    heard: list[Fact] = []
    with each_database.transaction() as session:
        session.info[LISTENERS] = (lambda _session, fact, _now: heard.append(fact),)
        assert not expire_order(session, order_id=order_id, now=NOW)
        assert expire_unpaid(session, now=NOW + HOLD) == 1
        assert expire_unpaid(session, now=NOW + HOLD) == 0
        assert session.get_one(Order, order_id).state == OrderState.EXPIRED
    assert [type(fact) for fact in heard] == [OrderExpired]


def test_a_ready_order_ships_and_arrives(database: Database) -> None:
    order_id = _order(database, ready=True)
    heard: list[type[Fact]] = []
    with database.transaction() as session:
        session.info[LISTENERS] = (lambda _session, fact, _now: heard.append(type(fact)),)
        shop_id = session.get_one(Order, order_id).merchant_id
        sent = ship(session, merchant_id=shop_id, order_id=order_id, tracking="SF1", now=NOW)
        assert sent.tracking == "SF1"
        deliver(session, merchant_id=shop_id, order_id=order_id, now=NOW)
    assert heard == [OrderShipped, OrderDelivered]


def test_what_is_not_paid_or_goes_nowhere_does_not_ship(database: Database) -> None:
    unpaid, homeless = _order(database), _order(database, ready=True, address=None)
    for order_id in (unpaid, homeless):
        with database.transaction() as session:
            shop_id = session.get_one(Order, order_id).merchant_id
        with database.transaction() as session, pytest.raises(WrongState):
            ship(session, merchant_id=shop_id, order_id=order_id, tracking=None, now=NOW)


def test_another_shop_can_neither_ship_nor_see_it(database: Database) -> None:
    order_id = _order(database, ready=True)
    with database.transaction() as session:
        other = a_merchant(session)
        with pytest.raises(NotFound):
            ship(session, merchant_id=other.id, order_id=order_id, tracking=None, now=NOW)


def _order(
    database: Database,
    *,
    ready: bool = False,
    address: Address | None = Address("Lan", "1", "Nanjing Road 1"),  # noqa: B008  # frozen
) -> str:
    with database.transaction() as session:
        shop = a_merchant(session)
        order = place_order(
            session,
            merchant_id=shop.id,
            person_id=a_person(session, shop).id,
            lines=[NewLine(the_variant(session, a_product(session, shop)).id)],
            details=OrderDetails(ship_to=address),
            hold_until=NOW + HOLD,
            now=NOW,
        )
        if ready:
            order.state = OrderState.READY
        return order.id
