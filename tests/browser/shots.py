"""`./dev shots`: remakes the README's pictures from a real Chromium, so that none goes stale."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import CHROMIUM, DESK, PHONE, Visit, chromium, visit
from tests.browser.demo_process import ROOT, demo_process, forked_demo
from tests.browser.merchant_page import a_widget, merchant_site
from tests.crash.nursery import Nursery

FOLDER = ROOT / "docs" / "img"
_MOVING_WIDTH = 1000
_SHORT_MS, _LONG_MS = 900, 2200


@dataclass(frozen=True, slots=True)
class Words:
    """One language's story. `group` are address and name of each friend who buys."""

    browser: str
    gift: str
    choice: str
    address: str
    yes: str
    approve: str
    group: str
    join: str
    count_me_in: str
    confirm: str
    paying: str
    birthday: str


WORDS = {
    "zh-Hans": Words(
        browser="zh-CN",
        gift="给我妈挑个生日礼物，三百以内",
        choice="第二个",
        address="张小兰 13800138000 上海市徐汇区漕溪路 1 号",
        yes="确认",
        approve="付款成功",
        group="@团子 拼团买茶壶",
        join="参团",
        count_me_in="算我一个",
        confirm="确认参团",
        paying="{} 人正在付款",
        birthday="提醒我：我妈的生日是农历八月十五",
    ),
    "zh-Hant": Words(
        browser="zh-TW",
        gift="幫我媽挑個生日禮物，三百以內",
        choice="第二個",
        address="陳小蘭 0912345678 台北市大安區和平東路 1 號",
        yes="確認",
        approve="付款成功",
        group="@團子 揪團買茶壺",
        join="跟團",
        count_me_in="算我一個",
        confirm="確認跟團",
        paying="{} 人正在付款",
        birthday="提醒我：我媽的生日是農曆八月十五",
    ),
    "en": Words(
        browser="en-US",
        gift="something for my brother, he climbs, under $50",
        choice="the second one",
        address="Ann Lee, +1 415 555 2671, 1 Market Street, San Francisco",
        yes="Yes, place it",
        approve="Approve",
        group="@tuanzi group buy teapot",
        join="Join",
        count_me_in="count me in",
        confirm="Yes, I'm in",
        paying="{} paying right now",
        birthday="remind me: my mum's birthday is 3 May",
    ),
}
_STILLS = ("zh-Hans", "en")
FRIENDS = ["小兰", "阿偉", "Jun"]


@dataclass(slots=True)
class Film:
    """Frames of the story as it is acted, saved as one moving picture."""

    page: Page
    frames: list[Image.Image] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def take(self, length: int = _SHORT_MS) -> None:
        picture = Image.open(BytesIO(_still(self.page))).convert("RGB")
        height = picture.height * _MOVING_WIDTH // picture.width
        self.frames.append(picture.resize((_MOVING_WIDTH, height), Image.Resampling.LANCZOS))
        self.lengths.append(length)

    def save(self, name: str) -> None:
        first, *rest = self.frames
        first.save(
            FOLDER / f"{name}.webp",
            save_all=True,
            append_images=rest,
            duration=self.lengths,
            loop=0,
            quality=70,
            method=6,
        )
        _tell(FOLDER / f"{name}.webp")


