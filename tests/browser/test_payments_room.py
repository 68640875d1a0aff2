"""The console's page of payments in a real browser, with a SIMULATED provider behind it: an account
connected by hand, and what waits for a person, on a desk and on a phone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.app import Tuanzi, build
from bot.settings import Secret, Settings
from data.kernel.clock import TurnableClock
from data.kernel.encryption import FieldCipher
from data.kernel.locales import Locale
from data.merchants import StaffRole, staff
from data.payments.accounts import enabled_account
from data.schema import create_schema
from integrations.payments.kinds import Finding
from tests.bot.builders import PASSWORD, Names, a_stocked_shop
from tests.bot.console.made_up_bank import CANARY, NAME, MadeUpBank
from tests.bot.console.money_trouble import (
    a_dead_question,
    a_failed_refund,
    a_standstill,
    an_odd_notice,
)
from tests.browser.chromium import DESK, PHONE, Visit, visit
from tests.builders import NOW
from tests.peers.telegram_world import free_port, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHINESE = ("zh-CN", Locale.ZH_HANS)
ENGLISH = ("en-US", Locale.EN)


@dataclass(frozen=True, slots=True)
class Shop:
    tuanzi: Tuanzi
    names: Names
    bank: MadeUpBank


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One of each kind of trouble waits in it."""
    port = free_port()
    settings = Settings(
        database_url=f"sqlite:///{tmp_path_factory.mktemp('payments') / 'shop.db'}",
        public_url=f"http://127.0.0.1:{port}",
        port=port,
        demo=True,
        field_keys=(Secret(FieldCipher.new_key()),),
        sandbox_secret=Secret("the bank's own little secret"),
    )
    tuanzi = build(settings, clock=TurnableClock(NOW))
    with ThreadPoolExecutor(1) as aside:  # the browser's own loop runs in this thread
        names = aside.submit(_stock, tuanzi).result()
    bank = MadeUpBank()
    bank.move_in(tuanzi)
    with serving(tuanzi, connected=False):
        yield Shop(tuanzi, names, bank)


def _stock(tuanzi: Tuanzi) -> Names:
    create_schema(tuanzi.database)
    names = a_stocked_shop(tuanzi, called="ours")
    for trouble in (a_standstill, an_odd_notice, a_failed_refund, a_dead_question):
        trouble(tuanzi, names)
    return names


@pytest.fixture(
    params=[(*CHINESE, DESK), (*CHINESE, PHONE), (*ENGLISH, DESK), (*ENGLISH, PHONE)],
    ids=["zh-desk", "zh-phone", "en-desk", "en-phone"],
)
def owner(browser: Browser, shop: Shop, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """The owner at the desk, signed in; nothing is connected yet."""
    spoken, locale, size = request.param
    _speaks(shop, locale)
    opened = visit(browser, shop.tuanzi.settings.public_url, locale=spoken, size=size)
    page = opened.open("/console/sign-in")
    page.locator("input[name=email]").fill(shop.names.emails[StaffRole.OWNER])
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.locator("header.top")).to_be_visible()
    yield opened
    opened.context.close()
    # A form that was wrong comes back with 422, and a browser says so.
    assert [line for line in opened.complaints if "422" not in line] == []


def _speaks(shop: Shop, locale: Locale) -> None:
    with shop.tuanzi.database.transaction() as session:
        colleague = staff.find_staff(session, email=shop.names.emails[StaffRole.OWNER])
        assert colleague is not None
        colleague.locale = locale


def test_an_account_is_connected_checked_and_left(owner: Visit, shop: Shop) -> None:
    page = owner.page
    page.locator("nav a[href='/console/payments']").click()
    _fits(owner)
    form = page.locator("section.card form[action$='/accounts/paypal']")
    page.locator("section.card summary").first.click()
    form.locator("[name=account]").fill("acct_of_the_shop")
    form.locator("[name=mode]").select_option("sandbox")
    form.locator("[name=key]").fill(CANARY)
    form.locator("[name=chain]").fill("-----BEGIN-----\nlines\n-----END-----")
    shop.bank.findings = (Finding(False, "key", vital=True),)
    form.locator("button").click()
    expect(page.locator("section.card [role=alert]")).to_be_visible()
    expect(form.locator("[name=key]")).to_have_value("")
    expect(form.locator("[name=account]")).to_have_value("acct_of_the_shop")
    assert CANARY not in page.content()
    _fits(owner)
    shop.bank.findings = (Finding(True, "key"),)
    form.locator("[name=key]").fill(CANARY)
    form.locator("button").click()
    expect(page.locator("main > [role=status]")).to_be_visible()
    expect(page.locator("input[readonly]")).to_have_value(_address(shop))
    page.locator("form[action$='/check'] button").click()
    expect(page.locator("section.card [role=status]")).to_be_visible()
    _fits(owner)
    page.locator("section.card summary").last.click()
    page.locator("form[action$='/disconnect'] button").click()
    expect(page.locator("input[readonly]")).to_have_count(0)


def test_the_alarm_leads_to_what_waits_and_that_to_its_order(owner: Visit, shop: Shop) -> None:
    page = owner.page
    page.locator("[role=alert] a").click()
    entries = page.locator("section.problems li")
    expect(entries).to_have_count(4)
    _fits(owner)
    entries.first.locator("summary").click()
    expect(entries.first.locator("form[action$='/payments/ask'] button")).to_be_visible()
    entries.nth(1).locator(".meta a").click()
    expect(page.locator("h1")).to_be_visible()
    assert page.url.endswith(f"/orders/{shop.names.order}")


def _address(shop: Shop) -> str:
    with shop.tuanzi.database.reading() as session:
        account = enabled_account(session, merchant_id=shop.names.merchant, provider=NAME)
    assert account is not None
    return f"{shop.tuanzi.settings.public_url}/webhooks/payments/{account.id}"


def _fits(visited: Visit) -> None:
    """Nothing makes the page itself wider than its window."""
    assert visited.overflow() == 0


def test_no_field_is_without_its_words(owner: Visit) -> None:
    page: Page = owner.open("/console/payments")
    page.locator("section.card summary").first.click()
    fields = page.locator("section.card :is(input:not([type=hidden]), select, textarea)")
    for number in range(fields.count()):
        assert fields.nth(number).evaluate("field => field.labels.length") == 1
