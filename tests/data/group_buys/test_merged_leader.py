"""Who led a team that succeeded becomes one with another of its members: what they were given stays
theirs, and counts, as long as the order does from which it came."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from data.group_buys import budget_of
from data.group_buys.models import Seat
from data.group_buys.reward_models import LeaderReward, RewardState
from data.kernel.database import Database
from data.kernel.money import Money
from data.payments import RefundState, refund_order
from data.personal.merging import merge
from tests.data.group_buys.shop import PRICE, GroupShop

REWARD = Money(500, "CNY")
DONE = RefundState.SUCCEEDED


@pytest.fixture
def shop(each_database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(each_database, size=2, limit=9, reward=REWARD, reward_budget=REWARD)
    yield shop
    shop.work()
    assert shop.violations() == []
    shop.close()


def _orders(shop: GroupShop) -> dict[str, str]:
    """By who ordered them."""
    names = {shop.person(name): name for name in ("Lan", "Wei")}
    with shop.database.reading() as session:
        seats = session.scalars(select(Seat)).all()
    return {names[seat.person_id]: seat.order_id or "" for seat in seats}


def _goes_back(shop: GroupShop, order_id: str) -> None:
    with shop.database.transaction() as session:
        refund_order(session, order_id=order_id, cause_ref="test", now=shop.now)
    shop.work()


def _stands(shop: GroupShop) -> tuple[int, RewardState]:
    with shop.database.reading() as session:
        budget = budget_of(session, shop.campaign_id)
        assert budget is not None
        return budget.spent_minor, RewardState(session.scalars(select(LeaderReward.state)).one())


@pytest.mark.parametrize("kept", ["Lan", "Wei"])
def test_i14_a_reward_that_is_out_stays_counted_when_their_other_order_goes_back(
    shop: GroupShop, kept: str
) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.work()
    orders = _orders(shop)
    gone = {"Lan": "Wei", "Wei": "Lan"}[kept]
    with shop.database.transaction() as session:
        two = {"kept": shop.person(kept), "gone": shop.person(gone)}
        assert merge(session, **two, link_id=None, now=shop.now) is None
    _goes_back(shop, orders["Wei"])
    assert _stands(shop) == (500, RewardState.GIVEN)
    assert sorted(shop.refunds()) == [(DONE, 500), (DONE, PRICE)]
    _goes_back(shop, orders["Lan"])
    assert _stands(shop) == (0, RewardState.GONE)
    assert sum(minor for _, minor in shop.refunds()) == 2 * PRICE
