"""The shop gives back all that somebody paid, by the form for refunds: whose place has nothing
behind it any more is out of the team (D7)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from data.group_buys import SeatState, TeamState, invite_budget_of
from data.kernel.database import Database
from data.kernel.errors import Refused
from data.kernel.money import Money
from data.orders import OrderState
from data.payments import RefundState
from data.payments.by_shop import refund_by_shop
from data.payments.codes import apply_code
from data.payments.external import note_external_refund
from data.payments.gift_cards import issue_gift_card
from tests.data.group_buys.inviting import BUDGET, KEPT, REWARD, invites, sends
from tests.data.group_buys.shop import PRICE, GroupShop

DAY = timedelta(hours=24)
DONE = RefundState.SUCCEEDED


@pytest.fixture
def shop(each_database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(each_database, size=2, tiers=((3, 5900),))
    yield shop
    shop.work()
    assert shop.violations() == []
    shop.close()


def _refund(shop: GroupShop, attempt_id: str, minor: int | None, key: str = "once") -> str:
    amount = None if minor is None else Money(minor, "CNY")
    with shop.database.transaction() as session:
        told = {"attempt_id": attempt_id, "amount": amount, "key": key}
        return refund_by_shop(session, **told, now=shop.now).id


def _pays(shop: GroupShop, team: str, name: str) -> str:
    attempt_id = shop.starts_paying(team, name)
    shop.money_arrives(attempt_id)
    return attempt_id


@pytest.mark.parametrize("minor", [None, PRICE], ids=["left out", "said"])
def test_d7_who_has_all_of_it_back_is_counted_no_more(shop: GroupShop, minor: int | None) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    paid = _pays(shop, team, "Lan")
    given = _refund(shop, paid, minor)
    assert _refund(shop, paid, minor) == given
    shop.work()
    assert shop.refunds() == [(DONE, PRICE)]
    assert (shop.view(team).have, shop.leader(team)) == (0, "Wei")
    shop.pays(team, "Wei")
    shop.later(DAY)
    assert shop.view(team).state == TeamState.FAILED, "one alone is no team"
    assert shop.seats(team) == {"Lan": [SeatState.REFUNDED], "Wei": [SeatState.REFUNDED]}
    assert shop.shelf() == (20, 0)


def test_d7_nor_of_a_team_that_succeeded_as_long_as_nothing_is_sent(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    paid = _pays(shop, team, "Lan")
    _pays(shop, team, "Wei")
    shop.later(DAY)
    assert shop.order_states() == [OrderState.READY] * 2
    _refund(shop, paid, None)
    shop.work()
    assert shop.view(team).have == 1
    assert shop.order_states() == [OrderState.READY, OrderState.REFUNDED]
    assert shop.shelf() == (19, 0)


def test_a_part_of_it_takes_nobodys_place(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    paid = _pays(shop, team, "Lan")
    _pays(shop, team, "Wei")
    _refund(shop, paid, 600)
    shop.work()
    assert shop.view(team).have == 2
    with pytest.raises(Refused):
        _refund(shop, paid, PRICE - 599, key="more")
    _refund(shop, paid, PRICE - 600, key="the rest")
    shop.work()
    assert shop.seats(team)["Lan"] == [SeatState.REFUNDED]
    assert sorted(shop.refunds()) == [(DONE, 600), (DONE, PRICE - 600)]


def test_what_a_gift_card_paid_of_it_is_on_the_card_again(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    with shop.database.transaction() as session:
        _, code = issue_gift_card(
            session,
            merchant_id=shop.merchant_id,
            amount=Money(1000, "CNY"),
            by="mei@shop",
            now=shop.now,
        )
    order = shop.orders(team, "Lan")
    with shop.database.transaction() as session:
        apply_code(session, order_id=order, code=code, now=shop.now)
    paid = _pays(shop, team, "Lan")
    _refund(shop, paid, None)
    shop.work()
    assert shop.seats(team)["Lan"] == [SeatState.REFUNDED]
    assert shop.refunds() == [(DONE, PRICE - 1000)]


def _rewarding(database: Database) -> tuple[GroupShop, str]:
    """A shop, and the payment of who was invited into a team; their parcel is out."""
    shop = GroupShop(database, size=2, invite_reward=REWARD, invite_reward_budget=BUDGET)
    team = shop.opens("Lan")
    invites(shop, team, "Lan", "Wei")
    _pays(shop, team, "Lan")
    paid = _pays(shop, team, "Wei")
    shop.work()
    sends(shop, team, "Lan", "Wei")
    shop.work()
    return shop, paid


@pytest.mark.parametrize(
    ("minor", "spent"), [(None, 0), (PRICE, 0), (600, REWARD.minor)], ids=["all", "said", "part"]
)
def test_i10_nobody_is_rewarded_for_an_order_whose_money_went_back_after_it_was_sent(
    each_database: Database, minor: int | None, spent: int
) -> None:
    shop, paid = _rewarding(each_database)
    _refund(shop, paid, minor)
    shop.later(KEPT)
    with shop.database.reading() as session:
        budget = invite_budget_of(session, shop.campaign_id)
        assert budget is not None
        assert budget.spent_minor == spent
    assert sum(minor for _, minor in shop.refunds()) == (minor or PRICE) + spent
    assert shop.violations() == []
    shop.close()


def test_i10_nor_where_it_went_back_at_the_provider(each_database: Database) -> None:
    shop, paid = _rewarding(each_database)
    with shop.database.transaction() as session:
        told = {"attempt_id": paid, "amount": Money(PRICE, "CNY"), "reference": "re_1"}
        note_external_refund(session, **told, now=shop.now)
    shop.later(KEPT)
    with shop.database.reading() as session:
        budget = invite_budget_of(session, shop.campaign_id)
        assert budget is not None
        assert budget.spent_minor == 0
    assert shop.refunds() == [(DONE, PRICE)]
    (told,) = shop.violations()
    assert told.what == "payment_alarm_undecided", "somebody has to look at it"
    shop.close()
