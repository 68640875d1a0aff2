"""A present in equal shares, all or nothing: paid for together, or everybody has their money."""

from datetime import timedelta

import pytest

from data.catalogue import Variant
from data.kernel.errors import Invalid, NotFound, OutOfStock, Refused, TooOften, WrongState
from data.merchants import Merchant
from data.orders import OrderState
from data.orders.sums import charges_of
from data.orders.worth import worths
from data.payments import RefundState
from data.pools import (
    ContributionState,
    PoolAddressMissing,
    PoolCancelled,
    PoolChanged,
    PoolFailed,
    PoolFunded,
    PoolOpened,
    PoolOrdered,
    PoolState,
)
from tests.data.pools.shop import DAY, TARGET, PoolShop

CASH = "cash_in_transit:bank"
MINUTES = timedelta(minutes=1)


def test_three_people_pay_for_one_present(each_shop: PoolShop) -> None:
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=3)
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Lan", "Wei", "Jun")
    assert shop.pool_state(pool) == PoolState.FUNDED
    assert shop.books() == {CASH: -TARGET, "customer_hold": TARGET}
    shop.work()
    assert shop.pool_state(pool) == PoolState.ORDERED
    present = shop.present_of(pool)
    assert (present.state, present.total_minor, present.credit_minor) == ("ready", TARGET, TARGET)
    assert present.person_id == shop.person("Lan")
    assert set(shop.contribution_states(pool)) == {ContributionState.USED}
    assert shop.share_orders(pool) == [OrderState.DELIVERED] * 3
    assert shop.books() == {CASH: -TARGET, "revenue": TARGET}
    assert shop.refunds() == []
    told = [shop.told(fact) for fact in (PoolOpened, PoolFunded, PoolOrdered, PoolFailed)]
    assert told == [1, 1, 1, 0]


@pytest.mark.parametrize("shares", [2, 3, 7, 50])
def test_equal_shares_come_to_the_price_exactly(shop: PoolShop, shares: int) -> None:
    pool = shop.opens_pool("Lan", shares=shares)
    asked = [shop.promises(pool, f"giver {number}") for number in range(shares)]
    assert sum(asked) == TARGET
    assert max(asked) - min(asked) <= 1
    assert shop.pool(pool).missing.minor == 0


def test_a_share_that_was_given_up_is_the_next_ones(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=3)  # 29.34, 29.33, 29.33
    shop.gives(pool, "Wei")
    shop.promises(pool, "Jun")
    shop.promises(pool, "Qi")
    with pytest.raises(Refused, match="pool_full"):
        shop.promises(pool, "An")
    shop.withdraws(pool, "Jun")
    shop.gives(pool, "An")
    shop.withdraws(pool, "Qi")
    shop.gives(pool, "Jun")
    assert shop.pool_state(pool) == PoolState.FUNDED


