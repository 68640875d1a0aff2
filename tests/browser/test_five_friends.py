"""Five people, each in a browser of their own, four seats, and a price that falls: one leaves, one
comes instead, everybody pays on the page of their link and gets the same difference back."""

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import select

from data.kernel.database import Database
from data.payments import PaymentAttempt, Refund, RefundState
from tests.browser.chromium import Visit, watch
from tests.browser.conftest import Visits
from tests.browser.demo_process import Demo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAN, WEI, JUN, QI = "小兰", "阿偉", "Jun", "Qi"
YOU = ""  # who opens the page and takes nobody else's part
ADDRESSES = {
    LAN: "张小兰 13800138000 上海市徐汇区漕溪路 1 号",
    WEI: "李伟 13900139000 北京市朝阳区建国路 8 号",
    QI: "孙琪 13600136000 南京市玄武区中山路 9 号",
    YOU: "王博 13500135000 成都市武侯区人民路 3 号",
}
# Of the chalk bag, in fen: for a team of two, for four, and what sending it costs.
FIRST, LAST, SHIPPING = 7500, 6500, 1200


def test_five_browsers_one_leaves_one_comes_and_four_get_the_difference_back(
    visits: Visits, demo: Demo
) -> None:
    windows = {name: window_of(visits, name) for name in (LAN, WEI, JUN, QI, YOU)}
    four_come(windows)
    you, card = windows[YOU], team_card(windows[YOU])
    expect(card.get_by_role("button", name="排队候补")).to_be_visible()
    refusal = you.hear(lambda: you.say("+1", where="group"), where="group")
    expect(refusal).to_contain_text("名额都有人占了")
    windows[JUN].say("退团", where="group")
    expect(card).to_contain_text("3 人正在付款")
    card.get_by_role("button", name="参团").click()
    for name, address in ADDRESSES.items():
        pay_on_the_page(windows[name], address)
    for window in windows.values():
        expect(team_card(window).locator(".badge")).to_have_text("已成团")
        expect(team_card(window)).to_contain_text("¥65")
        expect(team_card(window)).to_have_count(1)
        expect(window.log("group").locator(".bill")).to_have_count(0)
    for name in ADDRESSES:
        expect(windows[name].log()).to_contain_text("一共 4 人付款，每件 ¥65")
        expect(windows[name].log()).to_contain_text("差价 ¥10 会退给你")
    expect(windows[JUN].log().locator(".bill")).to_have_count(0)
    windows[LAN].page.get_by_role("button", name="+1 小时").click()  # what is due is then done
    expect(windows[LAN].page.locator("#clock [role=status]")).to_contain_text("现在是")
    assert money_of(demo) == ([FIRST + SHIPPING] * 4, [(RefundState.SUCCEEDED, FIRST - LAST)] * 4)


def window_of(visits: Visits, name: str) -> Visit:
    """Everybody in one language, so that the test reads like one story."""
    window = visits()
    window.open()
    if name != YOU:
        window.become(name)
        with window.page.expect_response("**/language"):
            window.page.locator("#tongue").select_option("zh-Hant")
        with window.page.expect_response("**/language"):
            window.page.locator("#tongue").select_option("zh-Hans")
    return window


def team_card(window: Visit) -> Locator:
    return window.log("group").locator(".team")


def four_come(windows: dict[str, Visit]) -> None:
    """One begins, one says it, two tap; each sees it on the card in their own window."""
    windows[LAN].say("@团子 拼团买粉袋", where="group")
    expect(team_card(windows[LAN])).to_contain_text("1 人正在付款")
    windows[WEI].say("算我一个", where="group")
    expect(team_card(windows[WEI])).to_contain_text("2 人正在付款")
    for count, name in enumerate((JUN, QI), 3):
        team_card(windows[name]).get_by_role("button", name="参团").click()
        expect(team_card(windows[name])).to_contain_text(f"{count} 人正在付款")


def pay_on_the_page(window: Visit, address: str) -> None:
    """Address and bill stay in their own chat; the bill's link leads to the bank's page."""
    window.hear(lambda: window.say(address))
    window.button("确认参团").click()
    with window.context.expect_page() as opened:
        window.log().locator(".bill").get_by_role("link").click()
    paper = opened.value
    watch(paper, window.complaints)
    paper.get_by_role("button", name="付款成功", exact=True).click()
    expect(paper.get_by_role("status")).to_contain_text("已付款，谢谢")
    paper.close()


def money_of(demo: Demo) -> tuple[list[int], list[tuple[str, int]]]:
    """What was paid, and what went back."""
    (file,) = demo.folder.glob("demo-*.db")
    database = Database(f"sqlite:///{file}")
    with database.reading() as session:
        paid = list(session.scalars(select(PaymentAttempt.amount_minor)))
        back = session.execute(select(Refund.state, Refund.amount_minor)).all()
    database.close()
    return paid, [(row.state, row.amount_minor) for row in back]
