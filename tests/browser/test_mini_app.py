"""Our page inside Telegram, in a real browser: Telegram itself is played, as its clients open such
pages, by the address (`#tgWebAppData=…`), and in a browser by a frame of web.telegram.org."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from bot.app import Tuanzi
from bot.settings import Secret
from data.catalogue import Variant
from data.merchants import Merchant
from data.people import ChannelIdentity
from tests import calling
from tests.bot.builders import a_placed_order
from tests.bot.delivery.telegram import ANN, SECRET, an_account, message
from tests.bot.web.test_telegram_init_data import TOKEN, signed
from tests.browser.chromium import PHONE, Visit, visit
from tests.peers.telegram_world import (
    a_shop,
    free_port,
    seed_shop,
    serving,
    shop_settings,
    wait,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_WEB = "https://web.telegram.org/"
_FRAME = '<!doctype html><title>Telegram</title><iframe src="{}" width="380" height="700"></iframe>'
_NOWHERE = "http://127.0.0.1:1"  # Telegram's API: nothing here is said to it


@dataclass(frozen=True, slots=True)
class Shop:
    tuanzi: Tuanzi
    order: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.tuanzi.settings.port}"

    def page(self, raw: str) -> str:
        """As a Telegram client opens the button's address."""
        about = "&tgWebAppVersion=9.0&tgWebAppPlatform=ios"
        return f"{self.address}/visit/telegram/7/{self.order}#tgWebAppData={quote(raw)}{about}"

    def signed(self, **fields: str) -> str:
        return signed(at=self.tuanzi.clock.now(), **fields)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Ann has written to its bot, and has an order that waits for its payment."""
    file: Path = tmp_path_factory.mktemp("mini") / "shop.db"
    seed_shop(file)
    settings = shop_settings(file, port=free_port(), peer=_NOWHERE)
    ours = replace(settings, telegram_token=Secret(TOKEN))
    with serving(a_shop(ours), connected=False) as tuanzi:
        with tuanzi.database.reading() as session:
            merchant = session.scalars(select(Merchant.id)).one()
            variant = session.scalars(select(Variant.id)).first()
        assert variant is not None
        an_account(tuanzi, merchant, external_id="7", secret=SECRET)
        ann = _meet_ann(tuanzi)
        yield Shop(tuanzi, a_placed_order(tuanzi, merchant, ann, variant, address=None))


def _meet_ann(tuanzi: Tuanzi) -> str:
    calling.post(
        f"http://127.0.0.1:{tuanzi.settings.port}/webhooks/telegram/7",
        json=message(1, "hello"),
        headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
    ).raise_for_status()

    def ann() -> str | None:
        with tuanzi.database.reading() as session:
            theirs = ChannelIdentity.external_id == str(ANN)
            return session.scalar(select(ChannelIdentity.person_id).where(theirs))

    return wait(ann, lambda: "Ann")


@pytest.fixture
def phone(browser: Browser, shop: Shop) -> Iterator[Visit]:
    opened = visit(browser, shop.address, locale="en-US", size=PHONE)
    # A page of the internet frames one of this machine here; a browser asks about that.
    opened.context.grant_permissions(["local-network-access"])
    yield opened
    opened.context.close()


def test_the_button_opens_the_order_of_who_pressed_it(phone: Visit, shop: Shop) -> None:
    phone.page.goto(shop.page(shop.signed()))
    phone.page.wait_for_url("**/pay/*")
    expect(phone.page.locator(".sums .total")).to_be_visible()
    assert phone.complaints == []
    assert "tgWebAppData" not in phone.page.url


@pytest.mark.parametrize("who", ["another bot", "nobody"])
def test_what_telegram_did_not_sign_opens_nothing(phone: Visit, shop: Shop, who: str) -> None:
    """T56."""
    if who == "nobody":
        phone.page.goto(f"{shop.address}/visit/telegram/7/{shop.order}")
        expect(phone.page.locator("h1")).to_be_visible()
        assert phone.page.url.endswith(shop.order)
        return
    forged = signed("8:another-bot", at=shop.tuanzi.clock.now())
    with phone.page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        phone.page.goto(shop.page(forged))
    assert answered.value.status == 401
    expect(phone.page.locator(".sums")).to_have_count(0)


def test_telegram_in_a_browser_frames_the_way_and_never_the_payment(
    phone: Visit, shop: Shop
) -> None:
    _framed_by(phone.page, _WEB, shop.page(shop.signed(query_id="framed")))
    press = phone.page.frame_locator("iframe").get_by_role("button", name="Open my order")
    with phone.context.expect_page() as opened:
        press.click()
    opened.value.wait_for_url("**/pay/*")
    expect(opened.value.locator(".sums .total")).to_be_visible()
    expect(press).to_be_hidden()
    assert phone.complaints == []


def test_nobody_else_may_frame_it(phone: Visit, shop: Shop) -> None:
    with phone.page.expect_console_message(lambda line: "frame-ancestors" in line.text):
        _framed_by(phone.page, "https://elsewhere.example/", shop.page(shop.signed()))
    expect(phone.page.frame_locator("iframe").locator("#visit")).to_have_count(0)


def _framed_by(page: Page, address: str, framed: str) -> None:
    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=_FRAME.format(framed.replace("&", "&amp;")))

    page.route(address, answer)
    page.goto(address)
