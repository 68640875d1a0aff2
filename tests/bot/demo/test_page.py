"""The page itself: three languages, nothing inline, and a clock that can be turned."""

import re

import pytest
from sqlalchemy import select

from bot.web.headers import APP_POLICY
from bot.web.wording import FOLDER, FOLDERS, catalogue
from data.kernel.locales import Locale
from data.people import ChannelIdentity, Person
from tests.bot.open_demo import Demo

# What a content policy without 'unsafe-inline' would stop.
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.I)


@pytest.mark.parametrize("locale", list(Locale))
def test_the_page_speaks_each_language(demo: Demo, locale: Locale) -> None:
    page = demo.client.get("/", headers={"Accept-Language": locale})
    assert page.status_code == 200
    assert f'<html lang="{locale}">' in page.text
    file = FOLDER / FOLDERS[locale] / "LC_MESSAGES" / "demo_page.po"
    words = {text.id: str(text.string) for text in catalogue(file, locale) if text.id}
    assert words["demo_page.private.hello"] in page.text
    assert "demo_page." not in page.text
    assert all(words.values())


def test_nothing_is_inline_and_nothing_comes_from_elsewhere_t21(demo: Demo) -> None:
    page = demo.client.get("/").text
    assert not _INLINE.search(page)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


@pytest.mark.parametrize(
    "path", ["/", "/demo/clock", "/demo/nothing", "/demo/say", "/openapi.json", "/static/x/demo.js"]
)
def test_every_answer_carries_the_policy_errors_too_t43(demo: Demo, path: str) -> None:
    headers = demo.client.get(path).headers
    assert headers["Content-Security-Policy"] == APP_POLICY
    assert "frame-ancestors 'none'" in APP_POLICY
    assert headers["X-Frame-Options"] == "DENY"


def test_a_chosen_language_is_the_pages_and_the_visitors(demo: Demo) -> None:
    answer = demo.client.post("/demo/language", data={"locale": "zh-Hant"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert '<html lang="zh-Hant">' in demo.client.get("/").text
    with demo.tuanzi.database.reading() as session:
        locale = session.scalar(
            select(Person.locale)
            .join(ChannelIdentity, ChannelIdentity.person_id == Person.id)
            .where(ChannelIdentity.external_id == "you")
        )
    assert locale == "zh-Hant"


def test_the_clock_turns_forward_and_says_what_is_left(demo: Demo) -> None:
    before = demo.client.get("/demo/clock").json()
    after = demo.client.post("/demo/clock", json={"advance": "7 days"}).json()
    assert before["pending"] == after["pending"] == 0
    assert after["now"] > before["now"]
    wanted = "2027-01-01T09:00:00+00:00"
    assert demo.client.post("/demo/clock", json={"now": wanted}).json()["now"] == wanted


@pytest.mark.parametrize(
    "body",
    [
        {"advance": "back"},
        {"advance": "-1 day"},
        {"advance": "9e99 weeks"},
        {"advance": "nan days"},
        {"now": "2020-01-01T00:00:00+00:00"},
        {"now": "2030-01-01T00:00:00"},
        {},
    ],
)
def test_the_clock_refuses_what_is_no_later_moment(demo: Demo, body: dict[str, str]) -> None:
    assert demo.client.post("/demo/clock", json=body).status_code == 422
