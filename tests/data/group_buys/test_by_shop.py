"""A shop completes a team with fewer people, or calls it off: openly, and only as it saw it."""

from datetime import timedelta

import pytest

from data.group_buys import PayMode, SeatState, Team, TeamReached, TeamState
from data.kernel.database import Database
from data.kernel.errors import GroupBuyClosed, NotFound, WrongState
from data.payments import RefundState
from tests.data.group_buys.shop import PRICE, GroupShop

DAY = timedelta(hours=24)
STEPS = ((4, 5900), (5, 5000))  # after two at PRICE


def _ladder(database: Database) -> GroupShop:
    return GroupShop(database, size=2, tiers=STEPS)


def _joins_first(database: Database) -> GroupShop:
    return GroupShop(database, size=4, modes=(PayMode.JOIN_FIRST,))


def _sound(shop: GroupShop) -> None:
    shop.work()
    assert shop.violations() == []
    shop.close()


def test_a_team_completed_with_fewer_succeeds_at_the_team_price(each_shop: GroupShop) -> None:
    shop = each_shop
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.completes(team, 2)
    shop.work()
    view = shop.view(team)
    assert (view.state, view.final_size, view.price.minor) == (TeamState.SUCCESS, 2, PRICE)
    assert view.by_shop
    assert shop.seats(team) == {"Lan": [SeatState.FULFILLED], "Wei": [SeatState.FULFILLED]}
    assert shop.refunds() == []
    assert sum(isinstance(fact, TeamReached) for fact in shop.facts) == 1


def test_its_deadline_changes_nothing_any_more(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.completes(team, 2)
    shop.later(2 * DAY)
    assert shop.view(team).state == TeamState.SUCCESS
    with pytest.raises(GroupBuyClosed):
        shop.joins(team, "Jun")


def test_a_ladder_gives_the_price_of_who_is_there(database: Database) -> None:
    shop = _ladder(database)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun", "Qi")
    shop.pays(team, "Lan", "Wei", "Jun", "Qi")
    shop.completes(team, 4)
    shop.work()
    assert shop.view(team).price.minor == 5900
    assert shop.refunds() == [(RefundState.SUCCEEDED, PRICE - 5900)] * 4
    _sound(shop)


def test_who_joined_first_is_asked_to_pay_now(database: Database) -> None:
    shop = _joins_first(database)
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.completes(team, 3)
    shop.work()
    assert shop.view(team).state == TeamState.PAYING
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    assert shop.view(team).state == TeamState.SUCCESS
    assert len(shop.seats(team)) == 3
    _sound(shop)


def test_nobody_is_passed_over_while_they_pay(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei")
    with pytest.raises(WrongState, match="team_undecided"):
        shop.completes(team, 2)
    shop.later(timedelta(minutes=11))  # Jun's place lapses
    shop.completes(team, 2)
    assert shop.view(team).state == TeamState.SUCCESS


def test_nor_who_waits_for_a_place_that_came_free(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei")
    shop.waits(team, "Qi")
    shop.leaves(team, "Jun")
    with pytest.raises(WrongState, match="team_undecided"):
        shop.completes(team, 2)


def test_a_shop_that_saw_another_number_is_told_so(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    with pytest.raises(WrongState, match="team_changed"):
        shop.completes(team, 1)
    with pytest.raises(WrongState, match="team_changed"):
        shop.completes(team, 3)
    assert shop.view(team).state == TeamState.OPEN


def test_one_alone_is_no_team(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.pays(team, "Lan")
    with pytest.raises(WrongState, match="team_too_small"):
        shop.completes(team, 1)


def test_a_team_past_its_deadline_is_decided_by_that(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.turn_clock(DAY)  # nobody has noticed yet
    with pytest.raises(GroupBuyClosed):
        shop.completes(team, 2)
    shop.work()
    assert shop.view(team).state == TeamState.FAILED


def test_the_team_of_another_shop_is_unknown(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    mine, shop.merchant_id = shop.merchant_id, "mer_of_somebody_else"
    with pytest.raises(NotFound):
        shop.completes(team, 2)
    with pytest.raises(NotFound):
        shop.cancels(team)
    shop.merchant_id = mine
    with shop.database.reading() as session:
        assert session.get_one(Team, team).closed_by is None


def test_what_succeeded_is_not_called_off(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    shop.completes(team, 2)
    with pytest.raises(GroupBuyClosed):
        shop.cancels(team)


def test_nor_is_what_its_deadline_has_decided(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.turn_clock(DAY)  # nobody has noticed yet
    with pytest.raises(GroupBuyClosed):
        shop.cancels(team)


def test_who_called_it_off_is_noted_as_far_as_there_is_room(each_shop: GroupShop) -> None:
    """An address may have 254 letters."""
    team = each_shop.opens("Lan")
    each_shop.cancels(team, by="m" * 200 + "@shop.example")
    with each_shop.database.reading() as session:
        assert session.get_one(Team, team).closed_by == "m" * 120
