"""Coupons and gift cards on the pay page: what comes off, what pays, what is of no use."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.demo.clock import settle
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import Order, OrderState
from data.orders.coupons import CouponTerms, make_coupon
from data.orders.taxes import Tax, percent_of, set_tax
from data.payments import AttemptState, PaymentAttempt
from data.payments.gateway import PayBy
from data.payments.gift_cards import issue_gift_card
from tests.bot.open_demo import Demo
from tests.bot.pages.shop_account import Place, connect
from tests.bot.pages.test_pay import look, play


def order_of(demo: Demo) -> Order:
    with demo.tuanzi.database.reading() as session:
        return session.scalars(select(Order)).one()


def a_coupon(demo: Demo, **terms: object) -> None:
    order = order_of(demo)
    with demo.tuanzi.database.transaction() as session:
        make_coupon(
            session,
            merchant_id=order.merchant_id,
            currency=order.currency,
            terms=CouponTerms("SPRING", name={"en": "Spring sale"}, **terms),  # type: ignore[arg-type]
            by="owner",
            now=demo.tuanzi.clock.now(),
        )


def a_card(demo: Demo, minor: int) -> str:
    order = order_of(demo)
    with demo.tuanzi.database.transaction() as session:
        _, code = issue_gift_card(
            session,
            merchant_id=order.merchant_id,
            amount=Money(minor, order.currency),
            by="owner",
            now=demo.tuanzi.clock.now(),
        )
    return code


def use(demo: Demo, token: str, code: str) -> str:
    """Gives where it leads."""
    clock = demo.tuanzi.clock
    clock.advance(timedelta(seconds=5))  # type: ignore[attr-defined]  # the demo's can be turned
    answer = demo.client.post(f"/pay/{token}/code", data={"code": code})
    asyncio.run(settle(demo.tuanzi))
    assert answer.status_code in (303, 404)
    return answer.headers.get("location", "")


def test_a_coupon_comes_off_and_the_page_says_so(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    before = order_of(demo).total_minor
    a_coupon(demo, off=Money(1000, "CNY"))
    assert use(demo, token, "spring") == f"/pay/{token}"
    page = look(demo, token)
    assert "Spring sale" in page
    assert "-CN¥10.00" in page
    play(demo, token, "approved")
    order = order_of(demo)
    assert (order.state, order.total_minor) == (OrderState.READY, before - 1000)


def test_a_gift_card_pays_its_part_and_another_the_rest(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    total = order_of(demo).total_minor
    use(demo, token, a_card(demo, 500))
    assert "Left to pay" in look(demo, token)
    use(demo, token, a_card(demo, total))
    page = look(demo, token)
    assert "Pay with the gift card" in page
    assert "outcome" not in page  # no bank is offered what is paid already
    assert demo.client.post(f"/pay/{token}/credit").status_code == 303
    asyncio.run(settle(demo.tuanzi))
    assert order_of(demo).state == OrderState.READY
    assert "Paid, thank you" in look(demo, token)


@pytest.mark.parametrize("locale", list(Locale))
def test_a_code_of_no_use_is_told_beside_the_field(demo: Demo, locale: Locale) -> None:
    token = demo.a_bill(locale)
    a_coupon(demo, percent_off=10, goods_from=Money(10**9, "CNY"))
    for code, reason in (("SPRING", "coupon_too_little"), ("NOSUCH", "none"), ("", "none")):
        where = use(demo, token, code)
        assert where == f"/pay/{token}?code={reason}"
        page = demo.client.get(where).text
        assert 'role="alert"' in page
        assert "pay.code" not in page


def test_a_reason_that_somebody_makes_up_is_not_shown(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    page = demo.client.get(f"/pay/{token}?code=<b>call+this+number</b>").text
    assert "call" not in page
    assert 'id="said"' not in page


def test_guesses_at_codes_end_t08(demo: Demo) -> None:
    token = demo.a_bill()
    codes = [
        demo.client.post(f"/pay/{token}/code", data={"code": f"GUESS{number}"}).status_code
        for number in range(40)
    ]
    assert codes == [303] * 20 + [429] * 20


def test_what_is_open_at_a_provider_is_closed_before_the_sum_changes(demo: Demo) -> None:
    token = demo.a_bill()
    (card,) = connect(demo, Place("stripe", PayBy.LINK))
    a_coupon(demo, off=Money(1000, "CNY"))
    demo.client.post(f"/pay/{token}/with/{card}")
    use(demo, token, "SPRING")
    demo.client.post(f"/pay/{token}/with/{card}")
    with demo.tuanzi.database.reading() as session:
        attempts = session.scalars(select(PaymentAttempt).order_by(PaymentAttempt.number)).all()
    assert [one.state for one in attempts] == [AttemptState.VOIDED, AttemptState.PENDING]
    assert f"{order_of(demo).due.amount:.2f}" in demo.client.get(f"/pay/{token}/go").text
    assert attempts[1].amount_minor == attempts[0].amount_minor - 1000 == order_of(demo).total_minor


@pytest.mark.parametrize("path", ["code", "credit"])
def test_another_page_cannot_press_for_somebody_t42(demo: Demo, path: str) -> None:
    token = demo.a_bill()
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = demo.client.post(f"/pay/{token}/{path}", data={"code": "X"}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(("included", "told"), [(True, "VAT included"), (False, "VAT</dt>")])
def test_tax_is_on_the_bill(demo: Demo, included: bool, told: str) -> None:
    with demo.tuanzi.database.transaction() as session:
        for shop in session.scalars(select(Merchant)):
            set_tax(shop, Tax(percent_of("20"), included=included, name={"en": "VAT"}))
    assert told in look(demo, demo.a_bill(Locale.EN))
