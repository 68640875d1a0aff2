"""Many at once at what a campaign keeps: its goods set aside and its leaders' budget."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from data.group_buys import budget_of
from data.kernel.database import Database
from data.kernel.money import Money
from tests.data.group_buys.shop import GroupShop
from tests.races import acts
from tests.races.together import all_at_once

MANY, ASIDE, REWARDS = 16, 8, 3


@pytest.fixture
def shops(each_database: Database) -> Iterator[Callable[..., GroupShop]]:
    """A shop in the database of this test."""
    opened: list[GroupShop] = []

    def found(**settings: Any) -> GroupShop:
        opened.append(GroupShop(each_database, **settings))
        return opened[-1]

    yield found
    for shop in opened:
        shop.close()


def test_leaders_at_once_are_promised_no_more_than_the_budget(
    shops: Callable[..., GroupShop],
) -> None:
    budget = Money(500 * REWARDS, "CNY")
    shop = shops(on_hand=500, reward=Money(500, "CNY"), reward_budget=budget)
    people = [shop.person(f"leader {number}") for number in range(MANY)]
    opening = [
        partial(acts.open_a_team, campaign=shop.campaign_id, person=one, now=shop.now)
        for one in people
    ]
    assert all_at_once(shop.database, opening) == ["ok"] * MANY
    with shop.database.reading() as session:
        found = budget_of(session, shop.campaign_id)
        assert found is not None
        assert found.spent == budget
    assert shop.violations() == []


def test_what_is_set_aside_goes_to_seats_alone_while_others_buy_and_leave(
    shops: Callable[..., GroupShop],
) -> None:
    """Two units stand on the shelf for all who buy; a seat that is left is never one of them."""
    shop = shops(size=ASIDE + 1, on_hand=ASIDE + 3, stock_limit=ASIDE + 1, set_aside=True)
    team = shop.opens("Lan")
    leavers = [shop.person(f"leaver {number}") for number in range(ASIDE // 2)]
    for number in range(ASIDE // 2):
        shop.joins(team, f"leaver {number}")
    joiners = [shop.person(f"joiner {number}") for number in range(ASIDE // 2)]
    leaving = [partial(acts.leave, team=team, person=one, now=shop.now) for one in leavers]
    joining = [partial(acts.join, team=team, person=one, now=shop.now) for one in joiners]
    buying = [
        partial(acts.hold_one, variant_id=_variant(shop), owner=f"buyer{number}", now=shop.now)
        for number in range(MANY)
    ]
    said = all_at_once(shop.database, [*leaving, *joining, *buying])
    assert said.count("ok") == ASIDE + 2  # all who leave and join, and two who buy
    assert set(said) == {"ok", "error_out_of_stock"}
    on_hand, held = shop.shelf()
    assert on_hand == held == ASIDE + 3
    assert shop.violations() == []


def _variant(shop: GroupShop) -> str:
    return shop.campaign().variant_id
