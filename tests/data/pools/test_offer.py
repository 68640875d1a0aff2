"""What a shop offers of pooled gifts: whether, and for how long."""

from datetime import timedelta

import pytest

from data.kernel.errors import Invalid, Refused
from data.merchants import Merchant
from data.pools import PoolOffer, PoolState, pool_offer, set_pool_offer
from tests.data.pools.shop import DAY, PoolShop


def offers(shop: PoolShop, offer: PoolOffer) -> None:
    with shop.database.transaction() as session:
        set_pool_offer(session.get_one(Merchant, shop.merchant_id), offer)


def test_a_shop_that_said_nothing_offers_them_for_two_weeks(shop: PoolShop) -> None:
    with shop.database.reading() as session:
        offer = pool_offer(session.get_one(Merchant, shop.merchant_id))
    assert (offer.is_open, offer.longest) == (True, timedelta(days=14))
    shop.opens_pool("Lan", window=14 * DAY)


def test_where_they_are_not_offered_none_is_begun_and_the_running_ones_go_on(
    shop: PoolShop,
) -> None:
    running = shop.opens_pool("Lan", shares=2)
    offers(shop, PoolOffer(is_open=False))
    with pytest.raises(Refused, match="pools_off"):
        shop.opens_pool("Wei")
    assert shop.pool(running).state == PoolState.OPEN


def test_none_collects_longer_than_the_shop_lets_it(shop: PoolShop) -> None:
    offers(shop, PoolOffer(longest=3 * DAY))
    with pytest.raises(Invalid, match="window"):
        shop.opens_pool("Lan", window=3 * DAY + timedelta(minutes=1))
    shop.opens_pool("Lan", window=3 * DAY)


@pytest.mark.parametrize("longest", [timedelta(0), 15 * DAY, -DAY, timedelta(hours=30)])
def test_a_senseless_time_is_refused(longest: timedelta) -> None:
    with pytest.raises(Invalid, match="longest_days"):
        PoolOffer(longest=longest)
