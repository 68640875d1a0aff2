"""The shop lets two be enough for a team while others join it, in the same moment."""

from collections.abc import Callable
from functools import partial

from data.group_buys import TeamState
from tests.data.group_buys.shop import GroupShop
from tests.races import acts, team_acts
from tests.races.teams import decisions
from tests.races.together import all_at_once

_CLOSED, _OTHERWISE = "error_group_buy_closed", "error_wrong_state"
_ROUNDS = 3


def _paid_by_two(shop: GroupShop) -> str:
    team = shop.opens("Lan")
    shop.joins(team, "Wei")
    shop.pays(team, "Lan", "Wei")
    return team


def _joining(shop: GroupShop, team: str, many: int) -> list[partial[None]]:
    people = [shop.person(f"new {number}") for number in range(many)]
    return [partial(acts.join, team=team, person=one, now=shop.now) for one in people]


def test_either_the_team_is_complete_or_somebody_joined_and_it_runs_on(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=6, limit=_ROUNDS)
    for _ in range(_ROUNDS):
        team = _paid_by_two(shop)
        completing = [partial(team_acts.complete, team=team, people=2, now=shop.now)] * 2
        said = all_at_once(shop.database, [*completing, *_joining(shop, team, 4)])
        view = shop.view(team)
        if view.state == TeamState.SUCCESS:
            assert said == [_CLOSED] * 5 + ["ok"]
            assert (view.final_size, view.paying, decisions(shop, team)) == (2, 0, 1)
        else:
            assert said == [_OTHERWISE] * 2 + ["ok"] * 4
            assert (view.state, view.paying, view.target) == (TeamState.OPEN, 4, 6)
        shop.work()
        assert shop.violations() == []
        shop.cancels(team) if view.state == TeamState.OPEN else None
        shop.work()


def test_control_taking_whoever_is_there_tells_the_shop_of_a_success_that_is_none(
    shops: Callable[..., GroupShop],
) -> None:
    shop = shops(size=3)
    team = _paid_by_two(shop)
    shop.joins(team, "Jun")
    careless = partial(team_acts.careless_complete, team=team, people=2, now=shop.now)
    assert all_at_once(shop.database, [careless]) == ["ok"]
    assert shop.view(team).state == TeamState.OPEN
