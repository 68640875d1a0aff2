"""Teams whose places are only reserved: taken at success, let go at failure, asked for again where
what was reserved cannot be had. At the SIMULATED bank, through its own port."""

from datetime import timedelta

import pytest

from data import payments
from data.group_buys import PayMode, SeatState, SeatToPay, TeamState, is_reserved
from data.group_buys.campaigns import CampaignTerms, start_campaign
from data.kernel.database import Database
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.orders import OrderState
from data.payments import AttemptState, PaymentAttempt
from data.payments.gateway import Flags
from tests.builders import NOW, a_merchant, a_product, the_variant
from tests.data.group_buys.banked import BankedShop
from tests.data.group_buys.shop import PRICE

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
STEPS = ((3, 5900),)
WHOLE = Flags(can_authorize=True, longest_hold=WEEK)


def _shop(database: Database, **more: object) -> BankedShop:
    return BankedShop(database, size=2, tiers=STEPS, modes=(PayMode.HOLD,), **more)  # type: ignore[arg-type]


def _reserved(shop: BankedShop, *names: str) -> str:
    team = shop.opens(names[0])
    shop.joins(team, *names[1:])
    shop.reserves(team, *names)
    return team


def _sound(shop: BankedShop) -> None:
    shop.work()
    assert shop.violations() == []
    shop.close()


def test_nothing_is_taken_until_the_team_is_decided_and_then_only_the_final_price(
    each_database: Database,
) -> None:
    shop = _shop(each_database)
    team = _reserved(shop, "Lan", "Wei")
    assert (shop.taken(), shop.view(team).have) == ([], 2)
    shop.joins(team, "Jun")
    shop.reserves(team, "Jun")
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.taken() == [5900] * 3
    assert shop.refunds() == []
    assert shop.order_states() == [OrderState.READY] * 3
    _sound(shop)


def test_a_bank_that_takes_no_part_of_a_hold_takes_all_and_the_difference_goes_back(
    each_database: Database,
) -> None:
    shop = _shop(each_database, flags=WHOLE)
    _reserved(shop, "Lan", "Wei", "Jun")
    assert shop.taken() == [PRICE] * 3
    assert [minor for _, minor in shop.refunds()] == [PRICE - 5900] * 3
    _sound(shop)


def test_a_team_that_failed_takes_nothing_and_has_nothing_to_refund(
    each_database: Database,
) -> None:
    shop = _shop(each_database)
    team = _reserved(shop, "Lan")
    shop.later(DAY)
    assert shop.view(team).state == TeamState.FAILED
    assert (shop.taken(), shop.refunds(), shop.bank_holds()) == ([], [], 0)
    assert shop.seats(team) == {"Lan": [SeatState.REFUNDED]}
    _sound(shop)


def test_who_cannot_be_charged_is_asked_again_and_keeps_the_place(
    each_database: Database,
) -> None:
    shop = _shop(each_database)
    team = _reserved(shop, "Lan", "Wei")
    shop.ends_hold(team, "Wei")
    shop.later(DAY)
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.taken() == [PRICE]
    assert shop.seats(team) == {"Lan": [SeatState.FULFILLED], "Wei": [SeatState.HELD]}
    assert shop.told(SeatToPay) == 1
    assert shop.view(team).final_size == 2
    shop.pays_again(team, "Wei")
    assert shop.taken() == [PRICE, PRICE]
    assert shop.seats(team)["Wei"] == [SeatState.FULFILLED]
    assert shop.view(team).have == 2
    _sound(shop)


def test_who_does_not_pay_again_loses_the_place_and_the_goods_are_free(database: Database) -> None:
    shop = _shop(database)
    team = _reserved(shop, "Lan", "Wei")
    shop.ends_hold(team, "Wei")
    shop.later(DAY)
    shop.later(DAY)
    assert shop.seats(team) == {"Lan": [SeatState.FULFILLED], "Wei": [SeatState.RELEASED]}
    assert shop.order_states() == [OrderState.EXPIRED, OrderState.READY]
    assert (shop.view(team).state, shop.view(team).final_size) == (TeamState.SUCCESS, 2)
    assert shop.shelf_held() == 0
    _sound(shop)


def test_a_hold_that_ends_while_the_team_is_open_gives_up_the_place(database: Database) -> None:
    shop = _shop(database)
    team = _reserved(shop, "Lan", "Wei")
    shop.ends_hold(team, "Wei")
    shop.looks_at_payments()
    assert shop.seats(team)["Wei"] == [SeatState.REFUNDED]
    assert shop.view(team).have == 1
    _sound(shop)


@pytest.mark.parametrize(
    ("hold", "reserved"),
    [(None, False), (timedelta(hours=35), False), (timedelta(hours=36), True)],
    ids=["cannot hold", "too short", "long enough"],
)
def test_money_is_reserved_only_where_it_stays_so_well_past_the_deadline(
    database: Database, hold: timedelta | None, reserved: bool
) -> None:
    shop = _shop(database)
    team = shop.opens("Lan")
    order = shop.orders(team, "Lan")
    with shop.database.reading() as session:
        assert is_reserved(session, order_id=order, longest_hold=hold, now=shop.now) is reserved


def test_who_cannot_have_money_reserved_is_charged_in_the_same_team(database: Database) -> None:
    shop = _shop(database)
    team = _reserved(shop, "Lan")
    shop.joins(team, "Wei")
    shop.reserves(team, "Wei", authorize=False)
    assert shop.taken() == [PRICE]
    shop.later(DAY)
    assert shop.taken() == [PRICE, PRICE]
    _sound(shop)


def test_a_capture_asked_for_twice_is_made_once(database: Database) -> None:
    shop = _shop(database)
    team = _reserved(shop, "Lan", "Wei", "Jun")
    with shop.database.transaction() as session:
        for attempt in session.query(PaymentAttempt):
            assert attempt.state == AttemptState.CAPTURED
            assert not payments.settle_group_order(session, order_id=attempt.order_id, now=shop.now)
    assert shop.taken() == [5900] * 3
    assert shop.view(team).state == TeamState.SUCCESS
    _sound(shop)


@pytest.mark.parametrize("hold", [None, timedelta(hours=35)], ids=["nobody can", "too short"])
def test_a_campaign_that_outlives_its_shortest_hold_is_refused(
    database: Database, hold: timedelta | None
) -> None:
    with database.transaction() as session:
        merchant = a_merchant(session)
        variant = the_variant(session, a_product(session, merchant))
        terms = CampaignTerms(
            team_size=2,
            team_price=Money(PRICE, "CNY"),
            window=DAY,
            starts_at=NOW,
            ends_at=NOW + DAY,
            modes=(PayMode.HOLD,),
            longest_hold=hold,
        )
        with pytest.raises(Invalid, match="hold"):
            start_campaign(
                session, merchant_id=merchant.id, variant_id=variant.id, terms=terms, now=NOW
            )
