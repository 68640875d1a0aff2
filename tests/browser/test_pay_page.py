"""A bill in Chromium: inside WeChat a friend pays by its sheet; without any script the bank is
asked, and neither the back button nor a second window pays twice. WeChat, its platform and its
payments are our SIMULATED ones; its bridge is a few lines that note what they were called with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from bot.site import create_site
from data.payments import AttemptState, PaymentAttempt
from tests.bot.builders import a_tuanzi
from tests.bot.pages.shared_team import connect
from tests.browser.chromium import PATIENCE_MS, PHONE, watch
from tests.peers.money.wechat_pay_house import Shop, WechatHouse, a_house
from tests.peers.telegram_world import free_port, serving
from tests.peers.wechat_platform import APP_ID, SECRET, Remote, running_platform

IN_WECHAT = "Mozilla/5.0 (Linux; Android 14) Mobile MicroMessenger/8.0.60"
_BRIDGE = """
window.WeixinJSBridge = {
  invoke: (name, told, done) => { window.asked = { name, told }; window.done = done; },
};
"""


@dataclass(slots=True)
class Till:
    """A shop that serves, and windows at its bills; what a page complains of is kept."""

    house: WechatHouse
    shop: Shop
    address: str
    browser: Browser
    complaints: list[str]

    def a_bill(self) -> str:
        return f"{self.address}{self.house.link(self.house.order(self.shop))}"

    def window(self, **wishes: object) -> Page:
        width, height = PHONE
        context = self.browser.new_context(
            locale="zh-CN",
            viewport={"width": width, "height": height},
            **wishes,  # type: ignore[arg-type]  # passed on
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        watch(page, self.complaints)
        return page

    def taken(self) -> int:
        with self.house.tuanzi.database.reading() as session:
            captured = PaymentAttempt.state == AttemptState.CAPTURED
            return session.scalar(select(func.count()).where(captured)) or 0


@pytest.fixture(scope="module")
def platform() -> Iterator[Remote]:
    with running_platform() as remote:
        yield remote


@pytest.fixture
def till(tmp_path: Path, platform: Remote, browser: Browser) -> Iterator[Till]:
    blank = a_tuanzi(tmp_path / "routes.db")
    site = create_site(blank, works=False)
    blank.close()
    with a_house(tmp_path, site) as house:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        here = replace(
            house.tuanzi.settings,
            port=port,
            public_url=address,
            wechat_api=platform.url,
            wechat_site=platform.url,
            egress_allowed=(ip_network("127.0.0.0/8"),),
        )
        house.tuanzi = replace(house.tuanzi, settings=here)
        shop = house.opens_a_shop(on_hand=20)
        connect(house.tuanzi, shop.merchant, APP_ID, SECRET)
        opened = Till(house, shop, address, browser, [])
        with serving(house.tuanzi, connected=False):
            yield opened
        for context in browser.contexts:
            context.close()
        assert opened.complaints == []


def test_a_friend_inside_wechat_presses_once_and_its_sheet_opens(till: Till) -> None:
    page = till.window(user_agent=IN_WECHAT, extra_http_headers={"x-openid": "o_friend"})
    page.add_init_script(_BRIDGE)
    bill = till.a_bill()
    page.goto(bill)
    page.get_by_role("link", name="微信支付").click()
    page.wait_for_url(f"{bill}/go*")
    page.wait_for_function("window.asked")
    asked = page.evaluate("window.asked")
    assert asked["name"] == "getBrandWCPayRequest"
    assert asked["told"]["appId"] == APP_ID
    ((number, order),) = till.house.face.orders.items()
    assert order.told["payer"] == {"openid": "o_friend"}
    till.house.face.pays(number)
    page.goto(f"{till.address}/pay/back/{number}")
    expect(page.get_by_role("status")).to_contain_text("已付款")
    page.goto(bill)
    expect(page.get_by_role("status")).to_contain_text("已付款")
    expect(page.get_by_role("link", name="微信支付")).to_have_count(0)


def test_where_the_platform_tells_nobody_the_other_ways_are_there(
    till: Till, platform: Remote
) -> None:
    page = till.window(user_agent=IN_WECHAT, extra_http_headers={"x-openid": "o_friend"})
    bill = till.a_bill()
    page.goto(bill)
    platform.refuse(path="/sns/oauth2/access_token", code=40163)
    page.get_by_role("link", name="微信支付").click()
    expect(page.get_by_role("alert")).to_contain_text("没有扣款")
    expect(page.get_by_role("link", name="微信支付")).to_be_visible()
    page.get_by_role("button", name="付款成功", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已付款")


def test_without_script_the_back_button_and_a_second_window_pay_nothing_again(till: Till) -> None:
    bill = till.a_bill()
    first, second = till.window(java_script_enabled=False), till.window(java_script_enabled=False)
    second.goto(bill)
    first.goto(bill)
    first.get_by_role("button", name="付款成功", exact=True).click()
    expect(first.get_by_role("status")).to_contain_text("已付款")
    first.go_back()
    expect(first.get_by_role("status")).to_contain_text("已付款")
    expect(first.get_by_role("button")).to_have_count(0)
    second.get_by_role("button", name="付款成功", exact=True).click()  # as it was written before
    expect(second.get_by_role("status")).to_contain_text("已付款")
    assert till.taken() == 1


def test_without_script_a_code_is_shown_at_a_desk_and_the_page_goes_on_when_it_is_paid(
    till: Till,
) -> None:
    bill = till.a_bill()
    page = till.window(java_script_enabled=False)
    page.goto(bill)
    page.get_by_role("button", name="微信支付").click()
    page.wait_for_url(f"{bill}/go*")
    expect(page.get_by_role("img")).to_be_visible()
    ((number, _),) = till.house.face.orders.items()
    till.house.face.pays(number)
    call = till.house.face.paid_notice(number)
    assert till.house.told(till.shop, call).status_code == 200
    page.wait_for_url(f"{bill}?asked=1", timeout=60_000)  # it looks again every ten seconds
    expect(page.get_by_role("status")).to_contain_text("已付款")
