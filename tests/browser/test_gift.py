"""J1 with a real browser: from a sentence to a bill that is paid on its own page."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import PHONE, Visit, watch
from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Words:
    """What is said and what must be read, in one language."""

    browser: str
    chip: str
    choice: str
    address: str
    yes: str
    approve: str
    thanks: str
    receipt: str


WORDS = {
    "zh-Hans": Words(
        browser="zh-CN",
        chip="给我妈挑个生日礼物，三百以内",
        choice="第二个",
        address="张小兰 13800138000 上海市徐汇区漕溪路 1 号",
        yes="确认",
        approve="付款成功",
        thanks="已付款，谢谢",
        receipt="收到",
    ),
    "en": Words(
        browser="en-US",
        chip="something for my brother, he climbs, under $50",
        choice="the second one",
        address="Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco",
        yes="Yes, place it",
        approve="Approve the payment",
        thanks="Paid, thank you",
        receipt="We have your payment",
    ),
}


def order(visit: Visit, words: Words) -> None:
    """Until the bill stands in the chat."""
    chip = visit.page.locator("#private").get_by_role("button", name=words.chip)
    visit.hear(chip.click)
    assert visit.log().locator(".goods").count() >= 3
    variants = visit.hear(lambda: visit.say(words.choice))
    visit.hear(variants.get_by_role("button").first.click)
    visit.hear(lambda: visit.say(words.address))
    visit.hear(visit.button(words.yes).click)
    expect(visit.log().locator(".bill").last).to_be_visible()


def shopper(language: str) -> str:
    """Nobody else's chat: each language has somebody of its own."""
    return {"zh-Hans": "小兰", "en": "Jun"}[language]


@pytest.mark.parametrize("language", list(WORDS))
def test_a_sentence_becomes_a_paid_order(visits: Visits, language: str) -> None:
    words = WORDS[language]
    visit = visits(locale=words.browser)
    page = visit.open()
    visit.become(shopper(language))
    order(visit, words)
    bill = page.locator("#bank .bills li", has_text=shopper(language))
    expect(bill).to_have_count(1)
    with visit.context.expect_page() as opened:
        visit.log().locator(".bill").get_by_role("link").click()
    paper = opened.value
    watch(paper, visit.complaints)
    paper.get_by_role("button", name=words.approve, exact=True).click()
    expect(paper.get_by_role("status")).to_contain_text(words.thanks)
    # What the shop offers next (to keep the day) may already stand below it.
    expect(visit.log().locator(".row.shop", has_text=words.receipt)).to_have_count(1)
    expect(bill).to_have_count(0)
    expect(page.locator("#happened .fact", has_text="orders").first).to_contain_text("ready")
    page.reload()
    expect(page.locator("body[data-ready]")).to_be_attached()
    expect(visit.log().locator(".bill")).to_have_count(1)
    expect(visit.log().locator(".person")).to_have_count(5)


def test_the_address_is_sealed_once_it_is_said_t14(visits: Visits) -> None:
    visit = visits()
    page = visit.open()
    visit.become("阿偉")
    page.locator("#tongue").select_option("zh-Hans")
    order(visit, WORDS["zh-Hans"])
    page.reload()
    expect(visit.log().locator(".person em")).to_have_count(1)
    expect(page.locator("#happened")).not_to_contain_text("漕溪路")


@pytest.mark.parametrize("size", [PHONE, (320, 640)])
def test_nothing_is_wider_than_a_phone(visits: Visits, size: tuple[int, int]) -> None:
    visit = visits(locale="en-US", size=size)
    page = visit.open()
    visit.become("Qi")
    page.locator("#private").get_by_role("button", name=WORDS["en"].chip).click()
    expect(visit.log().locator(".goods").first).to_be_visible()
    for view in ("private", "group", "behind"):
        page.locator(f".views [data-view={view}]").click()
        expect(page.locator(f"#{view}")).to_be_visible()
        assert visit.overflow() <= 0
    expect(page.locator("#happened .moment")).not_to_have_count(0)


def test_the_pay_page_works_without_scripts_on_a_phone(visits: Visits) -> None:
    visit = visits(locale="en-US")
    visit.open()
    order(visit, WORDS["en"])
    path = visit.log().locator(".bill").last.get_by_role("link").get_attribute("href")
    paper = visit.context.browser.new_page(  # type: ignore[union-attr]  # it has one
        java_script_enabled=False, viewport={"width": PHONE[0], "height": PHONE[1]}
    )
    paper.goto(f"{visit.address}{path}")
    paper.get_by_role("button", name="Approve, but lose the answer").click()
    expect(paper.get_by_role("status")).to_contain_text("Asking the bank")
    paper.goto(f"{visit.address}{path}")
    box = paper.locator("article").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    paper.close()