def main() -> int:
    if not CHROMIUM.exists():
        sys.stderr.write(f"{CHROMIUM}?\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for language in WORDS:
            _with_demo(browser, language, DESK, "light", _hero)
        _with_demo(browser, "en", DESK, "dark", _hero)
        for language in _STILLS:
            _with_demo(browser, language, PHONE, "light", _stills)
        _widgets(browser)
    return 0


Act = Callable[[Visit, str, str], None]


def _with_demo(
    browser: Browser, language: str, size: tuple[int, int], scheme: str, act: Act
) -> None:
    """Each story starts in an empty shop."""
    wishes = {"locale": WORDS[language].browser, "size": size, "scheme": scheme}
    with demo_process() as demo:
        window = visit(browser, demo.address, **wishes)  # type: ignore[arg-type]  # named above
        window.open()
        act(window, language, scheme)
        window.context.close()


def _widgets(browser: Browser) -> None:
    """The chat on a merchant's own page: open on a desk, and on a telephone in the dark."""
    nursery = Nursery()
    try:
        with forked_demo(nursery) as running:
            seeded = Path(shutil.copytree(running.folder, f"{running.folder}-seeded"))
        with merchant_site(nursery, seeded) as site:
            for language, size, scheme in (("zh-Hans", DESK, "light"), ("en", PHONE, "dark")):
                words = WORDS[language]
                wishes = {"locale": words.browser, "size": size, "scheme": scheme}
                widget = a_widget(browser, site, **wishes)  # type: ignore[arg-type]  # named above
                widget.open()
                widget.hear(words.gift)
                _save(widget.page, f"widget.{language}")
                widget.visit.context.close()
        shutil.rmtree(seeded)
    finally:
        nursery.close()


def _hero(window: Visit, language: str, scheme: str) -> None:
    """A gift in private, friends in a group, the price drops, the bill is paid."""
    words, film = WORDS[language], Film(window.page)
    window.hear(lambda: window.say(words.gift))
    film.take(_LONG_MS)
    _everybody_speaks(window, language)
    window.become(FRIENDS[0])
    window.hear(lambda: window.say(words.group, where="group"), where="group")
    film.take(_LONG_MS)
    _others_join(window, words, film)
    for friend in FRIENDS:
        _pay(window, words, friend)
        film.take()
    expect(window.log("group").locator(".team.success")).to_be_visible()
    film.take(_LONG_MS)
    ending = "" if scheme == "light" else f"-{scheme}"
    film.save(f"story-{language}{ending}")
    window.page.locator(".cast input").first.check(force=True)
    _save(window.page, f"demo-{language}-desktop{ending}")


def _stills(window: Visit, language: str, _scheme: str) -> None:
    """One picture for each thing the README promises."""
    page, words = window.page, WORDS[language]
    window.hear(lambda: window.say(words.gift))
    page.locator("#private .log:visible .goods").first.scroll_into_view_if_needed()
    _save(page, f"gift.{language}")
    _bill(window, words, language)
    window.hear(lambda: window.say(words.birthday))
    _save(page, f"birthday.{language}")
    _everybody_speaks(window, language)
    page.locator(".views [data-view=group]").click()
    window.become(FRIENDS[0])
    window.hear(lambda: window.say(words.group, where="group"), where="group")
    _others_join(window, words, None)
    _save(page, f"group.{language}")
    page.locator(".views [data-view=behind]").click()
    _save(page, f"behind.{language}")


def _bill(window: Visit, words: Words, language: str) -> None:
    variants = window.hear(lambda: window.say(words.choice))
    window.hear(variants.get_by_role("button").first.click)
    window.hear(lambda: window.say(words.address))
    window.hear(window.button(words.yes).click)
    with window.context.expect_page() as opened:
        window.log().locator(".bill").get_by_role("link").click()
    paper = opened.value
    paper.wait_for_load_state()
    _save(paper, f"pay.{language}")
    window.hear(lambda: paper.locator("button[value=approved]").click())
    paper.close()


def _everybody_speaks(window: Visit, language: str) -> None:
    for friend in FRIENDS:
        window.become(friend)
        with window.page.expect_response("**/language"):
            window.page.locator("#tongue").select_option("zh-Hant" if language == "en" else "en")
        with window.page.expect_response("**/language"):
            window.page.locator("#tongue").select_option(language)


def _others_join(window: Visit, words: Words, film: Film | None) -> None:
    window.become(FRIENDS[1])
    card = window.log("group").locator(".team")
    card.get_by_role("button", name=words.join).click()
    expect(card).to_contain_text(words.paying.format(2))
    if film:
        film.take()
    window.become(FRIENDS[2])
    window.say(words.count_me_in, where="group")
    expect(card).to_contain_text(words.paying.format(3))
    expect(window.page.locator(".person[data-state=sending]")).to_have_count(0)
    if film:
        film.take()


def _pay(window: Visit, words: Words, friend: str) -> None:
    window.become(friend)
    window.hear(lambda: window.say(words.address))
    window.hear(window.button(words.confirm).click)
    bill = window.page.locator("#bank .bills li", has_text=friend)
    bill.get_by_role("button", name=words.approve, exact=True).click()
    expect(bill).to_have_count(0)


def _still(page: Page) -> bytes:
    return page.screenshot(animations="disabled", caret="hide")


def _save(page: Page, name: str) -> None:
    file = FOLDER / f"{name}.png"
    Image.open(BytesIO(_still(page))).convert("RGB").save(file, optimize=True)
    _tell(file)


def _tell(file: Path) -> None:
    sys.stdout.write(f"{file.relative_to(ROOT)}  {file.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    sys.exit(main())
