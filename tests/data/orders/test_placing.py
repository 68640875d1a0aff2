"""Placing orders: prices and titles are snapshots, goods are held, nothing is half done."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.catalogue import Variant, hold_stock
from data.kernel.database import Database
from data.kernel.errors import Invalid, NotFound, OutOfStock, ShopError
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import (
    NewLine,
    Order,
    OrderDetails,
    OrderState,
    basket_of,
    lines_of,
    order_by_number,
    orders_of,
    place_order,
    put_in_basket,
    take_out_of_basket,
)
from data.people import Person
from tests.builders import NOW, a_merchant, a_person, a_product, the_variant

HOLD = timedelta(minutes=30)


@dataclass
class Counter:
    """A shop, a buyer in front of it, and one thing on the shelf."""

    database: Database
    shop: Merchant
    buyer: Person
    variant: str

    def place(
        self, session: Session, *lines: NewLine, details: OrderDetails | None = None
    ) -> Order:
        return place_order(
            session,
            merchant_id=self.shop.id,
            person_id=self.buyer.id,
            lines=lines or [NewLine(self.variant)],
            details=details or OrderDetails(),
            hold_until=NOW + HOLD,
            now=NOW,
        )

    def held(self, session: Session) -> int:
        return session.get_one(Variant, self.variant, populate_existing=True).held


@pytest.fixture
def counter(database: Database) -> Counter:
    return _counter(database)


@pytest.fixture
def each_counter(each_database: Database) -> Counter:
    return _counter(each_database)


def test_an_order_holds_its_goods_and_adds_up(each_counter: Counter) -> None:
    with each_counter.database.transaction() as session:
        order = each_counter.place(session, NewLine(each_counter.variant, 2))
        assert order.state == OrderState.AWAITING_PAYMENT
        assert (order.items, order.shipping, order.total) == (
            Money(17600, "CNY"),
            Money(1000, "CNY"),
            Money(18600, "CNY"),
        )
        assert each_counter.held(session) == 2
        assert order.number == "1001"


def test_orders_are_numbered_for_people_each_shop_by_itself(each_counter: Counter) -> None:
    with each_counter.database.transaction() as session:
        numbers = [each_counter.place(session).number for _ in range(3)]
        assert numbers == ["1001", "1002", "1003"]
        other = _shop_in(each_counter.database, session)
        assert other.place(session).number == "1001"
        found = order_by_number(session, merchant_id=other.shop.id, number="1001")
        assert found is not None
        assert found.merchant_id == other.shop.id


def test_a_later_change_of_price_or_title_does_not_touch_an_order(counter: Counter) -> None:
    with counter.database.transaction() as session:
        order = counter.place(session)
        session.get_one(Variant, counter.variant).price_minor = 1
        session.flush()
        line = lines_of(session, order)[0]
        assert line.unit_price == Money(8800, "CNY")
        assert line.title == {"zh-Hans": "青瓷茶具"}


def test_a_price_agreed_elsewhere_is_the_price_of_the_line(counter: Counter) -> None:
    with counter.database.transaction() as session:
        order = counter.place(session, NewLine(counter.variant, 1, Money(5000, "CNY")))
        assert order.items == Money(5000, "CNY")


def test_shipping_is_free_from_the_shops_threshold_on(counter: Counter) -> None:
    with counter.database.transaction() as session:
        shop = session.get_one(Merchant, counter.shop.id)
        shop.settings = {"shipping_minor": 1000, "free_shipping_minor": 17600}
        session.flush()
        assert counter.place(session).shipping == Money(1000, "CNY")
        assert counter.place(session, NewLine(counter.variant, 2)).shipping == Money(0, "CNY")


def test_an_order_that_cannot_be_filled_leaves_nothing_behind(each_counter: Counter) -> None:
    with each_counter.database.transaction() as session:
        second = the_variant(session, a_product(session, each_counter.shop, on_hand=1))
        with pytest.raises(OutOfStock):
            each_counter.place(session, NewLine(each_counter.variant), NewLine(second.id, 2))
    with each_counter.database.transaction() as session:
        assert each_counter.held(session) == 0
        assert session.scalar(select(func.count()).select_from(Order)) == 0


def test_stock_that_a_seat_holds_is_not_held_again(counter: Counter) -> None:
    with counter.database.transaction() as session:
        hold_stock(
            session,
            variant_id=counter.variant,
            quantity=1,
            owner_ref="seat_1",
            expires_at=NOW + HOLD,
            now=NOW,
        )
        counter.place(session, details=OrderDetails(stock_held_by="seat_1"))
        assert counter.held(session) == 1


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([NewLine("var_unknown")], NotFound),
        ([NewLine("VARIANT", 0)], Invalid),
        ([NewLine("VARIANT", 1000)], Invalid),
        ([NewLine("VARIANT"), NewLine("VARIANT")], Invalid),
        ([NewLine("VARIANT", 1, Money(5, "USD"))], Invalid),
        ([NewLine("VARIANT", 1, Money(-5, "CNY"))], Invalid),
    ],
)
def test_odd_orders_are_refused(
    counter: Counter, lines: list[NewLine], error: type[ShopError]
) -> None:
    mine = [
        NewLine(line.variant_id.replace("VARIANT", counter.variant), line.quantity, line.unit_price)
        for line in lines
    ]
    with counter.database.transaction() as session, pytest.raises(error):
        counter.place(session, *mine)


def test_goods_and_people_of_another_shop_cannot_be_ordered(counter: Counter) -> None:
    with counter.database.transaction() as session:
        other = _shop_in(counter.database, session)
        with pytest.raises(NotFound):
            counter.place(session, NewLine(other.variant))
        stranger = Counter(counter.database, counter.shop, other.buyer, counter.variant)
        with pytest.raises(NotFound):
            stranger.place(session)


def test_a_person_sees_their_orders_and_nobody_elses_newest_first(counter: Counter) -> None:
    with counter.database.transaction() as session:
        mine = [counter.place(session).id for _ in range(2)]
        friend = Counter(
            counter.database, counter.shop, a_person(session, counter.shop), counter.variant
        )
        friend.place(session)
        found = orders_of(session, merchant_id=counter.shop.id, person_id=counter.buyer.id)
        assert [order.id for order in found] == mine[::-1]


def test_a_basket_adds_up_and_becomes_the_lines_of_an_order(each_counter: Counter) -> None:
    mine = {"merchant_id": each_counter.shop.id, "person_id": each_counter.buyer.id}
    with each_counter.database.transaction() as session:
        for _ in range(2):
            put_in_basket(session, **mine, line=NewLine(each_counter.variant), now=NOW)
        lines = basket_of(session, **mine)
        assert lines == [NewLine(each_counter.variant, 2)]
        assert each_counter.place(session, *lines).items == Money(17600, "CNY")
        take_out_of_basket(session, **mine)
        assert basket_of(session, **mine) == []


def test_goods_of_one_moment_stay_in_the_order_they_were_put_in(each_counter: Counter) -> None:
    mine = {"merchant_id": each_counter.shop.id, "person_id": each_counter.buyer.id}
    with each_counter.database.transaction() as session:
        more = [the_variant(session, a_product(session, each_counter.shop)) for _ in range(4)]
        lines = [NewLine(variant.id) for variant in more]
        for line in lines:
            put_in_basket(session, **mine, line=line, now=NOW)
        assert basket_of(session, **mine) == lines


def test_eight_buyers_of_the_last_two_never_get_three(each_counter: Counter) -> None:
    with each_counter.database.transaction() as session:
        each_counter.place(session, NewLine(each_counter.variant, 3))
    assert _race(8, lambda: _place_one(each_counter)) == 2
    with each_counter.database.transaction() as session:
        assert each_counter.held(session) == 5
        numbers = session.scalars(select(Order.number)).all()
        assert len(set(numbers)) == 3


def _place_one(counter: Counter) -> None:
    with counter.database.transaction() as session:
        counter.place(session)


def _race(runners: int, act: Callable[[], object]) -> int:
    barrier = Barrier(runners)

    def run(_: int) -> bool:
        barrier.wait()
        try:
            act()
        except OutOfStock:
            return False
        return True

    with ThreadPoolExecutor(runners) as pool:
        return sum(pool.map(run, range(runners)))


def _counter(database: Database) -> Counter:
    with database.transaction() as session:
        return _shop_in(database, session)


def _shop_in(database: Database, session: Session) -> Counter:
    shop = a_merchant(session, settings={"shipping_minor": 1000})
    variant = the_variant(session, a_product(session, shop, on_hand=5))
    return Counter(database, shop, a_person(session, shop), variant.id)
