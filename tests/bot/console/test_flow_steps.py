"""The figures of the steps as the shop sees them: page, file and API tell the same."""

import csv
import re
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest

from bot.channels.rest import RestMetadata
from bot.settings import ModelAccess
from bot.web.csv import csv_file
from data.analytics import FIGURES
from data.merchants.model_spend import reserve, switch_model
from tests.bot.browser import Browser
from tests.bot.builders import speak
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.bot.console.routes import console_of
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


def figures_of(page: str, title: str) -> list[str]:
    """The tiles below a heading."""
    _, _, section = page.partition(f'class="figures" aria-label="{title}"')
    return re.findall(r"<b>([^<]*)</b>", section.partition("</section>")[0])


def test_whether_people_helped_is_told_beside_the_steps(street: Street, owner: Browser) -> None:
    assert "Whether your people helped" not in owner.get("/flows/steps").text
    chat = f"/chats/{street.ours.conversation}"
    owner.post(f"{chat}/take-over")
    owner.post(f"{chat}/answer", text="已经在路上了")
    owner.post(f"{chat}/hand-back")
    told = owner.get("/flows/steps").text
    assert figures_of(told, "Whether your people helped") == ["1", "0", "0", "1"]
    about = RestMetadata(name="Lan", locale="zh-Hans")
    speak(street.tuanzi, street.ours.merchant, "有帮助", about=about)
    told = owner.get("/flows/steps").text
    assert figures_of(told, "Whether your people helped") == ["1", "1", "0", "0"]


def test_what_a_language_model_has_used_is_told_with_what_is_left(
    street: Street, owner: Browser
) -> None:
    """Only where the operator offers one and the shop has switched it on, or has used it."""
    tuanzi, shop = street.tuanzi, street.ours.merchant
    with tuanzi.database.transaction() as session:
        switch_model(session, merchant_id=shop, on=True)
        for days, tokens in ((0, 1500), (3, 20_000), (40, 7)):
            day = (tuanzi.clock.now() - timedelta(days=days)).date()
            assert reserve(session, merchant_id=shop, day=day, tokens=tokens, limit=200_000)
    assert "Language model" not in owner.get("/flows/steps").text
    access = ModelAccess("https://models.example", "little-one", None, "models.example", 200_000)
    settings = replace(tuanzi.settings, model=access)
    console_of(street.site).state.tuanzi = replace(tuanzi, settings=settings)
    page = owner.get("/flows/steps").text
    assert figures_of(page, "Language model") == ["2", "21,500", "1,500"]
    assert "little-one" in page
    assert "tokens today, of 200,000" in page
    with tuanzi.database.transaction() as session:
        switch_model(session, merchant_id=shop, on=False)
    assert "does not ask it at present" in owner.get("/flows/steps").text
    unused = owner.get("/flows/steps?first=2020-01-01&last=2020-01-31").text
    assert "Language model" not in unused
