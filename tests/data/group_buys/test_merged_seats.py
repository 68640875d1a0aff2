"""Both had a place in a team that is over, and are one person now: nothing of theirs is lost."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from data.group_buys.models import Seat
from data.kernel.database import Database
from data.kernel.errors import Refused
from data.orders import Order, orders_of
from data.people import Person
from data.personal.exporting import export_person
from data.personal.merging import merge
from data.personal.obstacles import Obstacle
from tests.data.group_buys.shop import GroupShop


@pytest.fixture
def each_shop(each_database: Database) -> Iterator[GroupShop]:
    """Where everybody may be in two teams."""
    shop = GroupShop(each_database, limit=2)
    yield shop
    shop.work()
    found = shop.violations()
    shop.close()
    assert found == []


def _becomes(shop: GroupShop, gone: str, kept: str) -> Obstacle | None:
    gone_id, kept_id = shop.person(gone), shop.person(kept)  # who is new is met by this
    with shop.database.transaction() as session:
        return merge(session, kept=kept_id, gone=gone_id, link_id=None, now=shop.now)


def test_the_orders_of_both_are_the_one_persons(each_shop: GroupShop) -> None:
    shop = each_shop
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Ann")
    shop.pays(team, "Lan", "Wei", "Ann")
    shop.work()
    assert _becomes(shop, "Wei", "Lan") is None
    with shop.database.reading() as session:
        assert [order.person_id for order in session.scalars(select(Order))].count(
            shop.person("Lan")
        ) == 2
        assert set(session.scalars(select(Seat.person_id))) == {
            shop.person(name) for name in ("Lan", "Wei", "Ann")
        }, "a team that is decided knew three"
    with shop.database.transaction() as session:
        lan = session.get_one(Person, shop.person("Lan"))
        file = export_person(session, person=lan, by=lan.id, now=shop.now)
        assert (len(file["orders"]), len(file["seats"])) == (2, 2)
        mine = orders_of(session, merchant_id=shop.merchant_id, person_id=lan.id)
        assert len(mine) == 2


def test_places_of_both_count_where_a_person_may_have_so_many(each_shop: GroupShop) -> None:
    """T38: who was two has two, and through one more name they have them still."""
    shop = each_shop
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Ann")
    shop.pays(team, "Lan", "Wei", "Ann")
    shop.work()
    for gone, kept in (("Wei", "Lan"), ("Lan", "Jun")):
        assert _becomes(shop, gone, kept) is None
    shop.turn_clock(timedelta(minutes=1))
    with pytest.raises(Refused):
        shop.opens("Jun")


def test_who_were_new_as_two_do_not_become_one_with_two_first_purchases_to_pay(
    each_database: Database,
) -> None:
    shop = GroupShop(each_database, limit=2, new_customers_only=True)
    for leader, newcomer in (("Jun", "Lan"), ("Qi", "Wei")):
        shop.joins(shop.opens(leader), newcomer)
    assert _becomes(shop, "Wei", "Lan") is Obstacle.TOO_MANY_SEATS
    assert _becomes(shop, "Wei", "Bo") is None
    shop.close()
