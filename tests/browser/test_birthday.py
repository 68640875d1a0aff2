"""J3 with a real browser: the clock is turned, and the reminder comes by itself."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser


def test_a_week_before_the_birthday_a_reminder_with_ideas_arrives(visits: Visits) -> None:
    visit = visits()
    page = visit.open()
    page.locator("#private").get_by_role("button", name="农历八月十五").click()
    expect(visit.log()).to_contain_text("2027年9月15日")
    expect(page.locator("#clock time")).to_contain_text("2027年9月1日")
    page.get_by_role("button", name="+7 天").click()
    expect(page.locator("#clock time")).to_contain_text("2027年9月8日")
    expect(visit.log().locator(".reminder")).to_contain_text("再过 7 天")
    expect(visit.log().locator(".goods")).to_have_count(3)
    visit.button("挑礼物").click()
    expect(visit.log().locator(".row.shop").last).to_contain_text("预算")


def test_the_clock_can_be_turned_by_any_step(visits: Visits) -> None:
    visit = visits(locale="en-US")
    page = visit.open()
    page.locator("#clock summary").click()
    page.get_by_label("How many").fill("30")
    page.get_by_label("Of what").select_option("minutes")
    before = page.locator("#clock time").text_content()
    page.locator("#clock form").get_by_role("button").click()
    expect(page.locator("#clock [role=status]")).to_contain_text("It is now")
    assert page.locator("#clock time").text_content() != before
