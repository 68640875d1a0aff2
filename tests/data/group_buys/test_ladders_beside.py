"""Price ladders and ways to pay beside what else a campaign may say: a leader's reward, units,
goods set aside, and what is sent back after the sale."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from data.group_buys import PayMode, RewardGiven, SeatState, TeamState, Tier, terms_of
from data.group_buys.campaigns import CampaignTerms, change_campaign
from data.group_buys.models import Campaign
from data.group_buys.terms import check_terms
from data.kernel.database import Database
from data.kernel.errors import Invalid, WrongState
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import Order, OrderState
from data.orders.coupon_models import ChargeKind
from data.orders.coupons import CouponTerms, make_coupon
from data.orders.sums import charges_of
from data.orders.taxes import Tax, set_tax
from data.orders.worth import worths
from data.payments import Refund
from data.payments.codes import apply_code
from data.payments.gateway import Flags
from data.payments.receipts import receipt_of
from tests.builders import NOW
from tests.data.group_buys.banked import BankedShop
from tests.data.group_buys.shop import PRICE, GroupShop

DAY = timedelta(hours=24)
LAST = 5900
STEPS = ((3, LAST),)  # after two at PRICE
REWARD = Money(500, "CNY")
REWARDED = {"reward": REWARD, "reward_budget": Money(1500, "CNY")}
WHOLE = Flags(can_authorize=True, longest_hold=timedelta(days=7))


def _back_to(shop: GroupShop, name: str) -> list[int]:
    """What was promised back to one person, in order of size."""
    person_id = shop.person(name)
    with shop.database.reading() as session:
        found = (
            select(Refund.amount_minor)
            .join(Order, Order.id == Refund.order_id)
            .where(Order.person_id == person_id)
        )
        return sorted(session.scalars(found))


def _order_of(shop: GroupShop, name: str) -> Order:
    with shop.database.reading() as session:
        order = session.scalars(select(Order).where(Order.person_id == shop.person(name))).one()
        session.expunge(order)
        return order


def _terms(shop: GroupShop) -> CampaignTerms:
    with shop.database.reading() as session:
        return terms_of(session, session.get_one(Campaign, shop.campaign_id))


def _changes(shop: GroupShop, terms: CampaignTerms) -> None:
    with shop.database.transaction() as session:
        change_campaign(
            session,
            merchant_id=shop.merchant_id,
            campaign_id=shop.campaign_id,
            terms=terms,
            now=shop.now,
        )


def _sound(shop: GroupShop) -> None:
    shop.work()
    assert shop.violations() == []
    shop.close()


def test_the_difference_and_the_reward_come_back_once_each(each_database: Database) -> None:
    shop = GroupShop(each_database, size=2, tiers=STEPS, **REWARDED)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    assert _back_to(shop, "Lan") == [REWARD.minor, PRICE - LAST]
    assert _back_to(shop, "Wei") == [PRICE - LAST]
    assert shop.told(RewardGiven) == 1
    assert _order_of(shop, "Lan").total_minor == LAST
    _sound(shop)


@pytest.mark.parametrize(
    ("flags", "taken", "back"),
    [
        (None, LAST, [REWARD.minor]),
        (WHOLE, PRICE, [REWARD.minor, PRICE - LAST]),
    ],
    ids=["a part of the hold", "all of the hold"],
)
def test_of_a_hold_the_reward_comes_back_after_it_was_taken(
    each_database: Database, flags: Flags | None, taken: int, back: list[int]
) -> None:
    more = {"flags": flags} if flags else {}
    shop = BankedShop(each_database, size=2, tiers=STEPS, modes=(PayMode.HOLD,), **REWARDED, **more)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.reserves(team, "Lan", "Wei")
    assert (shop.taken(), shop.told(RewardGiven)) == ([], 0)
    shop.reserves(team, "Jun")
    assert shop.taken() == [taken] * 3
    assert _back_to(shop, "Lan") == back
    assert shop.told(RewardGiven) == 1
    _sound(shop)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("reward", {"reward": Money(LAST, "CNY"), "reward_budget": Money(LAST, "CNY")}),
        ("stock_limit", {"stock_limit": 2}),
        ("tiers", {"tiers": (Tier(3, Money(LAST, "USD")),)}),
    ],
    ids=["a reward below the last price", "stock for the largest team", "one currency"],
)
def test_what_a_campaign_says_fits_its_largest_team(field: str, more: dict[str, Any]) -> None:
    terms = CampaignTerms(
        **{
            "team_size": 2,
            "team_price": Money(PRICE, "CNY"),
            "window": DAY,
            "starts_at": NOW,
            "ends_at": NOW + DAY,
            "tiers": (Tier(3, Money(LAST, "CNY")),),
            **more,
        }
    )
    with pytest.raises(Invalid, match=field):
        check_terms(terms, Money(2 * PRICE, "CNY"))


def test_people_make_the_price_and_units_are_paid_for(each_database: Database) -> None:
    shop = GroupShop(each_database, size=2, tiers=STEPS, limit=4, stock_limit=9, set_aside=True)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", quantity=4)
    shop.pays(team, "Lan", "Wei")
    assert shop.view(team).state == TeamState.OPEN
    assert (shop.campaign().taken, shop.view(team).have) == (5, 2)
    shop.joins(team, "Jun")
    shop.pays(team, "Jun")
    shop.work()
    assert shop.view(team).price.minor == LAST
    assert _back_to(shop, "Wei") == [4 * (PRICE - LAST)]
    assert _order_of(shop, "Wei").total_minor == 4 * LAST
    _sound(shop)


def test_units_of_a_pledge_are_kept_out_of_what_is_set_aside(each_database: Database) -> None:
    shop = GroupShop(
        each_database,
        size=2,
        limit=4,
        stock_limit=6,
        set_aside=True,
        modes=(PayMode.JOIN_FIRST,),
    )
    team = shop.opens("Lan")
    assert shop.shelf() == (20, 6)
    shop.later(timedelta(hours=20))  # long after the ten minutes of an ordinary place
    shop.joins(team, "Wei", quantity=4)
    shop.work()
    assert (shop.view(team).state, shop.campaign().taken) == (TeamState.PAYING, 5)
    assert shop.shelf() == (20, 6)
    shop.pays(team, "Lan", "Wei")
    shop.work()
    assert shop.seats(team) == {"Lan": [SeatState.FULFILLED], "Wei": [SeatState.FULFILLED]}
    assert shop.shelf() == (15, 1)
    _sound(shop)


def test_pledges_that_nobody_pays_give_their_units_back(each_database: Database) -> None:
    shop = GroupShop(
        each_database, size=2, stock_limit=6, set_aside=True, modes=(PayMode.JOIN_FIRST,)
    )
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.work()
    shop.later(DAY)
    assert shop.view(team).state == TeamState.FAILED
    assert (shop.campaign().taken, shop.shelf()) == (0, (20, 6))
    _sound(shop)


def test_terms_tell_the_ladder_and_how_to_pay_as_they_were_said(each_database: Database) -> None:
    window = timedelta(hours=3)
    shop = GroupShop(
        each_database,
        size=2,
        tiers=STEPS,
        modes=(PayMode.JOIN_FIRST, PayMode.CHARGE),
        pay_window=window,
        underpaid="ship",
    )
    terms = _terms(shop)
    assert terms.tiers == (Tier(3, Money(LAST, "CNY")),)
    assert terms.modes == (PayMode.JOIN_FIRST, PayMode.CHARGE)
    assert (terms.pay_window, terms.underpaid) == (window, "ship")
    _changes(shop, terms)
    assert _terms(shop) == terms
    _sound(shop)


def test_tiers_change_while_no_team_is_open_or_being_paid_for(each_database: Database) -> None:
    shop = GroupShop(each_database, size=2, modes=(PayMode.JOIN_FIRST,))
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    assert shop.view(team).state == TeamState.PAYING
    with pytest.raises(WrongState):
        _changes(shop, _terms(shop))
    shop.pays(team, "Lan", "Wei")
    shop.work()
    terms = CampaignTerms(
        team_size=2,
        team_price=Money(PRICE, "CNY"),
        window=DAY,
        starts_at=shop.now,
        ends_at=shop.now + DAY,
        tiers=(Tier(4, Money(6000, "CNY")), Tier(5, Money(5000, "CNY"))),
    )
    _changes(shop, terms)
    assert _terms(shop) == terms
    assert [tier.min_size for tier in shop.view(team).tiers] == [2]
    _sound(shop)


def test_what_is_sent_back_is_worth_what_it_came_to(each_database: Database) -> None:
    """Two units at 66.00 with 7 % on top; three people came: 59.00. The receipt tells how."""
    shop = GroupShop(each_database, size=2, tiers=STEPS, limit=2)
    with shop.database.transaction() as session:
        rate = Tax(Decimal(7), included=False, on_shipping=True, name={"en": "VAT"})
        set_tax(session.get_one(Merchant, shop.merchant_id), rate)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", quantity=2)
    shop.joins(team, "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    order = _order_of(shop, "Wei")
    with shop.database.reading() as session:
        (worth,) = worths(session, order)
        told = receipt_of(session, order)
    assert (worth.units, worth.left.minor) == (2, 2 * LAST + 826)
    assert {charge.kind: charge.told_minor for charge in told.charges} == {
        ChargeKind.LADDER: 2 * (LAST - PRICE),
        ChargeKind.TAX: 826,
    }
    paid = sum(part.amount.minor for part in told.paid)
    back = sum(part.amount.minor for part in told.back)
    assert paid - back == told.order.total_minor == 2 * LAST + 826
    _sound(shop)


@pytest.mark.parametrize("included", [False, True], ids=["on top", "in the price"])
def test_the_tax_in_the_end_is_that_on_the_price_reached(
    database: Database, included: bool
) -> None:
    """8.25 % on 66.00 is 5.45 (or 5.03 of it), on 45.00 it is 3.71 (or 3.43): not a cent more."""
    shop = GroupShop(database, size=2, tiers=((3, 4500),))
    with shop.database.transaction() as session:
        rate = Tax(Decimal("8.25"), included=included, name={"en": "Tax"})
        set_tax(session.get_one(Merchant, shop.merchant_id), rate)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    order = _order_of(shop, "Lan")
    with shop.database.reading() as session:
        told = {charge.kind: charge.told_minor for charge in charges_of(session, order)}
    kind, tax = (ChargeKind.TAX_INCLUDED, 343) if included else (ChargeKind.TAX, 371)
    assert told[kind] == tax
    assert order.total_minor == 4500 + (0 if included else tax)
    assert _back_to(shop, "Lan") == [PRICE - 4500 + (0 if included else 545 - tax)]
    _sound(shop)


def test_who_is_asked_again_may_use_a_coupon_and_keeps_the_price_reached(
    each_database: Database,
) -> None:
    shop = BankedShop(each_database, size=2, tiers=STEPS, modes=(PayMode.HOLD,))
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.reserves(team, "Lan", "Wei")
    shop.ends_hold(team, "Lan")
    shop.reserves(team, "Jun")
    order = _order_of(shop, "Lan")
    assert (order.state, order.total_minor) == (OrderState.AWAITING_PAYMENT, LAST)
    with shop.database.transaction() as session:
        make_coupon(
            session,
            merchant_id=shop.merchant_id,
            currency="CNY",
            terms=CouponTerms(code="SPRING", off=Money(601, "CNY")),
            by="owner",
            now=shop.now,
        )
        apply_code(session, order_id=order.id, code="SPRING", now=shop.now)
    with shop.database.reading() as session:
        after = session.get_one(Order, order.id)
        charges = {charge.kind: charge.amount_minor for charge in charges_of(session, after)}
        assert after.total_minor == LAST - 601
    assert charges == {ChargeKind.DISCOUNT: -601, ChargeKind.LADDER: LAST - PRICE}
    shop.pays_again(team, "Lan")
    assert shop.seats(team)["Lan"] == [SeatState.FULFILLED]
    _sound(shop)
