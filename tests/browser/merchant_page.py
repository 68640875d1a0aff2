"""A merchant's own site on another host, with a strict content policy and our script on it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl

from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect
from sqlalchemy import select

from bot.webchat.sites import Look, open_site, read_origins
from data.kernel.database import Database
from data.kernel.encryption import CIPHER, FieldCipher
from data.merchants import Merchant
from tests.browser.chromium import DESK, Visit, visit
from tests.browser.demo_process import NOW, Demo, free_port, let_live, thrown_away
from tests.crash.nursery import Nursery

# To a browser the shop's own site and another one: it lets our frame keep things on the first, and
# on the second, as here, nothing but a cookie of its own.
NEAR, FAR = "127.0.0.1", "localhost"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A tea shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><h1>A tea shop</h1><p><a href="#" data-tuanzi-open>Ask us</a></p><p>Since 1887.</p>
<script src="{shop}/widget.js" data-shop="{account}" {more} async></script></body></html>"""
# What a merchant who is careful allows: our script, our frame, and nothing else.
_POLICY = "default-src 'none'; script-src {shop}; frame-src {shop}"


@dataclass(slots=True)
class MerchantSite:
    """The merchant's page; the shop behind it may be killed and begun anew."""

    page: "Pages"
    shop: Demo
    nursery: Nursery
    begun: int = 0

    def kill(self) -> None:
        self.nursery.kill()

    def begin(self) -> None:
        """Time has gone on meanwhile."""
        self.begun += 1
        now = datetime.fromisoformat(NOW) + timedelta(minutes=10 * self.begun)
        port = int(self.shop.address.rpartition(":")[2])
        self.shop = let_live(self.nursery, self.shop.folder, port, now=now.isoformat())


@dataclass(slots=True)
class Widget:
    """The chat as a visitor of the merchant's page has it."""

    visit: Visit

    @property
    def page(self) -> Page:
        return self.visit.page

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe[data-tuanzi]")

    @property
    def panel(self) -> Locator:
        return self.frame.get_by_role("dialog")

    @property
    def mine(self) -> Locator:
        return self.frame.locator(".row.mine")

    @property
    def theirs(self) -> Locator:
        return self.frame.locator(".row.shop")

    def open(self) -> None:
        self.frame.locator("#launch").click()
        expect(self.panel).to_be_visible()

    def say(self, text: str) -> None:
        field = self.frame.locator("#text")
        field.fill(text)
        field.press("Enter")

    def hear(self, text: str) -> Locator:
        """Say it and wait for the shop's answer; gives its last message."""
        before = self.theirs.count()
        self.say(text)
        return self.answered(before)

    def press(self, name: str) -> Locator:
        before = self.theirs.count()
        self.frame.get_by_role("button", name=name, exact=True).last.click()
        return self.answered(before)

    def answered(self, before: int) -> Locator:
        expect(self.theirs.nth(before)).to_be_visible()
        expect(self.frame.locator("#typing")).to_be_hidden()
        return self.theirs.last

    def tab(self) -> "Widget":
        """The same visitor, once more."""
        again = Widget(replace(self.visit, page=self.visit.context.new_page()))
        again.page.goto(self.page.url)
        expect(again.frame.locator("#launch")).to_be_visible()
        return again


@contextmanager
def merchant_site(nursery: Nursery, seeded: Path) -> Iterator[MerchantSite]:
    with thrown_away() as folder:
        shutil.copytree(seeded, folder, dirs_exist_ok=True)
        port = free_port()
        page = Pages(f"http://127.0.0.1:{port}")
        page.account = _connect(folder, [page.at(FAR), page.at(NEAR)])
        thread = Thread(target=page.serve_forever)
        thread.start()
        try:
            yield MerchantSite(page, let_live(nursery, folder, port), nursery)
        finally:
            nursery.kill()
            page.shutdown()
            thread.join()
            page.server_close()


def a_widget(
    browser: Browser,
    site: MerchantSite,
    path: str = "/",
    *,
    host: str = FAR,
    locale: str = "en-US",
    size: tuple[int, int] = DESK,
    scheme: str = "light",
) -> Widget:
    """A visitor on the merchant's page; the chat is closed."""
    address = site.page.at(host)
    visited = visit(browser, address, locale=locale, size=size, scheme=scheme)
    visited.page.goto(address + path)
    widget = Widget(visited)
    expect(widget.frame.locator("#launch")).to_be_visible()
    return widget


def _connect(folder: Path, origins: list[str]) -> str:
    """As `tuanzi connect-web` does."""
    (file,) = folder.glob("demo-*.db")
    cipher = FieldCipher([(folder / "demo.key").read_text().strip()])
    database = Database(f"sqlite:///{file}", info={CIPHER: cipher})
    try:
        with database.transaction() as session:
            return open_site(
                session,
                merchant_id=session.scalars(select(Merchant.id)).one(),
                origins=read_origins(origins),
                look=Look(),
                now=datetime.fromisoformat(NOW),
            ).id
    finally:
        database.close()


class Pages(ThreadingHTTPServer):
    """What follows `/?` goes into the tag."""

    account = ""

    def __init__(self, shop: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.shop = shop

    def at(self, host: str) -> str:
        return f"http://{host}:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Pages

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path != "/":
            self.send_response(204)
            self.end_headers()
            return
        more = " ".join(f'data-{name}="{wish}"' for name, wish in parse_qsl(query))
        html = _PAGE.format(shop=self.server.shop, account=self.server.account, more=more)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", _POLICY.format(shop=self.server.shop))
        self.end_headers()
        self.wfile.write(html.encode())

    def log_message(self, *_: object) -> None:
        """The test's output is the test's."""
