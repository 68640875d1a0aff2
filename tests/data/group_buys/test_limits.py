"""T38: nobody hoards seats: one a team, three unpaid at once, a pause after three lapses."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from data.group_buys import SeatState
from data.kernel.database import Database
from data.kernel.errors import TooOften
from tests.data.group_buys.shop import GroupShop

TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def generous(database: Database) -> Iterator[GroupShop]:
    """A campaign that allows one person many seats, so that only T38 stands in the way."""
    shop = GroupShop(database, on_hand=500, limit=500)
    yield shop
    shop.close()


def test_a_hundred_tries_to_hoard_give_three_holds_t38(generous: GroupShop) -> None:
    teams = [generous.opens(f"leader {number}") for number in range(100)]
    refused = 0
    for team in teams:
        try:
            generous.joins(team, "Mallory")
        except TooOften:
            refused += 1
    assert refused == 97
    held = [team for team in teams if "Mallory" in generous.seats(team)]
    assert len(held) == 3
    assert generous.violations() == []


def test_who_pays_may_hold_again_t38(generous: GroupShop) -> None:
    teams = [generous.opens(name) for name in ("Wei", "Jun", "Qi", "An")]
    for team in teams[:3]:
        generous.joins(team, "Lan")
    generous.pays(teams[0], "Lan")
    generous.joins(teams[3], "Lan")
    assert generous.seats(teams[3])["Lan"] == [SeatState.HELD]


def _let_lapse(shop: GroupShop, team: str, times: int) -> None:
    for _ in range(times):
        shop.joins(team, "Lan")
        shop.later(TEN_MINUTES)


def _a_team_that_stays(shop: GroupShop) -> str:
    team = shop.opens("Wei")
    shop.pays(team, "Wei")
    return team


def test_three_lapses_pause_a_person_for_an_hour_t38(generous: GroupShop) -> None:
    team = _a_team_that_stays(generous)
    _let_lapse(generous, team, 3)
    with pytest.raises(TooOften, match="seat_paused"):
        generous.joins(team, "Lan")
    generous.later(timedelta(minutes=59))
    with pytest.raises(TooOften, match="seat_paused"):
        generous.joins(team, "Lan")
    generous.later(timedelta(minutes=1))
    generous.joins(team, "Lan")


def test_an_order_left_unpaid_is_a_lapse_too_t38(generous: GroupShop) -> None:
    team = _a_team_that_stays(generous)
    for _ in range(3):
        generous.joins(team, "Lan")
        generous.orders(team, "Lan")
        generous.later(TEN_MINUTES)
    with pytest.raises(TooOften, match="seat_paused"):
        generous.joins(team, "Lan")


def test_leaving_in_time_or_paying_is_no_lapse_t38(generous: GroupShop) -> None:
    team = _a_team_that_stays(generous)
    _let_lapse(generous, team, 2)
    generous.joins(team, "Lan")
    generous.pays(team, "Lan")
    other = _another_team(generous)
    _let_lapse(generous, other, 2)
    generous.joins(other, "Lan")
    generous.leaves(other, "Lan")
    generous.joins(other, "Lan")


def _another_team(shop: GroupShop) -> str:
    team = shop.opens("Jun")
    shop.pays(team, "Jun")
    return team
