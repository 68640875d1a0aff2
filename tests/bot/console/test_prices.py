"""Coupons, gift cards and tax in the console: made, counted, ended; a code is seen once."""

import re
from typing import Any

import pytest

from bot.console.pages import ROOT
from data.kernel.locales import Locale
from data.merchants import Merchant, StaffRole
from data.orders.coupons import find_coupon
from data.orders.taxes import tax_of
from data.payments import create_link
from data.payments.codes import apply_code
from data.payments.gift_cards import find_gift_card
from tests.bot.browser import Browser
from tests.bot.builders import a_payment, a_placed_order
from tests.bot.conftest import SignIn, Street

BY = "owner@ours.example"
COUPONS, CARDS, TAX = "/prices/coupons", "/prices/gift-cards", "/prices/tax"
SPRING = {"code": "spring 10", "percent_off": "10", "name_en": "Spring sale"}
LIMITS = {
    "goods_from": "50",
    "most_off": "20.50",
    "budget": "1000",
    "each_person": "2",
    "most_uses": "100",
    "first": "2026-11-01",
    "last": "2027-03-01",
}
SORRY = {"each": "25", "count": "3", "reason": "sorry", "once": "gcb_0123456789abcdef"}
_CODE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}")


def marked(page: str) -> set[str]:
    return set(re.findall(r'id="([^"]+)"[^>]*aria-invalid="true"', page))


def an_order(street: Street) -> str:
    ours = street.ours
    return a_placed_order(street.tuanzi, ours.merchant, ours.person, ours.variant)


def apply(street: Street, order: str, code: str) -> None:
    now = street.tuanzi.clock.now()
    with street.tuanzi.database.transaction() as session:
        create_link(session, order_id=order, now=now)
        apply_code(session, order_id=order, code=code, now=now)


def test_a_coupon_is_made_with_every_rule(owner: Browser, street: Street) -> None:
    answer = owner.post(COUPONS, **SPRING, **LIMITS)
    assert answer.status_code == 303
    with street.tuanzi.database.reading() as session:
        coupon = find_coupon(session, merchant_id=street.ours.merchant, code="SPRING-10")
    assert coupon is not None
    assert answer.headers["location"] == f"{ROOT}{COUPONS}/{coupon.id}?done=coupon_made"
    assert (coupon.percent_off, coupon.from_minor, coupon.most_off_minor) == (10, 5000, 2050)
    assert (coupon.budget_minor, coupon.each_person, coupon.most_uses) == (100000, 2, 100)
    assert coupon.starts_at is not None
    assert coupon.ends_at is not None
    assert (coupon.ends_at - coupon.starts_at).days == 121, "the last day counts whole"
    page = owner.get(f"{COUPONS}/{coupon.id}").text
    for told in ("SPRING10", "Spring sale", "10% of the goods", "¥20.50", "0 / 100", BY):
        assert told in page


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"code": "no!"}, {"code"}),
        ({"code": ""}, {"code"}),
        ({"code": "tenoff"}, {"code"}),
        ({"percent_off": ""}, {"percent_off", "off"}),
        ({"off": "5"}, {"percent_off", "off"}),
        ({"percent_off": "101"}, {"percent_off"}),
        ({"most_off": "0.001"}, {"most_off"}),
        ({"budget": "-5", "goods_from": "much"}, {"budget", "goods_from"}),
        ({"each_person": "0"}, {"each_person"}),
        ({"most_uses": "0"}, {"most_uses"}),
        ({"first": "2026-12-02", "last": "2026-12-01"}, {"first", "last"}),
        ({"last": "9999-12-31"}, {"first", "last"}),
        ({"name_en": "x" * 121}, {"name_en"}),
    ],
)
def test_a_coupon_that_makes_no_sense_is_told_beside_its_fields(
    owner: Browser, given: dict[str, str], fields: set[str], locale: Locale
) -> None:
    owner.post("/language", locale=locale)
    answer = owner.post(COUPONS, **{**SPRING, **given})
    assert answer.status_code == 422
    assert marked(answer.text) == fields
    assert "Spring sale" in answer.text or "name_en" in given
    assert len(re.findall('class="code" href="/console/prices', owner.get(COUPONS).text)) == 1


def test_a_coupon_pauses_goes_on_and_ends_and_says_who_did_it(
    owner: Browser, sign_in: SignIn, street: Street
) -> None:
    path = f"{COUPONS}/{street.ours.coupon}"
    manager = sign_in(StaffRole.MANAGER)
    for turn, told in [("pause", "Paused"), ("resume", "Running"), ("end", "Over")]:
        assert manager.post(f"{path}/{turn}").status_code == 303
        assert told in owner.get(path).text
    assert owner.post(f"{path}/resume").status_code == 409
    assert owner.post(f"{path}/paint").status_code == 404
    assert owner.get(path).text.count("manager@ours.example") == 3


def test_what_a_coupon_and_a_card_did_stands_on_their_pages_and_the_orders(
    owner: Browser, street: Street
) -> None:
    issued = owner.post(CARDS, **{**SORRY, "count": "1"}).text
    (code,) = _CODE.findall(issued)
    order = an_order(street)
    apply(street, order, "TENOFF")
    apply(street, order, code)
    a_payment(street.tuanzi, order)
    coupon = owner.get(f"{COUPONS}/{street.ours.coupon}").text
    assert f'href="/console/orders/{order}"' in coupon
    assert "¥10.00" in coupon
    page = owner.get(f"/orders/{order}").text
    for told in ("Discount", "TENOFF", "-CN¥10.00", "By gift card", f"…{code[-4:]}", "¥25.00"):
        assert told in page
    assert code not in page
    with street.tuanzi.database.reading() as session:
        card = find_gift_card(session, merchant_id=street.ours.merchant, code=code)
    assert card is not None
    shown = owner.get(f"{CARDS}/{card.id}").text
    assert f'href="/console/orders/{order}"' in shown
    assert "¥0.00" in shown


