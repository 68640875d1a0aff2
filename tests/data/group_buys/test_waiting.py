"""Who comes to a full team waits in order: nobody is passed, and nobody is seat N+1."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from data.group_buys import (
    PayMode,
    SeatOffered,
    SeatState,
    TeamState,
    WaitEnded,
    seats,
)
from data.group_buys.limits import SEAT_TTL
from data.group_buys.models import Team
from data.group_buys.turns import TURN_TTL
from data.kernel.database import Database
from data.kernel.errors import AlreadyJoined, GroupBuyClosed, NoSeatLeft, WrongState
from data.payments.gateway import PaymentStatus
from data.personal.merging import merge
from tests.data.group_buys.shop import GroupShop


def _full(shop: GroupShop) -> str:
    """Three places, one of them paid for."""
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan")
    return team


def test_a_place_that_lapses_goes_to_the_first_in_line_and_then_to_the_next(
    each_shop: GroupShop,
) -> None:
    shop = each_shop
    team = _full(shop)
    shop.waits(team, "Qi", "An")
    assert (shop.line(team), shop.view(team).waiting) == (["Qi", "An"], 2)
    shop.leaves(team, "Wei")
    with pytest.raises(NoSeatLeft):  # the place is free this moment, and not for a newcomer
        shop.joins(team, "Bo")
    shop.work()
    assert shop.seats(team)["Qi"] == [SeatState.HELD]
    assert shop.line(team) == ["An"]
    shop.pays(team, "Jun")
    shop.later(TURN_TTL)
    assert shop.seats(team)["Qi"] == [SeatState.RELEASED]
    assert shop.seats(team)["An"] == [SeatState.HELD]
    assert shop.told(SeatOffered) == 2
    shop.pays(team, "An")
    assert shop.view(team).state == TeamState.SUCCESS


def test_who_orders_in_their_turn_keeps_all_of_its_time(shop: GroupShop) -> None:
    team = _full(shop)
    shop.waits(team, "Qi")
    shop.leaves(team, "Wei")
    shop.work()
    attempt = shop.starts_paying(team, "Qi")
    shop.later(TURN_TTL - timedelta(seconds=1))
    assert shop.seats(team)["Qi"] == [SeatState.HELD]
    shop.money_arrives(attempt)
    assert shop.seats(team)["Qi"] == [SeatState.PAID]


def test_a_refund_before_success_gives_the_place_on(shop: GroupShop) -> None:
    team = _full(shop)
    shop.waits(team, "Qi")
    shop.calls_off(team, "Lan")
    shop.work()
    assert shop.seats(team)["Qi"] == [SeatState.HELD]
    assert shop.view(team).free == 0


def test_who_ends_up_alone_leads_a_team_that_everybody_else_has_left(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.waits(team, "Qi")
    for name in ("Lan", "Wei", "Jun"):
        shop.leaves(team, name)
    assert shop.view(team).state == TeamState.OPEN
    shop.work()
    assert (shop.leader(team), shop.view(team).paying) == ("Qi", 1)


def test_a_team_that_nobody_is_in_and_nobody_waits_for_is_over(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    shop.waits(team, "Qi")
    for name in ("Lan", "Wei", "Jun"):
        shop.leaves(team, name)
    shop.leaves_line(team, "Qi")
    assert shop.view(team).state == TeamState.CANCELLED


def test_one_waits_once_for_a_full_team_only_and_may_leave_the_line(shop: GroupShop) -> None:
    team = shop.opens("Lan")
    shop.person("Qi")
    with pytest.raises(WrongState):
        shop.waits(team, "Qi")  # there is a place
    shop.joins(team, "Wei", "Jun")
    with pytest.raises(AlreadyJoined):
        shop.waits(team, "Wei")
    shop.waits(team, "Qi", "An", "Qi")
    assert shop.line(team) == ["Qi", "An"]
    assert shop.leaves_line(team, "Qi")
    assert not shop.leaves_line(team, "Qi")
    assert shop.line(team) == ["An"]


def test_when_the_team_ends_everybody_in_line_is_told_once(shop: GroupShop) -> None:
    team = _full(shop)
    shop.waits(team, "Qi", "An")
    shop.pays(team, "Wei", "Jun")
    shop.later(timedelta(days=2))
    assert (shop.line(team), shop.told(WaitEnded)) == ([], 2)
    assert shop.told(SeatOffered) == 0


def test_who_asked_for_more_than_there_is_hears_it_and_the_next_is_seated(
    database: Database,
) -> None:
    shop = GroupShop(database, on_hand=3, limit=3)
    team = _full(shop)
    shop.waits(team, "Qi", quantity=2)
    shop.waits(team, "An")
    shop.leaves(team, "Wei")
    shop.work()
    assert _told_why(shop) == ["stock"]
    assert "Qi" not in shop.seats(team)
    assert shop.seats(team)["An"] == [SeatState.HELD]
    assert shop.violations() == []
    shop.close()


def _told_why(shop: GroupShop) -> list[str | None]:
    return [fact.why for fact in shop.facts if isinstance(fact, WaitEnded)]


def _holds_three(shop: GroupShop) -> None:
    for _ in range(3):
        shop.opens("Qi")


def _lets_three_lapse(shop: GroupShop) -> None:
    _holds_three(shop)
    shop.later(SEAT_TTL)


def _has_as_many_as_allowed(shop: GroupShop) -> None:
    for _ in range(4):
        shop.pays(shop.opens("Qi"), "Qi")


def _has_bought(shop: GroupShop) -> None:
    shop.pays(shop.opens("Qi"), "Qi")


def _holds_another_first(shop: GroupShop) -> None:
    shop.opens("Qi")


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (_holds_three, "seat_holds"),
        (_lets_three_lapse, "seat_paused"),
        (_has_as_many_as_allowed, "person_limit"),
        (_has_bought, "new_customers_only"),
        (_holds_another_first, "first_purchase_held"),
    ],
)
def test_whoever_may_have_no_place_when_it_is_their_turn_hears_why(
    database: Database, meanwhile: Callable[[GroupShop], None], why: str
) -> None:
    only_new = why in ("new_customers_only", "first_purchase_held")
    shop = GroupShop(database, limit=4, new_customers_only=only_new)
    team = _full(shop)
    shop.pays(team, "Wei")
    shop.orders(team, "Jun")
    shop.waits(team, "Qi", "An")
    meanwhile(shop)
    shop.calls_off(team, "Wei")
    shop.work()
    assert _told_why(shop) == [why]
    assert "Qi" not in shop.seats(team)
    assert shop.seats(team)["An"] == [SeatState.HELD]
    assert shop.violations() == []
    shop.close()


def test_a_place_whose_money_was_only_reserved_goes_on_to_the_line(database: Database) -> None:
    shop = GroupShop(
        database, modes=(PayMode.HOLD,), longest_hold=timedelta(days=7), window=timedelta(hours=2)
    )
    team = _reserved_by_two(shop)
    shop.waits(team, "Qi", "An")
    shop.calls_off(team, "Wei")
    shop.work()
    assert (shop.seats(team)["Qi"], shop.line(team)) == ([SeatState.HELD], ["An"])
    _reserves(shop, team, "Jun", "Qi")
    shop.work()
    assert (shop.view(team).state, _told_why(shop)) == (TeamState.SUCCESS, [None])
    assert shop.violations() == []
    shop.close()


def _reserved_by_two(shop: GroupShop) -> str:
    team = shop.opens("Lan")
    shop.joins(team, "Wei", "Jun")
    _reserves(shop, team, "Lan", "Wei")
    return team


def _reserves(shop: GroupShop, team: str, *names: str) -> None:
    for name in names:
        attempt = shop.starts_paying(team, name, authorize=True)
        shop.money_arrives(attempt, status=PaymentStatus.AUTHORIZED)


def test_who_gets_in_line_while_a_place_is_free_in_the_window_to_pay_in_has_it_at_once(
    database: Database,
) -> None:
    shop = GroupShop(database, size=2, modes=(PayMode.JOIN_FIRST,))
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.leaves(team, "Wei")
    assert shop.view(team).state == TeamState.PAYING
    with pytest.raises(GroupBuyClosed):
        shop.joins(team, "Qi")
    shop.waits(team, "Qi")
    shop.work()
    assert (shop.seats(team)["Qi"], shop.line(team)) == ([SeatState.HELD], [])
    shop.close()


def test_where_people_join_first_a_place_is_given_on_while_everybody_pays(
    database: Database,
) -> None:
    shop = GroupShop(database, size=2, modes=(PayMode.JOIN_FIRST,))
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.waits(team, "Qi")
    shop.pays(team, "Lan")
    shop.leaves(team, "Wei")
    assert shop.view(team).state == TeamState.PAYING  # who waits may still pay
    shop.work()
    shop.pays(team, "Qi")
    shop.work()
    assert shop.view(team).state == TeamState.SUCCESS
    assert shop.violations() == []
    shop.close()


def test_two_who_become_one_wait_once_where_the_first_of_them_stood(shop: GroupShop) -> None:
    team = _full(shop)
    shop.waits(team, "Qi", "An", "Bo")
    with shop.database.transaction() as session:
        kept, gone = shop.person("Bo"), shop.person("Qi")
        assert merge(session, kept=kept, gone=gone, link_id=None, now=shop.now) is None
    assert shop.line(team) == ["Bo", "An"]


def _passes_the_line(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seats, "_TAKE", seats.taking(Team.held < Team.target))
    patch.setattr(seats, "refuse_if_shut", lambda team, now: None)


@pytest.mark.parametrize("fault", [None, _passes_the_line])
def test_a_newcomer_gets_no_place_that_somebody_waits_for(
    shop: GroupShop,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[pytest.MonkeyPatch], None] | None,
) -> None:
    """And would, if the UPDATE looked at free places alone."""
    team = _full(shop)
    shop.waits(team, "Qi")
    shop.later(SEAT_TTL - timedelta(seconds=1))
    shop.leaves(team, "Wei")
    if fault is None:
        with pytest.raises(NoSeatLeft):
            shop.joins(team, "Bo")
    else:
        fault(monkeypatch)
        shop.joins(team, "Bo")
        assert "Bo" in shop.seats(team)
