"""The console's pages of coupons, gift cards, tax and statements in a real browser, on a desk and a
phone: made by hand, read again, and nothing wider than its window."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from bot.app import Tuanzi, build
from bot.settings import Secret, Settings
from data.kernel.clock import TurnableClock
from data.kernel.encryption import FieldCipher
from data.kernel.locales import Locale
from data.merchants import StaffRole, staff
from data.schema import create_schema
from tests.bot.builders import PASSWORD, Names, a_payment, a_placed_order, a_stocked_shop
from tests.browser.chromium import DESK, PHONE, Visit, visit
from tests.builders import NOW
from tests.peers.telegram_world import free_port, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHINESE = ("zh-CN", Locale.ZH_HANS)
ENGLISH = ("en-US", Locale.EN)
_CODE = re.compile(r"(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}")


@dataclass(frozen=True, slots=True)
class Shop:
    tuanzi: Tuanzi
    names: Names


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    port = free_port()
    settings = Settings(
        database_url=f"sqlite:///{tmp_path_factory.mktemp('prices') / 'shop.db'}",
        public_url=f"http://127.0.0.1:{port}",
        port=port,
        demo=True,
        field_keys=(Secret(FieldCipher.new_key()),),
        sandbox_secret=Secret("the bank's own little secret"),
    )
    tuanzi = build(settings, clock=TurnableClock(NOW))
    with ThreadPoolExecutor(1) as aside:  # the browser's own loop runs in this thread
        names = aside.submit(_stock, tuanzi).result()
    with serving(tuanzi, connected=False):
        yield Shop(tuanzi, names)


def _stock(tuanzi: Tuanzi) -> Names:
    create_schema(tuanzi.database)
    names = a_stocked_shop(tuanzi, called="ours")
    a_payment(tuanzi, a_placed_order(tuanzi, names.merchant, names.person, names.variant))
    return names


@pytest.fixture(
    params=[(*CHINESE, DESK), (*CHINESE, PHONE), (*ENGLISH, DESK), (*ENGLISH, PHONE)],
    ids=["zh-desk", "zh-phone", "en-desk", "en-phone"],
)
def owner(browser: Browser, shop: Shop, request: pytest.FixtureRequest) -> Iterator[Visit]:
    spoken, locale, size = request.param
    with shop.tuanzi.database.transaction() as session:
        colleague = staff.find_staff(session, email=shop.names.emails[StaffRole.OWNER])
        assert colleague is not None
        colleague.locale = locale
    opened = visit(browser, shop.tuanzi.settings.public_url, locale=spoken, size=size)
    page = opened.open("/console/sign-in")
    page.locator("input[name=email]").fill(shop.names.emails[StaffRole.OWNER])
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.locator("header.top")).to_be_visible()
    yield opened
    opened.context.close()
    # A form that was wrong comes back with 422, one that was sent twice with 409.
    assert [line for line in opened.complaints if "422" not in line and "409" not in line] == []


def test_a_coupon_is_made_after_a_slip_and_ended(
    owner: Visit, request: pytest.FixtureRequest
) -> None:
    page, code = (
        owner.page,
        "SPRING" + request.node.name.split("[")[1].upper().strip("]").replace("-", ""),
    )
    page.locator("nav a[href='/console/prices']").click()
    _fits(owner)
    page.locator("a[href='/console/prices/coupons/new']").click()
    _every_field_has_its_words(owner)
    page.locator("[name=code]").fill(code)
    page.locator("main form button").click()
    expect(page.locator("[aria-invalid]")).to_have_count(2)
    expect(page.locator("[name=code]")).to_have_value(code)
    _fits(owner)
    page.locator("[name=percent_off]").fill("10")
    page.locator("[name=goods_from]").fill("50")
    page.locator("main form button").click()
    expect(page.locator("h1")).to_have_text(code)
    expect(page.locator("main > [role=status]")).to_be_visible()
    _fits(owner)
    page.locator("main details summary").click()
    page.locator("form[action$='/end'] button").click()
    expect(page.locator("form[action$='/end']")).to_have_count(0)


def test_gift_cards_are_issued_and_their_codes_seen_once(owner: Visit) -> None:
    page = owner.open("/console/prices/gift-cards/new")
    _every_field_has_its_words(owner)
    page.locator("[name=each]").fill("25")
    page.locator("[name=count]").fill("2")
    page.locator("[name=reason]").fill("抱歉 sorry")
    page.locator("main form button").click()
    expect(page.locator("td.code")).to_have_count(2)
    assert len(set(_CODE.findall(page.content()))) == 2
    _fits(owner)
    page.reload()  # a browser sends the form again
    expect(page.locator("main [role=alert]")).to_be_visible()
    assert not _CODE.findall(page.content())
    page.locator(".crumb a").click()
    _fits(owner)
    page.locator("tr:has(.badge.good) td a").first.click()
    page.locator("main details summary").click()
    page.locator("form[action$='/block'] button").click()
    expect(page.locator("form[action$='/block']")).to_have_count(0)


def test_the_tax_is_set_and_the_ledger_leads_to_orders(owner: Visit) -> None:
    page = owner.open("/console/prices/tax")
    _every_field_has_its_words(owner)
    page.locator("[name=percent]").fill("8.875")
    page.locator("[name=included]").select_option("no")
    page.locator("form.card button").click()
    expect(page.locator("[name=percent]")).to_have_value("8.875")
    _fits(owner)
    page.locator("main details summary").click()
    page.locator("form[action$='/remove'] button").click()
    expect(page.locator("form[action$='/remove']")).to_have_count(0)
    page.locator("nav a[href='/console/ledger']").click()
    page.locator("a[href$='account=revenue']").click()
    _fits(owner)
    page.locator("td a").first.click()
    assert "/console/orders/" in page.url
    _fits(owner)


def _every_field_has_its_words(visited: Visit) -> None:
    fields = visited.page.locator("main :is(input:not([type=hidden]), select, textarea)")
    assert fields.count() > 0
    for number in range(fields.count()):
        assert fields.nth(number).evaluate("field => field.labels.length") == 1


def _fits(visited: Visit) -> None:
    """Nothing makes the page itself wider than its window."""
    assert visited.overflow() == 0
