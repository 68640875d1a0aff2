"""Many at once at what a campaign keeps: its goods set aside and its leaders' budget."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from data.group_buys import budget_of, invite_budget_of
from data.group_buys.reward_models import InviteReward, RewardState
from data.kernel.database import Database
from data.kernel.money import Money
from tests.data.group_buys.inviting import invites
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


def test_payments_by_invitation_at_once_are_promised_no_more_than_the_budget(
    shops: Callable[..., GroupShop],
) -> None:
    """Eight friends pay in the same moment, and three of them are within the budget."""
    budget, crowd = Money(500 * REWARDS, "CNY"), [f"friend {number}" for number in range(8)]
    terms = {"invite_reward": Money(500, "CNY"), "invite_reward_budget": budget}
    shop = shops(size=MANY, on_hand=500, **terms)
    team = shop.opens("Lan")
    invites(shop, team, "Lan", *crowd)
    paying = [
        partial(acts.pay, attempt_id=shop.starts_paying(team, name), now=shop.now) for name in crowd
    ]
    assert all_at_once(shop.database, paying) == ["ok"] * len(crowd)
    with shop.database.reading() as session:
        found = invite_budget_of(session, shop.campaign_id)
        assert found is not None
        assert found.spent == budget
        promised = session.scalars(select(InviteReward.state)).all()
    assert promised == [RewardState.PROMISED] * REWARDS
    assert shop.violations() == []


def test_control_reading_the_budget_first_spends_too_much(shops: Callable[..., GroupShop]) -> None:
    shop = shops()
    with shop.database.transaction() as session:
        session.execute(text("CREATE TABLE naive (held INTEGER)"))
        session.execute(text("INSERT INTO naive VALUES (0)"))
    giving = [partial(acts.naive_give, target=500 * REWARDS, amount=500)] * 8
    all_at_once(shop.database, giving)
    with shop.database.reading() as session:
        assert session.scalar(text("SELECT held FROM naive")) > 500 * REWARDS


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
