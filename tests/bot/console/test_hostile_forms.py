"""Forms of the console sent by somebody who means no good: refused, never a broken page."""

import inspect
import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from bot import console
from bot.console import campaign_form, catalogue, doors, flow_sheet, flow_stories, flows, payments
from data.merchants import StaffRole
from tests.bot.browser import Browser
from tests.bot.builders import a_payment, a_placed_order
from tests.bot.conftest import SignIn, Street
from tests.bot.console.routes import places

_ASKED = re.compile(r'form\.get(?:list)?\("(\w+)"')
HOSTILE = {
    "nothing": "",
    "a zero byte": "x\0y",
    "a long one": "9" * 5_000,
    "no number": "nan",
    "endless": "1e999999",
    "below zero": "-1",
    "a number no column takes": str(2**70),
    "a fraction of a coin": "0.0001",
    "markup": "<script>alert(1)</script>",
    "another script": "٣",
    "a day past all calendars": "9999-12-31",
    "a day before them": "0001-01-01",
}


def fields() -> set[str]:
    """Every field that any form of the console reads."""
    names = set()
    for room in vars(console).values():
        if inspect.ismodule(room):
            for model in vars(room).values():
                if inspect.isclass(model) and issubclass(model, BaseModel):
                    names |= set(model.model_fields)
    for room in (campaign_form, catalogue, doors, flow_sheet, flow_stories, flows, payments):
        names |= set(_ASKED.findall(inspect.getsource(room)))
    return names


def _unsafe(street: Street) -> Iterator[str]:
    for place in places(street.site, street.ours):
        if place.is_unsafe and place.name not in ("sign_in", "sign_out"):
            yield place.path.removeprefix("/console")


def test_the_walk_knows_the_fields() -> None:
    assert {
        "tracking",
        "amount",
        "once",
        "code",
        "percent",
        "feed",
        "text",
        "each",
        "modes",
    } <= fields()


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_whatever_stands_in_a_form_no_page_breaks(
    owner: Browser, street: Street, value: str
) -> None:
    """A server's error would come up here: the client lets none pass."""
    for path in _unsafe(street):
        answer = owner.post(path, **dict.fromkeys(fields(), value))
        assert answer.status_code < 500, path


def _files_at(owner: Browser, path: str, names: list[str]) -> int:
    files = [(name, ("x.txt", b"\xff\xfe", "text/plain")) for name in names]
    data = {"csrf": owner.token}
    return owner.client.post(f"/console{path}", data=data, files=files).status_code


def test_files_where_words_belong_break_no_page(owner: Browser, street: Street) -> None:
    for path in _unsafe(street):
        assert _files_at(owner, path, sorted(fields())) < 500, path


@pytest.mark.slow  # four thousand forms: a minute
def test_a_file_where_one_word_belongs_breaks_no_page(owner: Browser, street: Street) -> None:
    for path in _unsafe(street):
        for name in sorted(fields()):
            assert _files_at(owner, path, [name]) < 500, (path, name)


def test_days_of_the_steps_at_the_ends_of_the_calendar(owner: Browser) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        for page in ("steps", "steps.csv"):
            answer = owner.get(f"/flows/{page}?first={day}&last={day}")
            assert answer.status_code < 500, page


@pytest.mark.parametrize("room", ["orders", "parcels"])
def test_a_parcels_number_that_is_too_long_is_said_beside_its_field(
    sign_in: SignIn, street: Street, room: str
) -> None:
    """It came back as an error of ours."""
    ours = street.ours
    order = a_placed_order(street.tuanzi, ours.merchant, ours.person, ours.variant)
    a_payment(street.tuanzi, order)
    for locale in ("zh-Hans", "zh-Hant", "en"):
        browser = sign_in(StaffRole.OWNER)
        browser.post("/language", locale=locale)
        answer = browser.post(f"/{room}/{order}/ship", tracking="7" * 121)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert f'<html lang="{locale}">' in answer.text
        assert "7" * 121 in answer.text, "what was typed stands there again"
    assert browser.post(f"/{room}/{order}/ship", tracking="7" * 120).status_code == 303