def test_who_does_not_pay_in_ten_minutes_makes_room(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    shop.promises(pool, "Wei")
    shop.later(10 * MINUTES)
    assert shop.contribution_states(pool) == [ContributionState.RELEASED]
    assert shop.pool(pool).missing.minor == TARGET


def test_money_that_comes_too_late_goes_straight_back_once(each_shop: PoolShop) -> None:
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=2)
    shop.promises(pool, "Wei")
    attempt = shop.goes_paying(pool, "Wei")
    shop.later(11 * MINUTES)
    shop.money_arrives(attempt)
    shop.work()
    assert shop.refunds() == [(RefundState.SUCCEEDED, TARGET // 2)]
    assert shop.pool(pool).raised.minor == 0


def test_money_after_the_deadline_goes_back_though_nobody_has_noticed_it(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    shop.gives(pool, "Lan")
    shop.later(DAY - MINUTES)
    shop.promises(pool, "Wei")
    attempt = shop.goes_paying(pool, "Wei")
    shop.turn_clock(2 * MINUTES)
    shop.money_arrives(attempt)
    shop.work()
    assert shop.pool_state(pool) == PoolState.FAILED
    assert len(shop.refunds()) == 2


def test_paid_twice_one_goes_back_and_one_counts(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    shop.promises(pool, "Wei")
    attempt = shop.goes_paying(pool, "Wei")
    assert shop.money_arrives(attempt)
    assert not shop.money_arrives(attempt)
    assert shop.pool(pool).raised.minor == TARGET // 2


def test_a_deadline_that_is_missed_gives_everybody_their_money_once(each_shop: PoolShop) -> None:
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=3)
    shop.gives(pool, "Lan", "Wei")
    shop.later(DAY)
    assert (shop.pool_state(pool), shop.pool(pool).why) == (PoolState.FAILED, "short")
    assert set(shop.contribution_states(pool)) == {ContributionState.REFUNDED}
    assert [state for state, _ in shop.refunds()] == [RefundState.SUCCEEDED] * 2
    assert shop.share_orders(pool) == [OrderState.REFUNDED] * 2
    assert shop.books() == {}
    assert shop.told(PoolFailed) == 1
    shop.later(DAY)
    assert len(shop.refunds()) == 2


def test_a_pool_called_off_by_its_organiser_gives_back_and_frees_the_goods(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=3)
    shop.gives(pool, "Wei")
    shop.promises(pool, "Jun")
    with pytest.raises(NotFound):
        shop.ends_pool(pool, "Wei")
    shop.ends_pool(pool, "Lan")
    shop.work()
    assert shop.contribution_states(pool) == ["refunded", "released"]
    assert shop.told(PoolCancelled) == 1
    with pytest.raises(WrongState):
        shop.ends_pool(pool, "Lan")
    with pytest.raises(Refused, match="pool_closed"):
        shop.promises(pool, "Qi")


def test_the_present_is_held_from_the_first_moment(database: object) -> None:
    shop = PoolShop(database, on_hand=1)  # type: ignore[arg-type]
    pool = shop.opens_pool("Lan")
    with pytest.raises(OutOfStock):
        shop.opens_pool("Wei")
    shop.ends_pool(pool)
    shop.work()
    shop.opens_pool("Wei")
    shop.close()


def test_all_the_money_and_no_address_is_asked_for_and_then_goes_back(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    shop.gives(pool, "Lan", "Wei")
    shop.later(3 * DAY)
    assert shop.told(PoolAddressMissing) == 1
    assert shop.pool_state(pool) == PoolState.FUNDED
    shop.later(4 * DAY)
    assert (shop.pool_state(pool), shop.pool(pool).why) == (PoolState.FAILED, "no_address")
    assert len(shop.refunds()) == 2
    assert shop.books() == {}


def test_an_address_that_comes_at_last_orders_the_present(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    shop.gives(pool, "Lan", "Wei")
    shop.later(3 * DAY)
    with pytest.raises(NotFound):
        shop.says_where(pool, "Wei")
    shop.says_where(pool, "Lan")
    shop.work()
    assert shop.pool_state(pool) == PoolState.ORDERED
    with pytest.raises(WrongState):
        shop.says_where(pool, "Lan")


def test_the_price_of_the_first_day_is_kept(shop: PoolShop) -> None:
    """The shop's price, shipping and tax change while people pay."""
    pool = shop.opens_pool("Lan", shares=2)
    shop.gives(pool, "Lan")
    with shop.database.transaction() as session:
        session.get_one(Variant, shop.variant_id()).price_minor = 12345
        session.get_one(Merchant, shop.merchant_id).settings = {
            "shipping_minor": 900,
            "tax": {"percent": "13", "included": False, "on_shipping": False, "name": {}},
        }
    shop.gives(pool, "Wei")
    shop.says_where(pool, "Lan")
    shop.work()
    assert shop.present_of(pool).total_minor == TARGET
    assert shop.pool_state(pool) == PoolState.ORDERED


@pytest.mark.parametrize(("before", "shipping"), [("10", 80), ("", 0)])
def test_of_a_tax_that_was_promised_the_goods_bear_their_own_share(
    shop: PoolShop, before: str, shipping: int
) -> None:
    """66.00 and 8.00 to ship it; the tax on both has doubled since, or there was none."""

    def taxes(percent: str) -> None:
        tax = {"percent": percent, "included": False, "on_shipping": True, "name": {}}
        with shop.database.transaction() as session:
            merchant = session.get_one(Merchant, shop.merchant_id)
            merchant.settings = {"shipping_minor": 800} | ({"tax": tax} if percent else {})

    taxes(before)
    pool = shop.opens_pool("Lan", shares=2)
    shop.gives(pool, "Lan")
    taxes("20")
    shop.gives(pool, "Wei")
    shop.says_where(pool, "Lan")
    shop.work()
    present = shop.present_of(pool)
    with shop.database.reading() as session:
        (tax,) = charges_of(session, present)
        (worth,) = worths(session, present)
    assert tax.shipping_minor == shipping
    assert worth.left.minor == present.total_minor - 800 - shipping


def test_a_present_called_off_after_all_gives_everybody_their_share_once(
    each_shop: PoolShop,
) -> None:
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=3)
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Lan", "Wei", "Jun")
    shop.work()
    shop.calls_present_off(pool)
    shop.work()
    assert shop.pool_state(pool) == PoolState.ORDERED  # it was; what became of it the order says
    assert set(shop.contribution_states(pool)) == {ContributionState.REFUNDED}
    assert [state for state, _ in shop.refunds()] == [RefundState.SUCCEEDED] * 3
    assert sum(minor for _, minor in shop.refunds()) == TARGET
    assert shop.books() == {}


def test_the_shop_takes_one_share_out_while_the_pool_is_open(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=3)
    shop.gives(pool, "Lan", "Wei")
    shop.shop_takes_out(pool, "Wei")
    shop.work()
    assert (shop.pool_state(pool), shop.pool(pool).people) == (PoolState.OPEN, 1)
    assert shop.told(PoolChanged) >= 3


def test_one_share_less_when_all_is_there_gives_everybody_theirs(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    shop.gives(pool, "Lan", "Wei")
    shop.shop_takes_out(pool, "Wei")
    shop.work()
    assert shop.pool_state(pool) == PoolState.FAILED
    assert len(shop.refunds()) == 2


def test_the_person_it_is_for_finds_no_pool(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", recipient="Ann")
    with pytest.raises(NotFound):
        shop.promises(pool, "Ann")
    with pytest.raises(Refused, match="pool_for_oneself"):
        shop.opens_pool("Lan", recipient="Lan")


def test_asked_again_it_is_the_same_share(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    shop.promises(pool, "Wei")
    shop.promises(pool, "Wei")
    assert shop.contribution_states(pool) == [ContributionState.HELD]


def test_nobody_hoards_goods_or_promises(shop: PoolShop) -> None:
    pools = [shop.opens_pool("Lan") for _ in range(3)]
    with pytest.raises(TooOften, match="pools_open"):
        shop.opens_pool("Lan")
    pools.append(shop.opens_pool("Wei"))
    for pool in pools[:3]:
        shop.promises(pool, "Mallory")
    with pytest.raises(TooOften, match="pool_holds"):
        shop.promises(pools[3], "Mallory")


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("shares", {"shares": 1}),
        ("shares", {"shares": 51}),
        ("window", {"window": timedelta(minutes=5)}),
        ("window", {"window": timedelta(days=15)}),
        ("cap", {"cap": 100}),
        ("least", {"shares": None, "least": 0}),
        ("least", {"shares": None, "least": TARGET + 1}),
    ],
)
def test_terms_that_make_no_sense_are_refused(
    shop: PoolShop, field: str, terms: dict[str, object]
) -> None:
    with pytest.raises(Invalid, match=field):
        shop.opens_pool("Lan", **terms)  # type: ignore[arg-type]
