"""A seat of several units: limits, stock and money count units, the team counts people."""

from collections.abc import Iterator

import pytest

from data.group_buys import change_quantity, live_seat
from data.kernel.database import Database
from data.kernel.errors import Invalid, OutOfStock, Refused, WrongState
from data.orders import Order
from tests.data.group_buys.shop import PRICE, GroupShop


@pytest.fixture
def shop(database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(database, limit=3, stock_limit=6)
    yield shop
    assert shop.violations() == []
    shop.close()


def _change(shop: GroupShop, team: str, name: str, quantity: int) -> None:
    with shop.database.transaction() as session:
        seat = live_seat(session, team_id=team, person_id=shop.person(name))
        assert seat is not None
        change_quantity(session, seat_id=seat.id, quantity=quantity, now=shop.now)


def test_two_units_are_one_person_of_the_team_and_twice_the_price(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", quantity=2)
    assert shop.view(team).free == 1
    assert shop.campaign().taken == 3
    assert shop.shelf() == (20, 3)
    order_id = shop.orders(team, "Wei")
    with shop.database.reading() as session:
        assert session.get_one(Order, order_id).items.minor == 2 * PRICE


def test_the_limit_for_one_person_counts_units_over_all_their_teams(shop: GroupShop) -> None:
    first, second = shop.opens("Lan"), shop.opens("Wei")
    shop.joins(first, "Jun", quantity=2)
    with pytest.raises(Refused) as refused:
        shop.joins(second, "Jun", quantity=2)
    assert (refused.value.detail, refused.value.values) == ("person_limit", {"limit": 3, "left": 1})
    shop.joins(second, "Jun", quantity=1)


def test_the_stock_of_a_campaign_counts_units(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", quantity=3)
    with pytest.raises(OutOfStock):
        shop.joins(team, "Jun", quantity=3)
    assert shop.shelf() == (20, 4)
    shop.joins(team, "Jun", quantity=2)


def test_who_leaves_gives_all_units_back(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", quantity=3)
    shop.leaves(team, "Wei")
    assert (shop.campaign().taken, shop.shelf()) == (1, (20, 1))


def test_a_held_seat_may_become_one_of_more_or_fewer_units(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    _change(shop, team, "Lan", 3)
    assert (shop.campaign().taken, shop.shelf()) == (3, (20, 3))
    _change(shop, team, "Lan", 2)
    assert (shop.campaign().taken, shop.shelf()) == (2, (20, 2))
    with pytest.raises(Refused, match="person_limit"):
        _change(shop, team, "Lan", 4)
    assert (shop.campaign().taken, shop.shelf()) == (2, (20, 2))


def test_more_than_there_is_changes_nothing(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun", quantity=2)
    with pytest.raises(OutOfStock):
        _change(shop, team, "Lan", 3)
    assert (shop.campaign().taken, shop.shelf()) == (5, (20, 5))


def test_an_ordered_seat_stays_as_it_was_ordered(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.orders(team, "Lan")
    with pytest.raises(WrongState):
        _change(shop, team, "Lan", 2)


def test_no_units_are_no_seat(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    with pytest.raises(Invalid, match="quantity"):
        shop.joins(team, "Wei", quantity=0)
