"""A shop under load whose processes are killed at any statement, before a bank with every trouble:
in the end each charge has goods or exactly one refund, by the shop's books and by the bank's."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from data.kernel.database import Database
from tests.crash.crowd import Crowd
from tests.crash.premises import count, opened_shop, refunds_under_way, served, wait_for
from tests.crash.reckoning import GIVE_UP_GROUPS, come_to_rest, is_sound

_PEOPLE = 40
# What so many orders meet whatever the seed and the machine's speed: chance gives sixty less.
_MUST_BE_MET = {
    60: {"order ready"},
    2000: {"order ready", "order refunded", "order expired", "refund succeeded"},
}


_ON_POSTGRESQL = (pytest.mark.postgresql, pytest.mark.slow)
_FEW, _MANY = (60, 3000, 3), (2000, 15_000, 30)


@pytest.mark.parametrize(
    ("each_database", "orders", "longest_life", "deaths"),
    [
        pytest.param("sqlite", *_FEW, id="60-sqlite"),
        pytest.param("postgresql", *_FEW, id="60-postgresql", marks=_ON_POSTGRESQL),
        pytest.param("sqlite", *_MANY, id="2000-sqlite", marks=pytest.mark.slow),
        pytest.param("postgresql", *_MANY, id="2000-postgresql", marks=_ON_POSTGRESQL),
    ],
    indirect=["each_database"],
)
def test_killed_anywhere_under_load_each_charge_has_goods_or_exactly_one_refund(
    each_database: Database,
    tmp_path: Path,
    orders: int,
    longest_life: int,
    deaths: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = opened_shop(each_database, tmp_path, people=_PEOPLE, units=orders)
    shop = replace(shop, longest_life=longest_life)
    with served(shop):
        again = Crowd(shop.port, shop.seed).buy(orders)
        # Some may have to wait for a question that is hours of the shop away: that is for the rest.
        wait_for(lambda: refunds_under_way(each_database) <= orders // 100)
        wait_for(lambda: count(tmp_path, "deaths") >= deaths)  # looking for work, they go on
    found = come_to_rest(shop, GIVE_UP_GROUPS)
    assert is_sound(shop, found.now, monkeypatch)
    assert found.charges > orders / 2
    assert _MUST_BE_MET[orders] <= set(found.states)
    sys.stdout.write(f"{orders} orders, killed {count(tmp_path, 'deaths')} times of ")
    sys.stdout.write(f"{count(tmp_path, 'lives')} lives, asked again {again} times; {found}\n")
