"""Join now, pay when full: a pledge costs nothing, a window to pay in follows, a rule ends it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data.catalogue import Variant
from data.delivery.models import Job
from data.group_buys import (
    PayMode,
    SeatLost,
    SeatState,
    SeatToPay,
    TeamPaying,
    TeamState,
    Underpaid,
    live_seat,
)
from data.group_buys.campaigns import CampaignTerms, start_campaign
from data.group_buys.facts import SeatEnd
from data.group_buys.models import Team
from data.group_buys.pledges import ASK
from data.kernel.database import Database
from data.kernel.errors import GroupBuyClosed, Invalid, OutOfStock, Refused, WrongState
from data.kernel.money import Money
from data.orders import OrderState
from data.payments import RefundState
from data.people.taker_models import SeatTaker
from tests.builders import NOW, a_merchant, a_product, the_variant
from tests.data.group_buys.shop import PRICE, GroupShop

DAY = timedelta(hours=24)
STEPS = ((4, 5900),)
HELD, PAID, FULFILLED = SeatState.HELD, SeatState.PAID, SeatState.FULFILLED
RELEASED, REFUNDED = SeatState.RELEASED, SeatState.REFUNDED
FOUR = ("Lan", "Wei", "Jun", "Qi")


def _shop(database: Database, underpaid: Underpaid = Underpaid.FAIL, **more: object) -> GroupShop:
    return GroupShop(
        database,
        size=2,
        tiers=STEPS,
        modes=(PayMode.JOIN_FIRST,),
        pay_window=DAY,
        underpaid=underpaid,
        **more,  # type: ignore[arg-type]
    )


def _joined(shop: GroupShop, *names: str) -> str:
    team = shop.opens(names[0])
    shop.joins(team, *names[1:])
    return team


def _on_the_shelf(shop: GroupShop) -> int:
    with shop.database.reading() as session:
        return session.scalars(select(Variant.held).where(Variant.held >= 0)).one()


def _lapses(shop: GroupShop, name: str) -> int:
    person = shop.person(name)
    with shop.database.reading() as session:
        return session.get_one(SeatTaker, person).lapses


def _sound(shop: GroupShop) -> None:
    shop.work()
    assert shop.violations() == []
    shop.close()


def test_a_pledge_is_held_without_money_and_without_ten_minutes(each_database: Database) -> None:
    shop = _shop(each_database)
    team = _joined(shop, "Lan", "Wei")
    shop.later(timedelta(hours=20))
    view = shop.view(team)
    assert (view.state, view.have, view.paying, view.need) == (TeamState.OPEN, 0, 2, 0)
    assert _on_the_shelf(shop) == 2
    with pytest.raises(WrongState, match="pledged"):
        shop.orders(team, "Lan")
    _sound(shop)


def test_a_full_team_asks_everybody_to_pay_the_price_of_so_many(each_database: Database) -> None:
    shop = _shop(each_database)
    team = _joined(shop, *FOUR)
    shop.work()
    view = shop.view(team)
    assert (view.state, view.final_size, view.price.minor) == (TeamState.PAYING, 4, 5900)
    assert view.deadline == shop.now + DAY
    assert (shop.told(TeamPaying), shop.told(SeatToPay)) == (1, 4)
    shop.later(timedelta(hours=23))
    shop.pays(team, *FOUR)
    shop.work()
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.order_states() == [OrderState.READY] * 4
    assert shop.refunds() == []
    _sound(shop)


def test_enough_pledges_at_the_deadline_are_asked_at_their_price(database: Database) -> None:
    shop = _shop(database)
    team = _joined(shop, "Lan", "Wei", "Jun")
    shop.later(DAY)
    view = shop.view(team)
    assert (view.state, view.final_size, view.price.minor) == (TeamState.PAYING, 3, PRICE)
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    assert shop.view(team).state == TeamState.SUCCESS
    _sound(shop)


def test_too_few_pledges_at_the_deadline_end_it_and_nobody_lapsed(database: Database) -> None:
    shop = _shop(database)
    team = _joined(shop, "Lan")
    shop.later(DAY)
    assert shop.view(team).state == TeamState.FAILED
    assert shop.seats(team) == {"Lan": [RELEASED]}
    assert _lapses(shop, "Lan") == 0
    assert _on_the_shelf(shop) == 0
    _sound(shop)


def test_under_the_rule_to_fail_whoever_paid_is_refunded_once(each_database: Database) -> None:
    shop = _shop(each_database)
    team = _joined(shop, *FOUR)
    shop.work()
    shop.pays(team, "Lan", "Wei")
    shop.orders(team, "Jun")
    shop.later(DAY)
    assert shop.view(team).state == TeamState.FAILED
    assert shop.refunds() == [(RefundState.SUCCEEDED, 5900)] * 2
    assert shop.seats(team) == {
        "Lan": [REFUNDED], "Wei": [REFUNDED], "Jun": [RELEASED], "Qi": [RELEASED],
    }  # fmt: skip
    assert [_lapses(shop, name) for name in FOUR] == [0, 0, 1, 1]
    assert _on_the_shelf(shop) == 0
    shop.later(DAY)
    assert len(shop.refunds()) == 2
    _sound(shop)


def test_under_the_rule_to_ship_those_who_paid_get_their_goods(each_database: Database) -> None:
    shop = _shop(each_database, Underpaid.SHIP)
    team = _joined(shop, *FOUR)
    shop.work()
    shop.pays(team, "Lan")
    shop.orders(team, "Wei")
    shop.later(DAY)
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.order_states() == [OrderState.EXPIRED, OrderState.READY]
    assert shop.seats(team)["Lan"] == [FULFILLED]
    assert [_lapses(shop, name) for name in FOUR] == [0, 1, 1, 1]
    assert shop.refunds() == []
    _sound(shop)


def test_nobody_paid_is_a_failure_under_either_rule(database: Database) -> None:
    shop = _shop(database, Underpaid.SHIP)
    team = _joined(shop, *FOUR)
    shop.later(timedelta(minutes=1))
    shop.later(DAY)
    assert shop.view(team).state == TeamState.FAILED
    _sound(shop)


def test_where_enough_paid_for_the_price_the_rule_is_not_needed(database: Database) -> None:
    shop = _shop(database)
    team = _joined(shop, "Lan", "Wei", "Jun")
    shop.later(DAY)
    shop.pays(team, "Lan", "Wei")
    shop.later(DAY)
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.seats(team)["Jun"] == [RELEASED]
    _sound(shop)


@pytest.mark.parametrize("window", [DAY, 7 * DAY], ids=["as long", "longer"])
def test_who_was_asked_too_late_to_pay_holds_no_place_in_a_team_that_succeeded(
    each_database: Database, window: timedelta
) -> None:
    """One job that asks failed until the window was over, so nothing else ends that place."""
    shop = _shop(each_database, Underpaid.SHIP, window=window)
    team = _joined(shop, *FOUR)
    with shop.database.transaction() as session:
        jun = live_seat(session, team_id=team, person_id=shop.person("Jun"))
        asks = session.scalars(select(Job).where(Job.kind == ASK)).all()
        (late,) = (job for job in asks if jun is not None and job.args["seat_id"] == jun.id)
        late.run_at = shop.now + 2 * DAY
    shop.work()
    shop.pays(team, "Lan", "Wei", "Qi")
    for _ in range(3):
        shop.later(DAY)
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.seats(team)["Jun"] == [RELEASED]
    assert _on_the_shelf(shop) == 0
    _sound(shop)


def test_it_is_decided_as_soon_as_nobody_is_left_who_could_pay(database: Database) -> None:
    shop = _shop(database, Underpaid.SHIP)
    team = _joined(shop, *FOUR)
    shop.work()
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.leaves(team, "Qi")
    assert shop.view(team).state == TeamState.SUCCESS
    _sound(shop)


def test_a_pledge_can_be_given_up_and_somebody_else_takes_the_place(database: Database) -> None:
    shop = _shop(database)
    team = _joined(shop, "Lan", "Wei")
    shop.turn_clock(timedelta(minutes=1))
    shop.joins(team, "Jun")
    shop.leaves(team, "Lan")
    assert shop.leader(team) == "Wei"
    shop.joins(team, "Qi", "An")
    assert shop.view(team).state == TeamState.PAYING
    with pytest.raises(GroupBuyClosed):
        shop.joins(team, "Bo")
    _sound(shop)


def test_pledges_hold_goods_so_nothing_is_oversold(database: Database) -> None:
    shop = _shop(database, on_hand=3)
    team = _joined(shop, "Lan", "Wei", "Jun")
    with pytest.raises(OutOfStock):
        shop.joins(team, "Qi")
    shop.later(timedelta(hours=23))
    assert _on_the_shelf(shop) == 3
    _sound(shop)


def test_money_after_the_window_goes_straight_back(database: Database) -> None:
    shop = _shop(database)
    team = _joined(shop, *FOUR)
    shop.work()
    attempt = shop.starts_paying(team, "Lan")
    shop.later(DAY)
    shop.money_arrives(attempt)
    shop.work()
    assert shop.refunds() == [(RefundState.SUCCEEDED, 5900)]
    assert shop.seats(team)["Lan"] == [RELEASED]
    _sound(shop)


def test_a_shop_may_call_it_off_while_people_pay(database: Database) -> None:
    shop = _shop(database)
    team = _joined(shop, *FOUR)
    shop.work()
    shop.pays(team, "Lan")
    shop.cancels(team)
    shop.work()
    assert shop.refunds() == [(RefundState.SUCCEEDED, 5900)]
    ends = [fact.cause for fact in shop.facts if isinstance(fact, SeatLost)]
    assert ends == [SeatEnd.TEAM_CANCELLED] * 4
    _sound(shop)


def test_a_mode_that_the_campaign_does_not_have_is_refused(database: Database) -> None:
    shop = _shop(database)
    with pytest.raises(Refused, match="pay_mode"):
        shop.opens("Lan", mode=PayMode.CHARGE)
    with shop.database.reading() as session:
        assert session.scalars(select(Team)).all() == []
    _sound(shop)


@pytest.mark.parametrize("window", [timedelta(minutes=59), timedelta(days=8)])
def test_a_window_that_is_too_short_or_too_long_is_refused(
    database: Database, window: timedelta
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
            modes=(PayMode.JOIN_FIRST,),
            pay_window=window,
        )
        with pytest.raises(Invalid, match="pay_window"):
            start_campaign(
                session, merchant_id=merchant.id, variant_id=variant.id, terms=terms, now=NOW
            )
