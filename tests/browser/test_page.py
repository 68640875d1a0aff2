"""The page under hostile words, without a mouse, without a network, and for a screen reader."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import DESK, PHONE
from tests.browser.conftest import Visits

pytestmark = pytest.mark.browser

# T21: each would set `window.hacked` if it were read as markup or code.
CORPUS = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "' autofocus onfocus=window.hacked=1 x='",
    "javascript:window.hacked=1",
    "</textarea><script>window.hacked=1</script>",
    "{{constructor.constructor('window.hacked=1')()}}",
    "\u2028<iframe srcdoc='<script>top.hacked=1</script>'>",
]


@pytest.mark.parametrize("where", ["private", "group"])
def test_hostile_words_in_a_chat_are_words_t21(visits: Visits, where: str) -> None:
    visit = visits(locale="en-US")
    page = visit.open()
    visit.become("阿偉")  # nobody else's test leaves a question open with him
    for text in CORPUS:
        visit.say(f"@tuanzi {text}", where=where)
        expect(visit.log(where).locator(".person").last).to_contain_text(text.strip())
    expect(page.locator(".person[data-state=sending]")).to_have_count(0)
    page.reload()
    expect(page.locator("body[data-ready]")).to_be_attached()
    expect(visit.log(where).locator(".person").last).to_contain_text("iframe")
    assert page.evaluate("window.hacked") is None
    assert page.locator("iframe").count() == 0


def test_a_hostile_nickname_is_a_name_t21(visits: Visits) -> None:
    visit = visits(locale="en-US")
    page = visit.open()
    for name in CORPUS:
        page.locator("#nickname").fill(name[:40])
        page.locator("#nickname").press("Enter")
        page.locator("#nickname").blur()
        visit.say("hello", where="group")
        visit.say("@tuanzi group buy teapot", where="group")
    expect(page.locator(".person[data-state=sending]")).to_have_count(0)
    page.reload()
    expect(page.locator("body[data-ready]")).to_be_attached()
    assert page.evaluate("window.hacked") is None
    assert page.locator("iframe, svg[onload], img[onerror]").count() == 0


def test_a_visitor_without_a_mouse_shops_too(visits: Visits) -> None:
    visit = visits(locale="en-US")
    page = visit.open()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#say-private")).to_be_focused()
    page.keyboard.type("something for my brother, he climbs, under $50")
    page.keyboard.press("Enter")
    expect(visit.log().locator(".goods").first).to_be_visible()
    # Back from the field: the chips, then the newest answer's buttons, then the cards'.
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.closest('.goods') !== null"):
            break
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) != "none"
    lines = visit.log().locator(".person").count()
    page.keyboard.press("Enter")
    expect(visit.log().locator(".person")).to_have_count(lines + 1)


def test_what_somebody_said_alone_stands_on_their_side_also_when_it_is_told_again(
    visits: Visits,
) -> None:
    visit = visits(locale="en-US")
    page = visit.open()
    visit.become("Qi")
    visit.say("hello")
    expect(page.locator(".person[data-state=sending]")).to_have_count(0)
    visit.become("阿偉")
    page.reload()
    expect(page.locator("body[data-ready]")).to_be_attached()
    visit.become("Qi")
    expect(visit.log().locator(".person").last).to_have_class(re.compile(r"\bmine\b"))


def test_arrow_keys_change_who_one_is(visits: Visits) -> None:
    visit = visits(locale="en-US")
    page = visit.open()
    page.locator(".cast").get_by_role("radio", name="You").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#private-of")).to_contain_text("小兰")
    chip = page.locator(".cast input:checked + .chip")
    assert chip.evaluate("chip => getComputedStyle(chip).outlineStyle") == "solid"


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_everything_one_can_use_has_a_name(visits: Visits, size: tuple[int, int]) -> None:
    visit = visits(locale="en-US", size=size)
    page = visit.open()
    visit.say("help")
    expect(visit.log().locator(".row.shop").first).to_be_visible()
    for view in ("private", "group", "behind"):
        if size == PHONE:
            page.locator(f".views [data-view={view}]").click()
        snapshot = page.locator("body").aria_snapshot()
        nameless = [
            line.strip()
            for line in snapshot.splitlines()
            for role in ("button", "textbox", "combobox", "radio", "link", "spinbutton")
            if line.strip() in {f"- {role}", f"- {role}:"}
        ]
        assert nameless == []
    log = page.locator("#private [role=log]:not([aria-busy=true])").first
    assert log.get_attribute("aria-label") == "Private chat with Tuanzi"


def test_what_did_not_leave_can_be_sent_again(visits: Visits) -> None:
    visit = visits(locale="en-US")
    page = visit.open()
    visit.context.set_offline(True)
    visit.say("hello")
    line = visit.log().locator(".person").last
    expect(line.get_by_role("alert")).to_contain_text("Not sent")
    visit.context.set_offline(False)
    line.get_by_role("button", name="Send again").click()
    expect(visit.log().locator(".row.shop").last).to_be_visible()
    expect(page.locator(".person[data-state=sent]")).not_to_have_count(0)
    visit.complaints.clear()  # the browser says that it was offline; it was


@pytest.mark.parametrize(("tag", "hello"), [("zh-Hant", "想送給誰？"), ("en", "Who is it for?")])
def test_the_language_of_the_page_is_chosen_by_a_button(
    visits: Visits, tag: str, hello: str
) -> None:
    visit = visits()
    page = visit.open()
    page.locator(f".tongues button[lang={tag}]").click()
    expect(page.locator("html")).to_have_attribute("lang", tag)
    visit.settle()
    visit.become("Qi")
    expect(page.locator("#private .hello")).to_contain_text(hello)
