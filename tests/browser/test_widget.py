"""The chat on a merchant's own site with a real browser: a foreign page, a strict policy, J1."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.chromium import DESK, PHONE, visit, watch
from tests.browser.demo_process import ROOT
from tests.browser.merchant_page import FAR, NEAR, MerchantSite, Widget, a_widget, merchant_site
from tests.browser.shots import WORDS
from tests.browser.test_page import CORPUS
from tests.crash.nursery import Nursery

pytestmark = pytest.mark.browser

Widgets = Callable[..., Widget]


@pytest.fixture(scope="module")
def site(nursery: Nursery, _seeded: Path) -> Iterator[MerchantSite]:
    with merchant_site(nursery, _seeded) as running:
        yield running


@pytest.fixture
def widgets(browser: Browser, site: MerchantSite) -> Iterator[Widgets]:
    """Visitors of the page; neither policy stops anything that we want."""
    opened: list[Widget] = []

    def one(path: str = "/", **wishes: object) -> Widget:
        opened.append(a_widget(browser, site, path, **wishes))  # type: ignore[arg-type]  # passed on
        return opened[-1]

    yield one
    complaints = [line for each in opened for line in each.visit.complaints]
    for each in opened:
        each.visit.context.close()
    assert complaints == []
    assert site.shop.broken_rules() == []


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.slow), "zh-Hans"])
def test_a_sentence_on_a_foreign_page_becomes_a_paid_order(widgets: Widgets, language: str) -> None:
    """J1, to the payment link and through it."""
    words = WORDS[language]
    widget = widgets(locale=words.browser)
    widget.open()
    widget.hear(words.gift)
    assert widget.frame.locator(".goods").count() >= 3
    variants = widget.hear(words.choice)
    before = widget.theirs.count()
    variants.get_by_role("button").first.click()
    widget.answered(before)
    widget.hear(words.address)
    bill = widget.press(words.yes).locator(".bill")
    with widget.visit.context.expect_page() as opened:
        bill.get_by_role("link").click()
    paper = opened.value
    watch(paper, widget.visit.complaints)
    before = widget.theirs.count()
    paper.locator("button[value=approved]").click()
    widget.answered(before)  # the receipt comes by itself
    paper.close()
    rows = widget.frame.locator(".row").count()
    widget.page.reload()
    widget.open()
    expect(widget.frame.locator(".row").nth(rows - 1)).to_be_visible()
    # Nothing is lost or doubled; that the day may be kept is offered after the receipt.
    assert rows <= widget.frame.locator(".row").count() <= rows + 1
    expect(widget.frame.locator(".mine em")).to_have_count(1)  # the address is told to nobody


def texts(rows: Locator) -> list[str]:
    return [row.locator(".words").first.inner_text() for row in rows.all()]


@pytest.mark.parametrize("host", [FAR, pytest.param(NEAR, marks=pytest.mark.slow)])
def test_a_server_that_is_killed_loses_nothing_and_doubles_nothing(
    widgets: Widgets, site: MerchantSite, host: str
) -> None:
    widget = widgets(host=host)
    widget.open()
    widget.hear("hello")
    answers = widget.theirs.count()
    site.kill()
    widget.say("help")
    expect(widget.frame.locator("#status")).to_contain_text("No connection")
    expect(widget.mine.last).to_have_attribute("data-state", "sending")
    site.begin()
    widget.answered(answers)
    expect(widget.frame.locator("#status")).to_be_hidden()
    expect(widget.mine.last).to_have_attribute("data-state", "sent")
    assert texts(widget.mine) == ["hello", "help"]
    rows = widget.frame.locator(".row").count()
    widget.page.reload()
    widget.open()
    expect(widget.frame.locator(".row")).to_have_count(rows)
    assert texts(widget.mine) == ["hello", "help"]
    widget.visit.complaints.clear()  # the browser says that nobody answered; nobody did


@pytest.mark.slow
def test_what_was_typed_before_the_page_was_left_is_sent_when_one_is_back(
    widgets: Widgets, site: MerchantSite
) -> None:
    """The browser keeps it where it lets our frame keep things."""
    widget = widgets(host=NEAR)
    widget.open()
    widget.hear("hello")
    answers = widget.theirs.count()
    site.kill()
    widget.say("help")
    expect(widget.mine).to_have_count(2)
    widget.page.goto("about:blank")
    site.begin()
    widget.page.goto(site.page.at(NEAR))
    widget.open()
    widget.answered(answers)
    assert texts(widget.mine) == ["hello", "help"]
    widget.visit.complaints.clear()


def test_lines_typed_offline_go_out_in_order_and_once(widgets: Widgets) -> None:
    widget = widgets(host=NEAR)
    widget.open()
    widget.hear("hello")
    widget.visit.context.set_offline(True)
    for text in ("one", "two", "three"):
        widget.say(text)
    expect(widget.frame.locator(".mine[data-state=waiting]")).to_have_count(3)
    expect(widget.frame.locator("#status")).to_contain_text("No connection")
    widget.visit.context.set_offline(False)
    expect(widget.frame.locator(".mine[data-state=sent]")).to_have_count(4)
    expect(widget.frame.locator("#typing")).to_be_hidden()
    widget.page.reload()
    widget.open()
    expect(widget.mine).to_have_count(4)
    assert texts(widget.mine) == ["hello", "one", "two", "three"]
    widget.visit.complaints.clear()


@pytest.mark.parametrize("host", [FAR, pytest.param(NEAR, marks=pytest.mark.slow)])
def test_two_tabs_show_one_chat(widgets: Widgets, host: str) -> None:
    first = widgets(host=host)
    first.open()
    first.hear("hello")
    second = first.tab()
    second.open()
    expect(second.mine).to_have_count(1)
    answers = second.theirs.count()
    second.say("help")
    second.answered(answers)
    expect(first.mine).to_have_count(2)
    first.say("thanks")
    expect(second.mine).to_have_count(3)
    second.answered(answers + 1)
    expect(first.theirs).to_have_count(second.theirs.count())
    assert texts(first.mine) == texts(second.mine) == ["hello", "help", "thanks"]


@pytest.mark.slow
def test_hostile_words_are_words_and_links_are_the_webs_alone_t21(widgets: Widgets) -> None:
    widget = widgets()
    widget.open()
    for number, text in enumerate(CORPUS, 1):
        widget.say(text)
        expect(widget.frame.locator(".mine[data-state=sent]")).to_have_count(number)
    widget.say("see https://tea.example/a?b=1). שלום javascript:alert(1) \u202edetrever 👩‍👩‍👧")
    link = widget.mine.last.get_by_role("link")
    expect(link).to_have_count(1)
    expect(link).to_have_attribute("href", "https://tea.example/a?b=1")
    expect(link).to_have_attribute("rel", "noopener")
    expect(widget.frame.locator(".mine[data-state=sent]")).to_have_count(len(CORPUS) + 1)
    body = widget.frame.locator("body")
    assert body.evaluate("window.hacked") is None
    assert body.locator("iframe, svg[onload], img[onerror], script:not([src])").count() == 0


def test_a_page_that_is_not_on_the_list_is_shown_no_chat_t43(
    browser: Browser, site: MerchantSite
) -> None:
    elsewhere = visit(browser, "")
    elsewhere.page.goto(site.page.at("tea.localhost"))
    expect(elsewhere.page.locator("iframe[data-tuanzi]")).to_be_attached()
    elsewhere.page.wait_for_timeout(1000)
    assert any("frame-ancestors" in line for line in elsewhere.complaints)
    assert elsewhere.page.frame_locator("iframe[data-tuanzi]").locator("#launch").count() == 0
    elsewhere.context.close()


def test_a_visitor_without_a_mouse_chats_and_finds_the_way_back(widgets: Widgets) -> None:
    widget = widgets()
    page = widget.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Ask us")).to_be_focused()
    page.keyboard.press("Enter")
    expect(widget.frame.locator("#text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(widget.panel).to_be_hidden()
    expect(page.get_by_role("link", name="Ask us")).to_be_focused()
    page.keyboard.press("Tab")
    expect(widget.frame.get_by_role("button", name="Open the chat")).to_be_focused()
    page.keyboard.press("Enter")
    before = widget.theirs.count()
    page.keyboard.type("something for my brother, he climbs, under $50")
    page.keyboard.press("Enter")
    widget.answered(before)
    focused = widget.frame.locator(".goods button:focus")
    for _ in range(14):
        page.keyboard.press("Shift+Tab")
        if focused.count():
            break
    assert focused.evaluate("button => getComputedStyle(button).outlineStyle") != "none"
    lines = widget.mine.count()
    page.keyboard.press("Enter")
    expect(widget.mine).to_have_count(lines + 1)


@pytest.mark.parametrize("size", [PHONE, pytest.param(DESK, marks=pytest.mark.slow)])
def test_everything_one_can_use_has_a_name_and_fits(
    widgets: Widgets, size: tuple[int, int]
) -> None:
    widget = widgets(size=size)
    frame = widget.page.locator("iframe[data-tuanzi]")
    expect(frame).to_have_attribute("title", "Chat with Tuanzi Gift Shop")
    widget.open()
    widget.hear("something for my brother, he climbs, under $50")
    snapshot = widget.frame.locator("body").aria_snapshot()
    nameless = [
        line.strip()
        for line in snapshot.splitlines()
        for role in ("button", "textbox", "link", "dialog", "log", "group")
        if line.strip() in {f"- {role}", f"- {role}:"}
    ]
    assert nameless == []
    assert '- dialog "Chat with Tuanzi Gift Shop"' in snapshot
    log = widget.frame.get_by_role("log", name="Conversation")
    expect(log).to_have_attribute("aria-busy", "false")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert widget.frame.locator("body").evaluate(wide) <= 0
    assert widget.visit.overflow() <= 0
    box = frame.bounding_box()
    assert box is not None
    if size == PHONE:
        assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, *PHONE)
    else:
        assert box["width"] < 400


@pytest.mark.slow
def test_a_picture_is_sent_and_shown_again(widgets: Widgets, tmp_path: Path) -> None:
    widget = widgets()
    widget.open()
    before = widget.theirs.count()
    picture = ROOT / "data" / "seeds" / "images" / "titanium-mug.png"
    widget.frame.locator("#file").set_input_files(picture)
    widget.answered(before)
    expect(widget.mine).to_have_count(1)
    widget.page.reload()
    widget.open()
    shown = widget.mine.get_by_role("img", name="Picture you sent")
    expect(shown).to_be_visible()
    expect(shown).to_have_js_property("complete", value=True)
    assert shown.evaluate("picture => picture.naturalWidth") > 0
    script = tmp_path / "page.html"
    script.write_text("<script>window.hacked = 1</script>")
    widget.frame.locator("#file").set_input_files(script)
    expect(widget.frame.locator("#status")).to_contain_text("Only pictures")
    expect(widget.mine).to_have_count(1)


@pytest.mark.slow
def test_the_tag_says_how_it_looks(widgets: Widgets) -> None:
    wishes = {"lang": "zh-TW", "side": "left", "theme": "dark", "colour": "#f2c94c"}
    widget = widgets("/?" + urlencode({**wishes, "title": "茶行小幫手"}))
    expect(widget.page.locator("iframe[data-tuanzi]")).to_have_attribute("title", "茶行小幫手")
    box = widget.page.locator("iframe[data-tuanzi]").bounding_box()
    assert box is not None
    assert box["x"] < 20
    widget.open()
    expect(widget.frame.get_by_role("heading", name="茶行小幫手")).to_be_visible()
    expect(widget.frame.locator("#hello")).to_contain_text("想找點什麼")
    root = widget.frame.locator("html")
    expect(root).to_have_attribute("lang", "zh-Hant")
    expect(root).to_have_attribute("data-theme", "dark")
    head = widget.frame.locator("header")
    colours = head.evaluate("e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]")
    assert colours == ["rgb(242, 201, 76)", "rgb(0, 0, 0)"], "black is read on yellow"


@pytest.mark.slow
def test_behind_a_proxy_that_keeps_streams_back_it_asks_instead(widgets: Widgets) -> None:
    """The chat gives a stream eight seconds for its first words."""
    widget = widgets()
    widget.page.route("**/stream?*", lambda _route: None)
    widget.open()
    widget.say("hello")
    expect(widget.theirs.first).to_be_visible()
    answers = widget.theirs.count()
    with widget.page.expect_request("**/messages?*wait=20"):
        widget.hear("help")
    assert widget.theirs.count() > answers