def test_the_sums_of_an_order_agree_in_the_api(street: Street, api: Any, owner: Browser) -> None:
    owner.post(TAX, percent="10", included="no", on_shipping="no")
    (code,) = _CODE.findall(owner.post(CARDS, **{**SORRY, "count": "1"}).text)
    order = an_order(street)
    apply(street, order, "TENOFF")
    apply(street, order, code)
    paid = a_payment(street.tuanzi, order)
    told = api.get(f"/api/v1/orders/{order}").json()
    minor = {name: each["amount_minor"] for name, each in told.items() if _is_money(each)}
    kinds = [charge["kind"] for charge in told["charges"]]
    assert kinds == ["discount", "tax"]
    charges = sum(charge["amount"]["amount_minor"] for charge in told["charges"])
    assert minor["goods"] + charges + minor["shipping"] == minor["total"]
    assert minor["by_gift_cards"] + minor["by_payments"] == minor["total"]
    assert [one["id"] for one in told["payments"]] == [paid]
    assert sum(line["discount"]["amount_minor"] for line in told["lines"]) == 1000
    back = {"payment_id": paid, "key": "k", "amount": {"amount_minor": 500, "currency": "CNY"}}
    assert api.post("/api/v1/refunds", json=back).status_code == 201
    told = api.get(f"/api/v1/orders/{order}").json()
    assert [one["amount"]["amount_minor"] for one in told["refunds"]] == [500]
    assert "10%, on top of the prices" in owner.get(TAX).text


def _is_money(told: Any) -> bool:
    return isinstance(told, dict) and set(told) == {"amount_minor", "currency"}


def test_codes_are_shown_once_and_the_same_form_issues_once(
    owner: Browser, street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    first = owner.post(CARDS, **SORRY)
    codes = _CODE.findall(first.text)
    assert (first.status_code, len(codes)) == (200, 3)
    assert first.headers["cache-control"] == "no-store"
    again = owner.post(CARDS, **SORRY)
    assert (again.status_code, _CODE.findall(again.text)) == (409, [])
    page = owner.get(CARDS).text
    assert "4 cards with" in page  # with the one that the shop had
    assert not _CODE.findall(page)
    assert not [code for code in codes if code in caplog.text]
    with street.tuanzi.database.reading() as session:
        found = [
            find_gift_card(session, merchant_id=street.ours.merchant, code=code) for code in codes
        ]
    assert [card.balance_minor for card in found if card] == [2500] * 3


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"each": "0"}, "each"),
        ({"each": "0.001"}, "each"),
        ({"count": "101"}, "count"),
        ({"count": "1.5"}, "count"),
        ({"reason": ""}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"last": "2020-01-01"}, "last"),
        ({"last": "soon"}, "last"),
    ],
)
def test_cards_that_make_no_sense_are_not_issued(
    owner: Browser, given: dict[str, str], field: str
) -> None:
    answer = owner.post(CARDS, **{**SORRY, **given})
    assert (answer.status_code, marked(answer.text)) == (422, {field})
    assert owner.post(CARDS, **SORRY).status_code == 200, "the form's own number is not used up"


def test_a_blocked_card_says_who_blocked_it(owner: Browser, street: Street) -> None:
    path = f"{CARDS}/{street.ours.card}"
    for _ in range(2):
        assert owner.post(f"{path}/block").status_code == 303
    page = owner.get(path).text
    assert "Blocked" in page
    assert page.count(BY) == 1


def test_the_tax_is_set_and_removed(owner: Browser, street: Street) -> None:
    def kept() -> str:
        with street.tuanzi.database.reading() as session:
            return str(tax_of(session.get_one(Merchant, street.ours.merchant)))

    owner.post(TAX, percent="8.875 %", included="no", on_shipping="yes", name_en="Sales tax")
    assert "8.875" in kept()
    page = owner.get(TAX).text
    assert 'value="8.875"' in page
    assert 'value="Sales tax"' in page
    for wrong in ("", "ten", "51", "1.2345", "nan", "-1"):
        answer = owner.post(TAX, percent=wrong, included="no", on_shipping="no")
        assert (answer.status_code, marked(answer.text)) == (422, {"percent"})
    assert "8.875" in kept()
    owner.post(f"{TAX}/remove")
    assert kept() == "None"
    assert owner.get(TAX).text.count(BY) == 2


@pytest.mark.parametrize("locale", list(Locale))
def test_every_page_speaks_the_colleagues_language(owner: Browser, locale: Locale) -> None:
    owner.post("/language", locale=locale)
    titles = {"zh-Hans": "礼品卡", "zh-Hant": "禮品卡", "en": "Gift cards"}
    for path in ("/prices", COUPONS, f"{COUPONS}/new", CARDS, f"{CARDS}/new", TAX):
        answer = owner.get(path)
        assert answer.status_code == 200
        assert f'<html lang="{locale}">' in answer.text
    assert titles[locale] in owner.get("/prices").text
