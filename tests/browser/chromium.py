"""Debian's Chromium under Playwright, and the pages of a demo opened in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
# No sandbox: tests run as root in a container. The rest keeps it from calling home.
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = (1280, 800), (390, 844)
PATIENCE_MS = 20_000  # a busy machine with two cores; a quick one waits no longer than it needs


@contextmanager
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@dataclass(slots=True)
class Visit:
    """One browser window at one demo. What the page complains of is kept."""

    address: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(f"{self.address}{path}")
        if path == "/":
            self.settle()
        return self.page

    def settle(self) -> None:
        """Until the page's scripts have taken hold: before that a click may meet a moving page."""
        expect(self.page.locator("body[data-ready]")).to_be_attached()

    def become(self, name: str) -> None:
        self.page.locator(".cast").get_by_role("radio", name=name).check(force=True)

    def say(self, text: str, *, where: str = "private") -> None:
        field = self.page.locator(f"#say-{where}")
        field.fill(text)
        field.press("Enter")

    def hear(self, act: Callable[[], None], *, where: str = "private") -> Locator:
        """Do something and wait for the shop's answer; gives its last message."""
        rows = self.log(where).locator(".row.shop")
        before = rows.count()
        act()
        expect(rows.nth(before)).to_be_visible()
        expect(self.page.locator(".person[data-state=sending]")).to_have_count(0)
        return rows.last

    def log(self, where: str = "private") -> Locator:
        """The chat one sees."""
        return self.page.locator(f"#{where} .log:visible")

    def button(self, name: str, *, where: str = "private") -> Locator:
        """The newest one of this name."""
        return self.log(where).get_by_role("button", name=name).last

    def overflow(self) -> int:
        """How many pixels the page is wider than its window; of the one before, where a press has
        not led on yet, but never of none."""
        expect(self.page.locator("body")).to_be_visible()
        wider: int = self.page.evaluate(
            "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider


def visit(
    browser: Browser,
    address: str,
    *,
    locale: str = "zh-CN",
    size: tuple[int, int] = DESK,
    scheme: str = "light",
) -> Visit:
    context = browser.new_context(
        locale=locale,
        timezone_id="Asia/Shanghai",
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    visited = Visit(address, context, context.new_page())
    watch(visited.page, visited.complaints)
    return visited


def watch(page: Page, complaints: list[str]) -> None:
    """Errors of scripts, and what the content policy stopped."""
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
