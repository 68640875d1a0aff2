"""J2 with a real browser: one window, four friends, one card that counts."""

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Visit
from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser

FRIENDS = {
    "小兰": "张小兰 13800138000 上海市徐汇区漕溪路 1 号",
    "阿偉": "李偉 13900139000 上海市徐汇区漕溪路 2 号",
    "Jun": "Jun Chen, +1 415 555 2671, 1 Market Street, San Francisco",
}


def speak_simplified(visit: Visit) -> None:
    """Everybody in one language, so that the test reads like one story."""
    for name in FRIENDS:
        visit.become(name)
        visit.page.locator("#tongue").select_option("zh-Hans")


def test_three_friends_buy_together_and_nobody_is_seat_four(visits: Visits) -> None:
    visit = visits()
    page = visit.open()
    speak_simplified(visit)
    visit.become("小兰")
    page.locator("#group .try").click()
    card = visit.log("group").locator(".team")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("1 人正在付款")
    visit.become("阿偉")
    card.get_by_role("button", name="参团").click()
    expect(card).to_contain_text("2 人正在付款")
    visit.become("Jun")
    visit.say("算我一个", where="group")
    expect(card).to_contain_text("3 人正在付款")
    visit.become("Qi")
    private = page.locator("#private .log:visible .row.shop").count()
    refusal = visit.hear(lambda: visit.say("+1", where="group"), where="group")
    expect(refusal).to_contain_text("Qi")  # it is told to her, and no seat is asked to be paid
    assert page.locator("#private .log:visible .row.shop").count() == private
    expect(card).to_contain_text("3 人正在付款")
    for paid, name in enumerate(FRIENDS, 1):
        pay_as(visit, name)
        if paid < len(FRIENDS):
            expect(card).to_contain_text(f"已付款 {paid} 人")
    expect(card.locator(".badge")).to_have_text("已成团")
    expect(card).to_have_count(1)  # the same card from the first word to the last
    expect(page.locator(".pin")).to_be_hidden()


def pay_as(visit: Visit, name: str) -> None:
    """Address and bill stay in their own chat; the bank is played beside it."""
    visit.become(name)
    visit.say(FRIENDS[name])
    visit.button("确认参团").click()
    expect(visit.log().locator(".bill")).to_be_visible()
    expect(visit.log("group").locator(".bill")).to_have_count(0)
    bill = visit.page.locator("#bank .bills li", has_text=name)
    bill.get_by_role("button", name="付款成功").click()
    expect(bill).to_have_count(0)


def test_a_message_for_another_friend_is_counted_on_their_name(visits: Visits) -> None:
    visit, other = visits(), visits()
    visit.open()
    other.open()
    other.become("Qi")
    other.say("hello")
    expect(visit.page.locator(".cast label", has_text="Qi").locator(".news")).to_have_text("1")
    visit.become("Qi")
    expect(visit.log()).to_contain_text("hello")
    expect(visit.page.locator(".cast label", has_text="Qi").locator(".news")).to_be_hidden()
