"""The chat on a merchant's own page, on another host than the shop, in a real Chromium."""

import shutil
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.demo_process import forked_demo
from tests.browser.merchant_page import Widget, a_widget, merchant_site
from tests.browser.shots import WORDS
from tests.crash.nursery import Nursery

_SIZE = (620, 700)


def a_gift(browser: Browser, folder: Path) -> Image.Image:
    """Twice the same window: when the ideas are there, and when the order is paid."""
    nursery = Nursery()
    try:
        with forked_demo(nursery) as running:
            seeded = Path(shutil.copytree(running.folder, folder / "seeded"))
        with merchant_site(nursery, seeded) as site:
            widget = a_widget(browser, site, size=_SIZE)
            try:
                return _beside(*_acted(widget))
            finally:
                widget.visit.context.close()
    finally:
        nursery.close()


def _acted(widget: Widget) -> list[Image.Image]:
    words = WORDS["en"]
    widget.open()
    widget.hear(words.gift)
    widget.frame.locator(".goods").first.scroll_into_view_if_needed()
    found = _still(widget)
    variants = widget.hear(words.choice)
    before = widget.theirs.count()
    variants.get_by_role("button").first.click()
    widget.answered(before)
    widget.hear(words.address)
    bill = widget.press(words.yes).locator(".bill")
    before = widget.theirs.count()
    with widget.visit.context.expect_page() as opened:
        bill.get_by_role("link").click()
    opened.value.locator("button[value=approved]").click()
    expect(widget.theirs.nth(before)).to_be_visible()
    return [found, _still(widget)]


def _still(widget: Widget) -> Image.Image:
    return Image.open(BytesIO(widget.page.screenshot(animations="disabled", caret="hide")))


def _beside(*pictures: Image.Image) -> Image.Image:
    gap = 20
    width, height = pictures[0].size
    sheet = Image.new("RGB", (len(pictures) * (width + gap) - gap, height), "white")
    for place, picture in enumerate(pictures):
        sheet.paste(picture, (place * (width + gap), 0))
    return sheet
