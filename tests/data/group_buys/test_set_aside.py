"""Stock set aside: off the shelf from the start, seats take from it, the rest comes back once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from data.catalogue import Product, Shown, hold_stock
from data.group_buys import change_quantity, end_campaign, live_seat
from data.kernel.database import Database
from data.kernel.errors import OutOfStock
from tests.builders import the_variant
from tests.data.group_buys.shop import GroupShop

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(each_database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(each_database, on_hand=10, limit=3, stock_limit=6, set_aside=True)
    yield shop
    assert shop.violations() == []
    shop.close()


def _sell(shop: GroupShop, quantity: int) -> None:
    """Somebody else, not in any team."""
    with shop.database.transaction() as session:
        hold_stock(
            session,
            variant_id=the_variant(session, session.get_one(Product, shop.product_id)).id,
            quantity=quantity,
            owner_ref="somebody",
            expires_at=shop.now + 365 * DAY,
            now=shop.now,
        )


def _end(shop: GroupShop) -> None:
    with shop.database.transaction() as session:
        end_campaign(
            session, merchant_id=shop.merchant_id, campaign_id=shop.campaign_id, now=shop.now
        )


def test_normal_sales_cannot_eat_what_is_set_aside(shop: GroupShop) -> None:
    assert shop.shelf() == (10, 6)
    with pytest.raises(OutOfStock):
        _sell(shop, 5)
    _sell(shop, 4)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun", quantity=2)
    assert shop.shelf() == (10, 10)
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    assert shop.shelf() == (5, 5)


def test_a_campaign_whose_goods_are_not_there_does_not_start(database: Database) -> None:
    with pytest.raises(OutOfStock):
        GroupShop(database, on_hand=5, stock_limit=6, set_aside=True)


def test_a_seat_given_up_gives_back_to_the_campaign(shop: GroupShop) -> None:
    _sell(shop, 4)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", quantity=3)
    shop.leaves(team, "Wei")
    shop.joins(team, "Jun", quantity=3)
    shop.orders(team, "Jun")
    shop.later(timedelta(minutes=11))  # unpaid: the order lets go of what the seat held
    assert shop.shelf() == (10, 10)
    again = shop.opens("Wei")
    shop.joins(again, "Qi", quantity=3)


def test_a_failed_team_gives_back_to_the_campaign(shop: GroupShop) -> None:
    _sell(shop, 4)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", quantity=2)
    shop.pays(team, "Lan", "Wei")
    shop.later(DAY)
    assert shop.shelf() == (10, 10)
    assert len(shop.refunds()) == 2


def test_who_calls_off_what_was_paid_gives_back_to_the_campaign(shop: GroupShop) -> None:
    _sell(shop, 4)
    team = shop.opens("Lan")
    shop.pays(team, "Lan")
    shop.joins(team, "Wei")
    shop.calls_off(team, "Lan")
    shop.work()
    assert shop.shelf() == (10, 10)


def test_goods_that_are_shown_no_more_come_back_to_the_campaign_all_the_same(
    shop: GroupShop,
) -> None:
    team = shop.opens("Lan")
    shop.pays(team, "Lan")
    shop.joins(team, "Wei", quantity=2)
    with shop.database.transaction() as session:
        variant = the_variant(session, session.get_one(Product, shop.product_id))
        variant.state = Shown.HIDDEN
    shop.leaves(team, "Wei")
    shop.calls_off(team, "Lan")
    shop.work()
    assert shop.shelf() == (10, 6)
    assert [minor for _state, minor in shop.refunds()] == [6600]


def test_the_last_units_can_be_taken_and_given_back(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", quantity=2)
    shop.joins(team, "Jun", quantity=3)
    other = shop.seats(team)
    assert len(other) == 3
    with pytest.raises(OutOfStock):
        shop.opens("Qi")
    shop.leaves(team, "Wei")
    shop.joins(team, "Qi", quantity=2)


def test_what_is_left_comes_back_when_the_campaign_is_ended(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.pays(team, "Lan")
    _end(shop)
    shop.later(HOUR)
    shop.joins(team, "Wei", quantity=2)  # a team that runs is promised its goods
    assert shop.shelf() == (10, 6)
    shop.later(DAY)
    shop.later(2 * HOUR)
    assert shop.shelf() == (10, 0)
    assert shop.campaign().aside_returned_at is not None


def test_a_seat_of_a_larger_quantity_takes_from_the_campaign(shop: GroupShop) -> None:
    _sell(shop, 4)
    team = shop.opens("Lan")
    with shop.database.transaction() as session:
        seat = live_seat(session, team_id=team, person_id=shop.person("Lan"))
        assert seat is not None
        change_quantity(session, seat_id=seat.id, quantity=3, now=shop.now)
    assert (shop.campaign().taken, shop.shelf()) == (3, (10, 10))
