"""Orders that groups fill together, in the console: the list, one of them, and calling it off."""

import pytest
from sqlalchemy import func, select

from data.kernel.locales import Locale
from data.merchants import StaffRole
from data.payments import Refund
from tests.bot.builders import a_part, a_payment, settle
from tests.bot.conftest import Browser, SignIn, Street

ROOM = "/split-orders"


def _paid_in(street: Street) -> str:
    """One of the goods, paid; the order."""
    order = a_part(street.tuanzi, street.ours)
    a_payment(street.tuanzi, order)
    return order


def _place(street: Street) -> str:
    return f"{ROOM}/{street.ours.split}"


def test_each_is_listed_with_its_sums_and_without_its_address(
    owner: Browser, street: Street
) -> None:
    page = owner.get(ROOM).text
    assert _place(street) in page
    assert "Lan of ours" in page
    assert "CN¥100" in page
    assert street.theirs.split not in page
    assert _place(street) in owner.get(f"{ROOM}?state=open").text
    assert _place(street) not in owner.get(f"{ROOM}?state=ordered").text
    assert _place(street) in owner.get(f"{ROOM}?state=lost").text  # no such state: all of them
    assert "Canary Road" not in page + owner.get(_place(street)).text


def test_one_shows_who_put_what_in(owner: Browser, street: Street) -> None:
    assert "Nobody has put anything in yet." in owner.get(_place(street)).text
    order = _paid_in(street)
    page = owner.get(_place(street)).text
    assert f"/orders/{order}" in page
    assert "paid by 1" in page
    assert owner.get(f"{ROOM}/{street.theirs.split}").status_code == 404


def test_it_is_called_off_with_a_reason_and_the_money_goes_back_once(
    sign_in: SignIn, street: Street
) -> None:
    _paid_in(street)
    manager = sign_in(StaffRole.MANAGER)
    cancel = f"{_place(street)}/cancel"
    assert manager.post(cancel, reason="The kitchen is closed.").status_code == 303
    assert manager.post(cancel, reason="Once more.").status_code == 409
    settle(street.tuanzi)
    settle(street.tuanzi)
    page = manager.get(_place(street)).text
    assert "The kitchen is closed." in page
    assert street.ours.emails[StaffRole.MANAGER] in page
    assert "refunded" in page
    assert cancel not in page
    with street.tuanzi.database.reading() as session:
        mine = select(func.count(Refund.id)).where(Refund.merchant_id == street.ours.merchant)
        assert session.scalar(mine) == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_without_a_reason_that_can_be_told_nothing_happens(
    owner: Browser, street: Street, reason: str
) -> None:
    answer = owner.post(f"{_place(street)}/cancel", reason=reason)
    assert answer.status_code == 422
    assert 'id="reason-note"' in answer.text
    assert "<details open>" in answer.text
    assert "called off" not in owner.get(f"{ROOM}?state=cancelled").text.split("</nav>")[-1]


def test_who_talks_with_customers_looks_and_calls_nothing_off(
    sign_in: SignIn, street: Street
) -> None:
    agent = sign_in(StaffRole.AGENT)
    assert f"{_place(street)}/cancel" not in agent.get(_place(street)).text
    assert agent.post(f"{_place(street)}/cancel", reason="No.").status_code == 403


@pytest.mark.parametrize("locale", list(Locale))
def test_the_pages_speak_the_colleagues_language(owner: Browser, locale: Locale) -> None:
    owner.post("/language", locale=locale)
    titles = {"zh-Hans": "一起点单", "zh-Hant": "一起點餐", "en": "Common orders"}
    assert f"<h1>{titles[locale]}</h1>" in owner.get(ROOM).text
