"""What people do with a basket that a group fills, and what it comes to."""

from datetime import timedelta
from decimal import Decimal

import pytest

from data.kernel.errors import Invalid, NotFound, OutOfStock, Refused, TooOften, WrongState
from data.merchants import Merchant
from data.orders import Address, Order, OrderState, address_of
from data.orders.share_states import ShareState
from data.orders.taxes import Tax, set_tax
from data.payments import RefundState
from data.split_orders import (
    PartLost,
    SplitCancelled,
    SplitFailed,
    SplitOrdered,
    SplitState,
    set_split_terms,
)
from data.split_orders.terms import MOST_PARTS
from tests.data.split_orders.shop import FEE, HOUR, NOODLES, OFFICE, TEA, SplitShop

LATER = HOUR + timedelta(minutes=1)


def test_each_pays_their_own_goods_and_all_are_ordered_at_the_deadline(
    each_shop: SplitShop,
) -> None:
    shop = each_shop
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", noodles=1, tea=1)
    shop.pays_part(split, "Wei", noodles=2)
    assert shop.split_state(split) == SplitState.OPEN
    shop.later(LATER)
    assert shop.split_state(split) == SplitState.ORDERED
    assert shop.part_states(split) == [ShareState.USED] * 2
    assert shop.part_orders(split) == [OrderState.READY] * 2
    assert shop.books()["revenue"] == 3 * NOODLES + TEA + FEE
    assert shop.bowls() == (37, 0)
    assert shop.told(SplitOrdered) == 1


def test_the_delivery_is_shared_by_head_to_the_last_cent_and_the_rest_goes_back(
    each_shop: SplitShop,
) -> None:
    shop = each_shop
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", "Wei", "Jun")
    assert shop.delivery_paid(split) == {"Lan": 500, "Wei": 250, "Jun": 167}
    shop.closes_split(split, "Lan")
    shop.work()
    shares = shop.delivery_paid(split)
    assert sorted(shares.values()) == [166, 167, 167]
    assert sum(shares.values()) == FEE
    back = (500 + 250 + 167) - FEE
    assert sum(minor for _, minor in shop.refunds()) == back
    assert shop.books()["revenue"] == 3 * NOODLES + FEE


def test_below_its_minimum_everybody_has_everything_back(each_shop: SplitShop) -> None:
    shop = each_shop
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan")
    shop.puts_in(split, "Wei")
    shop.later(LATER)
    assert shop.split_state(split) == SplitState.FAILED
    assert shop.split(split).why == "short"
    assert shop.part_states(split) == [ShareState.REFUNDED, ShareState.RELEASED]
    assert shop.refunds() == [(RefundState.SUCCEEDED, NOODLES + FEE)]
    assert shop.books() == {}
    assert shop.bowls() == (40, 0)
    assert (shop.told(SplitFailed), shop.told(PartLost)) == (1, 2)


