"""T38: nobody keeps a present from others by promising it over and over without ever paying."""

from datetime import timedelta

import pytest

from data.kernel.errors import TooOften
from data.pools import PoolState
from tests.data.pools.shop import TARGET, PoolShop

TEN_MINUTES = timedelta(minutes=10)


def lets_lapse(shop: PoolShop, pool: str, times: int) -> None:
    for _ in range(times):
        shop.promises(pool, "Mallory", TARGET)
        shop.later(TEN_MINUTES)


def test_three_lapses_pause_whoever_promises_all_the_rest_t38(each_shop: PoolShop) -> None:
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=None)
    lets_lapse(shop, pool, 3)
    with pytest.raises(TooOften, match="seat_paused"):
        shop.promises(pool, "Mallory", TARGET)
    shop.promises(pool, "Wei", 4000)  # and nobody else
    shop.later(timedelta(hours=1))
    shop.promises(pool, "Mallory", 4000)


def test_who_pays_is_forgiven_t38(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=None)
    lets_lapse(shop, pool, 2)
    shop.gives(pool, "Mallory", amount=1000)
    shop.promises(pool, "Mallory", 7000)
    shop.later(TEN_MINUTES)
    shop.promises(pool, "Mallory", 7000)


def test_seats_and_shares_count_together_t38(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=None)
    lets_lapse(shop, pool, 2)
    team = shop.opens("Wei")
    shop.pays(team, "Wei")
    shop.joins(team, "Mallory")
    shop.later(TEN_MINUTES)
    for again in (
        lambda: shop.promises(pool, "Mallory", TARGET),
        lambda: shop.joins(team, "Mallory"),
    ):
        with pytest.raises(TooOften, match="seat_paused"):
            again()


def test_what_ended_with_its_present_is_nobodys_lapse_t38(shop: PoolShop) -> None:
    for _ in range(3):
        pool = shop.opens_pool("Lan", shares=None)
        shop.promises(pool, "Mallory", TARGET)
        shop.ends_pool(pool)
        shop.later(TEN_MINUTES)
        assert shop.pool_state(pool) == PoolState.CANCELLED
    shop.promises(shop.opens_pool("Lan", shares=None), "Mallory", TARGET)


def test_one_that_is_kept_can_still_be_paid_by_whoever_is_paused_t38(shop: PoolShop) -> None:
    pool, other = (shop.opens_pool("Lan", shares=None) for _ in range(2))
    lets_lapse(shop, pool, 2)
    shop.promises(other, "Mallory", 1000)
    shop.turn_clock(timedelta(minutes=5))
    shop.promises(pool, "Mallory", TARGET)
    shop.later(timedelta(minutes=5))  # the other one lapses: the third
    assert shop.promises(pool, "Mallory", TARGET) == TARGET
