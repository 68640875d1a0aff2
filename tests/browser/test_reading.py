"""Reading a chat: what is long, what is newest, and what stands further up."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser


def test_a_long_answer_is_whole_and_the_newest_card_stays_in_view(visits: Visits) -> None:
    """No line scrolls inside its bubble, the banner that a team hangs up takes nothing from its
    card, and who reads further up is not pulled away by what a friend says."""
    visit, other = visits(), visits()
    page = visit.open()
    visit.hear(lambda: visit.say("@团子 拼团怎么玩？", where="group"), where="group")
    rules = visit.log("group").locator(".row.shop").first
    assert rules.locator(".words").evaluate("e => e.scrollHeight - e.clientHeight") == 0
    visit.say("@团子 拼团买茶壶", where="group")
    join = visit.log("group").locator(".team").get_by_role("button", name="参团")
    expect(visit.log("group")).to_contain_text("有人开团啦：三人拼茶壶")  # who has no name yet
    expect(page.locator(".pin")).to_be_visible()
    expect(join).to_be_in_viewport(ratio=1)
    page.locator("#group .scroll:visible").evaluate("e => { e.scrollTop = 0; }")
    other.open()
    other.become("Jun")
    other.hear(lambda: other.say("@团子 拼团怎么玩？", where="group"), where="group")
    expect(visit.log("group").locator(".row.shop .words", has_text="10.")).to_have_count(2)
    expect(rules).to_be_in_viewport()
    expect(join).not_to_be_in_viewport()
