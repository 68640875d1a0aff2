"""Price ladders: who pays early pays the first price, and gets the exact difference back, once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from data.group_buys import SeatState, TeamReached, TeamState, campaign_tiers
from data.group_buys.campaigns import CampaignTerms, start_campaign
from data.group_buys.models import Campaign
from data.group_buys.outcomes import expire_team, settle_seat
from data.group_buys.tier_models import CampaignTier
from data.group_buys.tiers import Tier
from data.kernel.database import Database
from data.kernel.errors import Invalid, NoSeatLeft
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import Order, OrderState
from data.orders.coupons import CouponTerms, make_coupon
from data.orders.sums import charges_of
from data.orders.taxes import Tax, set_tax
from data.payments import PriceLowered, RefundState, request_refund
from data.payments.codes import apply_code
from data.payments.gift_cards import issue_gift_card
from tests.builders import NOW, a_merchant, a_product, the_variant
from tests.data.group_buys.shop import PRICE, GroupShop

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)
STEPS = ((4, 5900), (5, 5000))  # after two at PRICE
DONE = RefundState.SUCCEEDED


def _shop(database: Database, **more: object) -> GroupShop:
    return GroupShop(database, size=2, tiers=STEPS, **more)  # type: ignore[arg-type]


def _team_of(shop: GroupShop, *names: str) -> str:
    """Opened and paid by these."""
    team = shop.opens(names[0])
    shop.joins(team, *names[1:])
    shop.pays(team, *names)
    return team


def _totals(shop: GroupShop) -> list[int]:
    with shop.database.reading() as session:
        return [order.total_minor for order in session.query(Order).order_by(Order.id)]


def _sound(shop: GroupShop) -> None:
    shop.work()
    assert shop.violations() == []
    shop.close()


@pytest.mark.parametrize(
    ("paid", "price"), [(2, PRICE), (3, PRICE), (4, 5900)], ids=["first", "between", "second"]
)
def test_at_the_deadline_a_team_comes_to_the_price_of_who_has_paid(
    each_database: Database, paid: int, price: int
) -> None:
    shop = _shop(each_database)
    names = ("Lan", "Wei", "Jun", "Qi")[:paid]
    team = _team_of(shop, *names)
    assert shop.view(team).state == TeamState.OPEN
    shop.later(DAY)
    view = shop.view(team)
    assert (view.state, view.final_size, view.price.minor) == (TeamState.SUCCESS, paid, price)
    assert shop.order_states() == [OrderState.READY] * paid
    assert shop.refunds() == ([(DONE, PRICE - price)] * paid if price < PRICE else [])
    assert _totals(shop) == [price] * paid
    _sound(shop)


def test_a_full_team_succeeds_at_once_at_the_last_price(each_database: Database) -> None:
    shop = _shop(each_database)
    team = _team_of(shop, "Lan", "Wei", "Jun", "Qi", "An")
    shop.work()
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.refunds() == [(DONE, PRICE - 5000)] * 5
    assert shop.told(TeamReached) == 1
    assert shop.told(PriceLowered) == 5
    shop.later(DAY)
    assert len(shop.refunds()) == 5
    _sound(shop)


def test_too_few_by_the_deadline_get_everything_back(database: Database) -> None:
    shop = _shop(database)
    team = _team_of(shop, "Lan")
    shop.later(DAY)
    assert (shop.view(team).state, shop.view(team).final_size) == (TeamState.FAILED, None)
    assert shop.refunds() == [(DONE, PRICE)]
    _sound(shop)


def test_who_only_holds_a_place_counts_for_no_price_and_is_let_go(database: Database) -> None:
    shop = _shop(database)
    team = _team_of(shop, "Lan", "Wei", "Jun")
    shop.turn_clock(DAY - timedelta(minutes=5))
    shop.joins(team, "Qi")
    attempt = shop.starts_paying(team, "Qi")
    shop.later(timedelta(minutes=5))
    assert (shop.view(team).final_size, shop.view(team).price.minor) == (3, PRICE)
    assert shop.seats(team)["Qi"] == [SeatState.RELEASED]
    shop.money_arrives(attempt)
    shop.work()
    assert shop.refunds() == [(DONE, PRICE)]
    _sound(shop)


def test_money_noted_by_a_clock_that_is_behind_comes_too_late_for_a_team_that_is_decided(
    database: Database,
) -> None:
    shop = _shop(database)
    team = _team_of(shop, "Lan", "Wei")
    shop.turn_clock(DAY - SECOND)
    shop.joins(team, "Jun")
    attempt = shop.starts_paying(team, "Jun")
    with shop.database.transaction() as session:
        expire_team(session, team_id=team, now=shop.now + SECOND)
    shop.money_arrives(attempt)
    assert (shop.view(team).have, shop.view(team).final_size) == (2, 2)
    shop.work()
    assert shop.refunds() == [(DONE, PRICE)]
    assert shop.seats(team)["Jun"] == [SeatState.REFUNDED]
    _sound(shop)


def test_a_refund_after_the_success_changes_nobodys_price(database: Database) -> None:
    shop = _shop(database)
    team = _team_of(shop, "Lan", "Wei", "Jun", "Qi", "An")
    shop.work()
    shop.calls_off(team, "An")
    shop.work()
    view = shop.view(team)
    assert (view.final_size, view.price.minor, view.have) == (5, 5000, 4)
    assert sorted(minor for _, minor in shop.refunds()) == [PRICE - 5000] * 5 + [5000]
    _sound(shop)


def test_a_seat_refunded_before_it_is_settled_gets_no_difference(database: Database) -> None:
    shop = _shop(database)
    team = _team_of(shop, "Lan", "Wei", "Jun", "Qi", "An")
    shop.calls_off(team, "Qi")
    shop.work()
    assert sorted(minor for _, minor in shop.refunds()) == [PRICE - 5000] * 4 + [PRICE]
    _sound(shop)


def test_what_a_shop_gave_back_before_for_another_reason_takes_nothing_off_the_difference(
    database: Database,
) -> None:
    shop = _shop(database)
    team = shop.opens("Lan")
    attempt = shop.starts_paying(team, "Lan")
    shop.money_arrives(attempt)
    with shop.database.transaction() as session:
        sorry = Money(1000, "CNY")
        request_refund(session, attempt_id=attempt, amount=sorry, cause_ref="shop:1", now=shop.now)
    shop.joins(team, "Wei", "Jun", "Qi", "An")
    shop.pays(team, "Wei", "Jun", "Qi", "An")
    shop.work()
    assert sorted(minor for _, minor in shop.refunds()) == [1000] + [PRICE - 5000] * 5
    _sound(shop)


def test_settling_again_returns_nothing_more(database: Database) -> None:
    shop = _shop(database)
    team = _team_of(shop, "Lan", "Wei", "Jun", "Qi", "An")
    shop.work()
    for seat_id in shop.seat_ids(team):
        with shop.database.transaction() as session:
            settle_seat(session, seat_id=seat_id, now=shop.now)
    shop.work()
    assert len(shop.refunds()) == 5
    _sound(shop)


def test_nobody_is_one_more_than_the_largest_team(database: Database) -> None:
    shop = _shop(database)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun", "Qi", "An")
    with pytest.raises(NoSeatLeft):
        shop.joins(team, "Bo")
    _sound(shop)


def test_a_merchants_later_change_changes_no_open_team(database: Database) -> None:
    shop = _shop(database)
    team = _team_of(shop, "Lan", "Wei", "Jun", "Qi")
    with shop.database.transaction() as session:
        for tier in session.query(CampaignTier):
            tier.price_minor -= 1000
        campaign = session.get_one(Campaign, shop.campaign_id)
        assert [tier.price.minor for tier in campaign_tiers(session, campaign)] == [
            PRICE, 4900, 4000,
        ]  # fmt: skip
    shop.later(DAY)
    assert shop.view(team).price.minor == 5900
    _sound(shop)


def test_with_tax_a_coupon_and_a_gift_card_every_part_comes_back_exactly(
    each_database: Database,
) -> None:
    """66.00 − 6.01 and 7 % tax on top, 20.00 of it by card; five people: 50.00 − 6.01."""
    shop = _shop(each_database)
    team = shop.opens("Lan")
    with shop.database.transaction() as session:
        merchant = session.get_one(Merchant, shop.merchant_id)
        rate = Tax(Decimal(7), included=False, on_shipping=False, name={"en": "VAT"})
        set_tax(merchant, rate)
    order = shop.orders(team, "Lan")
    with shop.database.transaction() as session:
        terms = CouponTerms(code="SPRING", off=Money(601, "CNY"))
        make_coupon(
            session,
            merchant_id=shop.merchant_id,
            currency="CNY",
            terms=terms,
            by="owner",
            now=shop.now,
        )
        _, code = issue_gift_card(
            session,
            merchant_id=shop.merchant_id,
            amount=Money(2000, "CNY"),
            by="owner",
            now=shop.now,
        )
        apply_code(session, order_id=order, code="SPRING", now=shop.now)
        apply_code(session, order_id=order, code=code, now=shop.now)
    shop.joins(team, "Wei", "Jun", "Qi", "An")
    with shop.database.reading() as session:
        before = session.get_one(Order, order)
    shop.pays(team, "Lan", "Wei", "Jun", "Qi", "An")
    shop.work()
    with shop.database.reading() as session:
        after = session.get_one(Order, order)
        charges = {charge.kind: charge.amount_minor for charge in charges_of(session, after)}
    assert charges == {"discount": -601, "ladder": -1600, "tax": 308}  # 420 on 59.99
    assert (before.total_minor, after.total_minor) == (5999 + 420, 4399 + 308)
    less = before.total_minor - after.total_minor
    to_card = before.credit_minor - after.credit_minor
    assert to_card == round(less * 2000 / before.total_minor)
    given = [minor for _, minor in shop.refunds()]
    assert sum(given) - 4 * 1712 == less - to_card  # the others bought at 66.00 + 4.62
    _sound(shop)


def test_an_order_that_a_coupon_and_the_ladder_take_to_nothing_gets_all_of_it_back(
    each_database: Database,
) -> None:
    """66.00 − 60.00 was paid; the ladder takes 16.00 off, so that it costs nothing in the end."""
    shop = _shop(each_database)
    team = shop.opens("Lan")
    order = shop.orders(team, "Lan")
    with shop.database.transaction() as session:
        terms = CouponTerms(code="SPRING", off=Money(6000, "CNY"))
        make_coupon(
            session,
            merchant_id=shop.merchant_id,
            currency="CNY",
            terms=terms,
            by="owner",
            now=shop.now,
        )
        apply_code(session, order_id=order, code="SPRING", now=shop.now)
    shop.joins(team, "Wei", "Jun", "Qi", "An")
    shop.pays(team, "Lan", "Wei", "Jun", "Qi", "An")
    shop.work()
    assert sorted(shop.refunds()) == [(DONE, 600)] + [(DONE, PRICE - 5000)] * 4
    with shop.database.reading() as session:
        assert session.get_one(Order, order).due.minor == 0
    _sound(shop)


@pytest.mark.parametrize(
    "tiers",
    [
        ((2, 5000),),
        ((3, PRICE),),
        ((3, 7000),),
        ((4, 5900), (4, 5000)),
        ((4, 5900), (5, 5900)),
        ((5, 5000), (4, 5900)),
        ((3, 0),),
        ((501, 5000),),
    ],
)
def test_a_ladder_whose_price_does_not_fall_is_refused(
    database: Database, tiers: tuple[tuple[int, int], ...]
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
            tiers=tuple(Tier(size, Money(minor, "CNY")) for size, minor in tiers),
        )
        with pytest.raises(Invalid, match="tiers"):
            start_campaign(
                session, merchant_id=merchant.id, variant_id=variant.id, terms=terms, now=NOW
            )
