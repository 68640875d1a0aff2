"""A leader's reward: once, from their own payment, within the budget, gone with a refund (I14)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from data.group_buys import PayMode, RewardGiven, TeamState, budget_of, reward_of
from data.group_buys.reward_models import LeaderReward, RewardState
from data.group_buys.rewards import give_reward
from data.kernel.database import Database
from data.kernel.money import Money
from data.orders import Order
from data.payments import Refund, RefundState, refund_order
from data.payments.gateway import PaymentStatus
from tests.data.group_buys.shop import PRICE, GroupShop

DAY = timedelta(hours=24)
REWARD = Money(500, "CNY")


@pytest.fixture
def shop(each_database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(
        each_database, size=2, limit=9, reward=REWARD, reward_budget=Money(1100, "CNY")
    )
    yield shop
    assert shop.violations() == []
    shop.close()


def _spent(shop: GroupShop) -> int:
    with shop.database.reading() as session:
        budget = budget_of(session, shop.campaign_id)
        assert budget is not None
        return budget.spent_minor


def _state(shop: GroupShop, team: str) -> RewardState | None:
    with shop.database.reading() as session:
        state = session.scalar(select(LeaderReward.state).where(LeaderReward.team_id == team))
        return RewardState(state) if state else None


def _back_to(shop: GroupShop) -> dict[str, int]:
    """What came back, by whose order it was."""
    names = {shop.person(name): name for name in ("Lan", "Wei", "Jun")}
    with shop.database.reading() as session:
        rows = session.execute(
            select(Order.person_id, Refund.amount_minor)
            .join(Order, Order.id == Refund.order_id)
            .where(Refund.state == RefundState.SUCCEEDED)
        ).all()
    return {names[person]: minor for person, minor in rows}


def _succeed(shop: GroupShop) -> str:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.work()
    return team


def test_the_leader_gets_it_once_and_nobody_else(shop: GroupShop) -> None:
    team = _succeed(shop)
    assert _back_to(shop) == {"Lan": 500}
    assert (_state(shop, team), _spent(shop), shop.told(RewardGiven)) == (RewardState.GIVEN, 500, 1)
    with shop.database.transaction() as session:
        assert not give_reward(session, team_id=team, now=shop.now)
    shop.work()
    assert shop.refunds() == [(RefundState.SUCCEEDED, 500)]


def test_it_waits_until_the_money_was_taken(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    held = shop.starts_paying(team, "Lan", authorize=True)
    shop.money_arrives(held, status=PaymentStatus.AUTHORIZED)
    shop.pays(team, "Wei")
    while shop.run_jobs():
        pass
    assert _state(shop, team) == RewardState.PROMISED
    shop.money_arrives(held)
    shop.work()
    assert _back_to(shop) == {"Lan": 500}


def test_a_failed_team_frees_the_budget(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.pays(team, "Lan")
    assert _spent(shop) == 500
    shop.later(DAY)
    assert (_state(shop, team), _spent(shop)) == (RewardState.GONE, 0)
    assert _back_to(shop) == {"Lan": PRICE}


def test_an_empty_team_frees_the_budget(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.leaves(team, "Lan")
    assert (_state(shop, team), _spent(shop)) == (RewardState.GONE, 0)


def test_no_more_is_promised_than_the_budget_has(shop: GroupShop) -> None:
    first, second, third = (shop.opens(name) for name in ("Lan", "Wei", "Jun"))
    with shop.database.reading() as session:
        promised = [reward_of(session, team) is not None for team in (first, second, third)]
    assert promised == [True, True, False]
    assert _spent(shop) == 1000
    shop.leaves(first, "Lan")
    fourth = shop.opens("Lan")
    assert _state(shop, fourth) == RewardState.PROMISED


def test_who_leads_when_the_team_succeeds_gets_it(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.leaves(team, "Lan")
    shop.joins(team, "Lan")
    shop.pays(team, "Lan", "Wei")
    shop.work()
    assert _back_to(shop) == {"Wei": 500}


def test_a_refunded_order_gives_back_all_that_is_left_and_the_reward_is_gone(
    shop: GroupShop,
) -> None:
    team = _succeed(shop)
    with shop.database.transaction() as session:
        order_id = session.scalar(select(LeaderReward.order_id).where(LeaderReward.team_id == team))
        assert order_id is not None
        refund_order(session, order_id=order_id, cause_ref="asked", now=shop.now)
    shop.work()
    assert sorted(minor for _state, minor in shop.refunds()) == [500, PRICE - 500]
    assert (_state(shop, team), _spent(shop)) == (RewardState.GONE, 0)


def test_another_order_that_goes_back_changes_nothing(shop: GroupShop) -> None:
    team = _succeed(shop)
    with shop.database.transaction() as session:
        other = session.scalar(select(Order.id).where(Order.person_id == shop.person("Wei")))
        assert other is not None
        refund_order(session, order_id=other, cause_ref="asked", now=shop.now)
    shop.work()
    assert (_state(shop, team), _spent(shop)) == (RewardState.GIVEN, 500)


def test_it_is_never_more_than_what_was_paid(database: Database) -> None:
    """Terms allow no such reward; a price that was lowered by a coupon may come below one."""
    high = Money(PRICE - 1, "CNY")
    shop = GroupShop(database, size=2, reward=high, reward_budget=high)
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    with shop.database.transaction() as session:
        reward = session.get_one(LeaderReward, team)
        budget = budget_of(session, shop.campaign_id)
        assert budget is not None
        budget.budget_minor = budget.spent_minor = reward.amount_minor = PRICE + 1000
    shop.work()
    assert _back_to(shop) == {"Lan": PRICE - 1}
    assert _spent(shop) == PRICE - 1
    assert shop.violations() == []
    shop.close()


def _pledged_and_paid_but_by_the_leader(database: Database) -> tuple[GroupShop, str]:
    """Three are asked to pay, and two of them are enough for the price."""
    shop = GroupShop(
        database,
        size=2,
        tiers=((4, 5900),),
        modes=(PayMode.JOIN_FIRST,),
        reward=REWARD,
        reward_budget=REWARD,
    )
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.later(DAY)
    shop.pays(team, "Jun")
    shop.later(timedelta(minutes=1))
    shop.pays(team, "Wei")
    return shop, team


@pytest.mark.parametrize("leaves", [True, False], ids=["leaves", "lets the window pass"])
def test_a_leader_who_never_paid_leads_no_success_and_who_paid_first_does(
    each_database: Database, leaves: bool
) -> None:
    shop, team = _pledged_and_paid_but_by_the_leader(each_database)
    if leaves:
        shop.leaves(team, "Lan")
    else:
        shop.turn_clock(DAY)
    shop.work()
    assert shop.view(team).state == TeamState.SUCCESS
    assert (shop.leader(team), _back_to(shop)) == ("Jun", {"Jun": REWARD.minor})
    assert shop.violations() == []
    shop.close()


def test_who_paid_nothing_by_the_deadline_no_longer_leads(database: Database) -> None:
    shop = GroupShop(database, size=2, tiers=((4, 5900),), window=timedelta(minutes=10))
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Wei")
    shop.later(timedelta(minutes=1))
    shop.pays(team, "Jun")
    shop.starts_paying(team, "Lan")
    shop.later(timedelta(minutes=9))
    assert (shop.view(team).state, shop.leader(team)) == (TeamState.SUCCESS, "Wei")
    assert shop.violations() == []
    shop.close()
