"""shop.yml and campaigns.yml say what the demo needs, and agree with the feed."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from data.kernel.locales import Locale
from data.seeds.source import HERE
from tests.data.seeds.shop import Row, price, rows

LOCALES = {locale.value for locale in Locale}


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(HERE / name)
    return found


CAMPAIGNS: list[dict[str, Any]] = read("campaigns.yml")["campaigns"]


def test_the_merchant_has_a_name_in_three_languages_and_sells_in_yuan() -> None:
    shop = read("shop.yml")
    assert set(shop["name"]) == LOCALES
    assert shop["currency"] == "CNY"
    assert ZoneInfo(shop["timezone"]).key == "Asia/Shanghai"
    assert Decimal(shop["shipping"]["fee"]) < Decimal(shop["shipping"]["free_from"])
    assert (HERE / shop["feed"]).is_file()
    assert (HERE / shop["images"]).is_dir()


def test_rates_only_read_budgets_and_make_50_dollars_about_350_yuan() -> None:
    rates = {code: Decimal(rate) for code, rate in read("shop.yml")["reading_rates"].items()}
    assert {"USD", "TWD", "HKD", "EUR", "GBP", "JPY", "KRW", "SGD"} <= set(rates)
    assert 340 <= 50 * rates["USD"] <= 365


def test_no_secret_lies_in_the_shop_file() -> None:
    shop = read("shop.yml")
    assert {key for member in shop["staff"] for key in member} == {"email", "name", "role"}


def test_the_group_speaks_three_languages() -> None:
    people = read("shop.yml")["group"]["people"]
    assert [person["latin"] for person in people] == ["Lan", "Wei", "Jun", "Qi"]
    assert {person["locale"] for person in people} == LOCALES


def test_there_are_campaigns_for_teams_of_two_to_five() -> None:
    assert len(CAMPAIGNS) >= 4
    assert {campaign["team_size"] for campaign in CAMPAIGNS} >= {2, 3, 5}


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=lambda campaign: campaign["id"])
def test_a_team_pays_less_and_there_is_enough_for_it(campaign: dict[str, Any]) -> None:
    row: Row = {row["id"]: row for row in rows()}[campaign["variant"]]
    assert Decimal(campaign["team_price"]) < price(row)
    assert 2 <= campaign["team_size"] <= 5
    assert campaign["team_size"] <= campaign["set_aside"] <= int(row["quantity"])
    assert 1 <= campaign["per_person"] <= campaign["set_aside"]
    assert 1 <= campaign["window_hours"] <= 24 * campaign["open_days"]
    assert set(campaign["title"]) == LOCALES
