"""The figures of the steps as the shop sees them: page, file and API tell the same."""

import csv
from io import StringIO

import pytest

from bot.channels.rest import RestMetadata
from bot.web.csv import csv_file
from data.analytics import FIGURES
from tests.bot.browser import Browser
from tests.bot.builders import speak
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.bot.flow_files import WARMER

WISH = "我想挑个礼物"


def spoken(street: Street, *, who: str) -> None:
    about = RestMetadata(name=who, locale="zh-Hans")
    speak(street.tuanzi, street.ours.merchant, WISH, who=who, about=about)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))


def test_page_file_and_api_tell_the_same_of_both_versions(
    street: Street, owner: Browser, api: TestClient
) -> None:
    spoken(street, who="mei")
    draft = api.post("/api/v1/flows/draft", json={"sources": WARMER}).json()["sha"]
    api.post("/api/v1/flows/publish", json={"sha": draft})
    spoken(street, who="wei")
    items = api.get("/api/v1/flows/steps").json()["items"]
    asked = [each for each in items if each["asked"] and not each["flow"].startswith("pattern_")]
    assert [(each["version"], each["entered"]) for each in asked] == [
        (draft, 1),
        (street.ours.flows, 1),
    ], "the same step of both versions, the live one first"
    file = api.get("/api/v1/flows/steps.csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    told = rows_of(file.text)
    assert [{**row, **{name: int(row[name]) for name in FIGURES}} for row in told] == items
    page = owner.get("/flows/steps").text
    assert asked[0]["step"] in page
    assert draft[:12] in page
    assert rows_of(owner.get("/flows/steps.csv").text) == told


def test_days_before_anything_happened_are_empty_and_senseless_ones_are_refused(
    owner: Browser, api: TestClient
) -> None:
    empty = api.get("/api/v1/flows/steps?first=2020-01-01&last=2020-01-31").json()
    assert empty == {"first": "2020-01-01", "last": "2020-01-31", "items": []}
    assert "Nobody began a flow" in owner.get("/flows/steps?first=2020-01-01&last=2020-01-31").text
    assert api.get("/api/v1/flows/steps?first=2026-12-01&last=2026-11-01").status_code == 422
    for wrong in ("first=2020-01-01", "first=yesterday", "first=2026-12-01&last=2026-11-01"):
        page = owner.get(f"/flows/steps?{wrong}")
        assert page.status_code == 422
        assert "the last thirty are shown" in page.text


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1", "＋1", "－1", "＠A"]
)
def test_no_cell_of_a_file_is_a_formula_t23(cell: str) -> None:
    file = csv_file("a.csv", ("name", "count"), [(cell, -1)])
    (row,) = rows_of(bytes(file.body).decode())
    assert row == {"name": f"'{cell}", "count": "-1"}, "a number stays one"