def test_nobody_came(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.later(LATER)
    assert shop.split(split).why == "empty"


def test_a_shop_without_a_minimum_still_orders_nothing_for_nobody(shop: SplitShop) -> None:
    shop.offers(minimum=0)
    split = shop.opens_split("Lan")
    shop.later(LATER)
    assert shop.split_state(split) == SplitState.FAILED


def test_only_its_organiser_closes_it_and_only_with_enough(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei")
    with pytest.raises(Refused, match="split_short") as short:
        shop.closes_split(split, "Lan")
    assert short.value.values["missing"].minor == 2500  # type: ignore[attr-defined]
    shop.pays_part(split, "Jun")
    with pytest.raises(NotFound):
        shop.closes_split(split, "Wei")
    shop.closes_split(split, "Lan")
    assert shop.split_state(split) == SplitState.ORDERED
    with pytest.raises(WrongState):
        shop.closes_split(split, "Lan")


def test_only_its_organiser_or_the_shop_calls_it_off(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei", "Jun")
    with pytest.raises(NotFound):
        shop.ends_split(split, "Wei")
    shop.ends_split(split, "Lan")
    shop.work()
    assert shop.part_states(split) == [ShareState.REFUNDED] * 2
    assert shop.told(SplitCancelled) == 1
    with pytest.raises(WrongState):
        shop.ends_split(split)


def test_who_has_not_paid_when_it_closes_is_let_go_and_late_money_goes_back(
    each_shop: SplitShop,
) -> None:
    shop = each_shop
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", noodles=2)
    shop.puts_in(split, "Wei")
    paying = shop.starts_on_part(split, "Wei")
    shop.closes_split(split, "Lan")
    shop.work()
    assert shop.part(split, "Wei").state == ShareState.RELEASED
    shop.money_arrives(paying)
    shop.work()
    assert shop.part_order(split, "Wei").state == OrderState.REFUNDED
    assert shop.delivery_paid(split) == {"Lan": FEE}


def test_money_after_the_deadline_goes_back_though_nobody_has_looked_at_the_clock_yet(
    shop: SplitShop,
) -> None:
    split = shop.opens_split("Lan", window=timedelta(minutes=10))
    shop.pays_part(split, "Lan", noodles=2)
    shop.puts_in(split, "Wei")
    paying = shop.starts_on_part(split, "Wei")
    shop.turn_clock(timedelta(minutes=10))
    shop.money_arrives(paying)
    assert shop.part(split, "Wei").state == ShareState.REFUNDED
    shop.work()
    assert shop.split_row(split).final_people == 1
    assert shop.part_order(split, "Wei").state == OrderState.REFUNDED


def test_money_after_ten_minutes_goes_back_though_it_is_still_open(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.puts_in(split, "Wei")
    paying = shop.starts_on_part(split, "Wei")
    shop.later(timedelta(minutes=11))
    assert shop.part(split, "Wei").state == ShareState.RELEASED
    shop.money_arrives(paying)
    shop.work()
    assert shop.part_order(split, "Wei").state == OrderState.REFUNDED
    assert shop.split(split).people == 0
    shop.pays_part(split, "Wei")
    assert shop.split(split).people == 1


def test_paid_twice_goes_back_once(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.puts_in(split, "Wei", noodles=2)
    paying = shop.starts_on_part(split, "Wei")
    assert [shop.money_arrives(paying), shop.money_arrives(paying)] == [True, False]
    assert shop.split(split).goods.minor == 2 * NOODLES
    shop.closes_split(split, "Lan")
    shop.work()
    assert shop.refunds() == []


def test_other_goods_before_paying_take_the_place_of_the_first(each_shop: SplitShop) -> None:
    shop = each_shop
    split = shop.opens_split("Lan")
    first = shop.puts_in(split, "Wei", noodles=2)
    assert shop.puts_in(split, "Wei", noodles=2) == first
    assert shop.puts_in(split, "Wei", noodles=40) != first  # the two it held are among them
    assert shop.bowls() == (40, 40)
    shop.puts_in(split, "Wei", noodles=0, tea=3)
    assert shop.bowls() == (40, 0)
    row = shop.split_row(split)
    assert (row.places, row.held_minor, row.people, row.paid_minor) == (1, 3 * TEA, 0, 0)


def test_goods_that_are_gone_leave_what_one_had(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.puts_in(split, "Wei", noodles=2)
    with pytest.raises(OutOfStock):
        shop.puts_in(split, "Wei", noodles=41)
    assert shop.bowls() == (40, 2)
    assert shop.part_states(split) == [ShareState.HELD]


def test_who_has_paid_leaves_before_they_put_in_something_else(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei")
    with pytest.raises(Refused, match="split_joined"):
        shop.puts_in(split, "Wei", tea=1)
    shop.leaves_split(split, "Wei")
    shop.work()
    assert shop.refunds() == [(RefundState.SUCCEEDED, NOODLES + FEE)]
    shop.pays_part(split, "Wei", tea=1)
    assert shop.split(split).people == 1


def test_who_paid_less_because_others_had_paid_too_pays_no_more_when_they_leave(
    shop: SplitShop,
) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan")
    shop.pays_part(split, "Wei", noodles=2)
    shop.leaves_split(split, "Lan")
    shop.closes_split(split, "Lan")
    shop.work()
    assert shop.delivery_paid(split) == {"Wei": 250}
    assert sum(minor for _, minor in shop.refunds()) == NOODLES + FEE


def test_from_a_sum_on_the_delivery_is_free_for_all(shop: SplitShop) -> None:
    shop.offers(free_from=2 * NOODLES)
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", "Wei")
    assert shop.delivery_paid(split) == {"Lan": FEE, "Wei": 0}
    shop.closes_split(split, "Lan")
    shop.work()
    assert shop.delivery_paid(split) == {"Lan": 0, "Wei": 0}
    assert sum(minor for _, minor in shop.refunds()) == FEE


@pytest.mark.parametrize("included", [True, False])
def test_tax_on_the_delivery_comes_down_with_it(shop: SplitShop, included: bool) -> None:
    with shop.database.transaction() as session:
        merchant = session.get_one(Merchant, shop.merchant_id)
        set_tax(merchant, Tax(Decimal(10), included=included, on_shipping=True))
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", "Wei")
    taxed = 1 if included else 1.1
    assert shop.part_order(split, "Lan").total_minor == round((NOODLES + 500) * taxed)
    shop.closes_split(split, "Lan")
    shop.work()
    assert shop.part_order(split, "Lan").total_minor == round((NOODLES + 250) * taxed)
    assert shop.books()["revenue"] == round((2 * NOODLES + FEE) * taxed)


def test_it_is_one_parcel_to_its_organisers_address(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Wei", noodles=2)
    new = Address("兰", "13800000000", "长乐路 9 号 5 楼")
    with pytest.raises(NotFound):
        shop.says_where_to(split, "Wei", new)
    shop.says_where_to(split, "Lan", new)
    shop.closes_split(split, "Lan")
    with pytest.raises(WrongState):
        shop.says_where_to(split, "Lan", OFFICE)
    shop.work()
    with shop.database.reading() as session:
        order = session.get_one(Order, shop.part(split, "Wei").order_id)
        assert address_of(session, order) == new
        assert order.ship_to is None
    shop.ships_part(split, "Wei")


def test_one_order_that_goes_back_afterwards_changes_nothing_for_the_others(
    shop: SplitShop,
) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", "Wei")
    shop.closes_split(split, "Lan")
    shop.work()
    shop.shop_refunds(split, "Wei")
    shop.work()
    assert shop.delivery_paid(split) == {"Lan": 250}
    assert shop.split_state(split) == SplitState.ORDERED
    assert shop.books()["revenue"] == NOODLES + 250


def test_one_paid_order_goes_back_between_the_decision_and_its_work(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", "Wei", "Jun")
    shop.closes_split(split, "Lan")
    shop.shop_refunds(split, "Wei")
    shop.work()
    assert sorted(shop.delivery_paid(split).values()) == [167, 167]


def test_the_terms_of_the_day_it_opened_hold(shop: SplitShop) -> None:
    split = shop.opens_split("Lan")
    shop.offers(minimum=99900, fee=9900)
    shop.pays_part(split, "Lan", noodles=2)
    shop.closes_split(split, "Lan")
    assert shop.split(split).fee.minor == FEE


def test_a_shop_that_does_not_offer_it(shop: SplitShop) -> None:
    with shop.database.transaction() as session:
        set_split_terms(session.get_one(Merchant, shop.merchant_id), None)
    with pytest.raises(Refused, match="split_not_offered"):
        shop.opens_split("Lan")


@pytest.mark.parametrize("field", ["minimum", "fee", "free_from"])
def test_terms_that_make_no_sense(shop: SplitShop, field: str) -> None:
    terms = {"minimum": 1, "fee": 1, "free_from": 1} | {field: -1}
    with pytest.raises(Invalid, match=field):
        shop.offers(**terms)


@pytest.mark.parametrize("window", [timedelta(minutes=9), timedelta(days=4)])
def test_too_short_and_too_long(shop: SplitShop, window: timedelta) -> None:
    with pytest.raises(Invalid, match="window"):
        shop.opens_split("Lan", window=window)


def test_nobody_opens_or_holds_more_than_three(shop: SplitShop) -> None:
    opened = [shop.opens_split("Lan") for _ in range(3)]
    with pytest.raises(TooOften, match="splits_open"):
        shop.opens_split("Lan")
    opened.append(shop.opens_split("Wei"))
    for split in opened[:3]:
        shop.puts_in(split, "Jun")
    with pytest.raises(TooOften, match="split_holds"):
        shop.puts_in(opened[3], "Jun")


def test_there_is_room_for_so_many(shop: SplitShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.split_orders.service.MOST_PARTS", 2)
    assert MOST_PARTS > 2
    split = shop.opens_split("Lan")
    shop.puts_in(split, "Lan")
    shop.puts_in(split, "Wei")
    with pytest.raises(Refused, match="split_full"):
        shop.puts_in(split, "Jun")
    assert shop.bowls() == (40, 2)


def test_who_has_paid_by_the_deadline_is_part_of_it_though_nobody_has_looked_at_the_clock_yet(
    each_shop: SplitShop,
) -> None:
    """Neither by leaving nor by calling it off is undone what was enough in time."""
    shop = each_shop
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", "Wei")
    shop.turn_clock(HOUR)
    with pytest.raises(WrongState):
        shop.leaves_split(split, "Wei")
    for organiser in ("Lan", None):
        with pytest.raises(WrongState):
            shop.ends_split(split, organiser)
    shop.work()
    assert shop.part_states(split) == [ShareState.USED] * 2


def test_one_order_that_goes_back_after_the_deadline_changes_nothing_for_the_others(
    shop: SplitShop,
) -> None:
    """Its job has not run: what was paid in time is ordered first."""
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", "Wei")
    shop.turn_clock(HOUR)
    shop.shop_refunds(split, "Wei")
    assert shop.split_state(split) == SplitState.ORDERED
    shop.work()
    assert shop.split_row(split).final_people == 2
    assert shop.part(split, "Lan").state == ShareState.USED
    assert shop.part_order(split, "Wei").state == OrderState.REFUNDED
