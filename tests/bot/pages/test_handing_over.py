"""Ways to pay: what is offered from where, handing over, changing one's mind, coming back."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from httpx import Response
from sqlalchemy import select

from bot.demo.clock import settle
from bot.web.wording import words
from data.audit import audit
from data.delivery.models import OutboxRow
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.orders import Order, OrderState
from data.payments import AttemptState, PaymentAttempt, Refund, cancel_order
from data.payments.accounts import disconnect_account
from data.payments.gateway import PayBy, Scene
from data.payments.sandbox_bank import visit
from data.payments.sandbox_models import Outcome, SandboxPayment
from tests.bot.open_demo import CANARY, Demo, a_browser
from tests.bot.pages.shop_account import CODE, TARGET, Place, connect
from tests.bot.pages.test_codes import a_coupon, use
from tests.builders import a_merchant

CARD = Place("stripe", PayBy.LINK)
SCAN = Place("wechat_pay", PayBy.QR, frozenset({Scene.DESKTOP}), frozenset({"CNY"}))
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Mobile/15E148"
IN_WECHAT = f"{PHONE} MicroMessenger/8.0.60"


def choose(demo: Demo, token: str, account: str) -> Response:
    answer = demo.client.post(f"/pay/{token}/with/{account}")
    asyncio.run(settle(demo.tuanzi))
    return answer


def attempts(demo: Demo) -> list[PaymentAttempt]:
    with demo.tuanzi.database.reading() as session:
        return list(session.scalars(select(PaymentAttempt).order_by(PaymentAttempt.number)))


def pay_at_the_bank(demo: Demo, attempt: PaymentAttempt) -> None:
    with demo.tuanzi.database.transaction() as session:
        visit(
            session,
            key=attempt.idempotency_key,
            outcome=Outcome.APPROVED,
            now=demo.tuanzi.clock.now(),
        )


def order_of(demo: Demo) -> Order:
    with demo.tuanzi.database.reading() as session:
        return session.scalars(select(Order)).one()


@pytest.mark.parametrize(
    ("agent", "offered"),
    [("Mozilla/5.0 (X11)", [CARD, SCAN]), (PHONE, [CARD]), (IN_WECHAT, [CARD]), ("", [CARD, SCAN])],
)
def test_only_ways_that_work_from_there_are_offered(
    demo: Demo, agent: str, offered: list[Place]
) -> None:
    token = demo.a_bill()
    ids = dict(zip((CARD, SCAN), connect(demo, CARD, SCAN), strict=True))
    page = demo.client.get(f"/pay/{token}", headers={"User-Agent": agent}).text
    assert [place for place in ids if f"/with/{ids[place]}" in page] == offered


def test_a_way_that_is_not_offered_cannot_be_had_either(demo: Demo) -> None:
    token = demo.a_bill()
    (scan,) = connect(demo, SCAN)
    headers = {"User-Agent": PHONE}
    assert demo.client.post(f"/pay/{token}/with/{scan}", headers=headers).status_code == 404
    with demo.tuanzi.database.transaction() as session:
        disconnect_account(
            session,
            merchant_id=order_of(demo).merchant_id,
            provider=SCAN.name,
            by="owner",
            now=demo.tuanzi.clock.now(),
        )
    assert f"/with/{scan}" not in demo.client.get(f"/pay/{token}").text
    assert choose(demo, token, scan).status_code == 404
    assert not attempts(demo)


def test_inside_wechat_one_is_told_where_else_to_pay(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    connect(demo, SCAN)
    demo.tuanzi.gateways.house.clear()
    page = demo.client.get(f"/pay/{token}", headers={"User-Agent": IN_WECHAT}).text
    assert "Open the page in your browser" in page


@pytest.mark.parametrize("locale", list(Locale))
def test_a_link_is_followed_without_any_script_and_tells_no_path(
    demo: Demo, locale: Locale
) -> None:
    token = demo.a_bill(locale)
    (card,) = connect(demo, CARD)
    gone = choose(demo, token, card)
    assert (gone.status_code, gone.headers["location"]) == (303, f"/pay/{token}/go")
    page = demo.client.get(f"/pay/{token}/go")
    assert page.headers["referrer-policy"] == "strict-origin"
    assert "<script" not in page.text
    assert f'content="0;url={TARGET.replace("&", "&amp;")}"' in page.text
    assert page.text.count("bank.example") == 2  # it goes by itself, and there is a link
    assert "pay.on_the_way" not in page.text
    assert CANARY.line not in page.text


def test_a_code_is_drawn_while_there_is_something_to_scan(demo: Demo) -> None:
    token = demo.a_bill()
    (scan,) = connect(demo, SCAN)
    assert demo.client.get(f"/pay/{token}/code.svg").status_code == 404
    choose(demo, token, scan)
    page = demo.client.get(f"/pay/{token}/go").text
    assert f"/pay/{token}/code.svg" in page
    assert CODE not in page
    drawing = demo.client.get(f"/pay/{token}/code.svg")
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert drawing.text.startswith("<?xml")
    pay_at_the_bank(demo, attempts(demo)[0])
    demo.client.get(f"/pay/back/{attempts(demo)[0].idempotency_key}")
    asyncio.run(settle(demo.tuanzi))
    assert demo.client.get(f"/pay/{token}/code.svg").status_code == 404
    assert demo.client.get(f"/pay/{token}/go").headers["location"] == f"/pay/{token}?asked=1"


def test_pressed_twice_it_is_one_payment(demo: Demo) -> None:
    token = demo.a_bill()
    (card,) = connect(demo, CARD)
    choose(demo, token, card)
    choose(demo, token, card)
    assert [one.state for one in attempts(demo)] == [AttemptState.PENDING]


def test_what_grew_old_or_got_lost_is_handed_over_anew(demo: Demo) -> None:
    """The same payment: a phone's link is good for minutes, and an answer may be lost."""
    token = demo.a_bill()
    (card,) = connect(demo, replace(CARD, life=timedelta(minutes=5)))
    choose(demo, token, card)
    given = attempts(demo)[0].pay_until
    demo.tuanzi.clock.advance(timedelta(minutes=6))
    choose(demo, token, card)
    (attempt,) = attempts(demo)
    assert attempt.pay_until == given + timedelta(minutes=6)
    with demo.tuanzi.database.transaction() as session:
        session.get_one(PaymentAttempt, attempt.id).pay_with = None
    assert demo.client.get(f"/pay/{token}/go").headers["location"] == f"/pay/{token}?asked=1"
    choose(demo, token, card)
    assert TARGET.partition("?")[0] in demo.client.get(f"/pay/{token}/go").text
    assert [one.state for one in attempts(demo)] == [AttemptState.PENDING]


def test_who_changes_their_mind_has_the_first_way_closed_and_hears_of_no_failure(
    demo: Demo,
) -> None:
    token = demo.a_bill()
    card, scan = connect(demo, CARD, SCAN)
    choose(demo, token, card)
    choose(demo, token, scan)
    assert [one.state for one in attempts(demo)] == [AttemptState.VOIDED, AttemptState.PENDING]
    with demo.tuanzi.database.reading() as session:
        shown = session.scalars(select(SandboxPayment.status).order_by(SandboxPayment.created_at))
        assert sorted(shown) == ["pending", "voided"]
        assert not session.scalars(select(OutboxRow.response)).all()
    pay_at_the_bank(demo, attempts(demo)[1])
    demo.client.get(f"/pay/back/{attempts(demo)[1].idempotency_key}")
    asyncio.run(settle(demo.tuanzi))
    assert order_of(demo).state == OrderState.READY


def test_who_had_paid_before_they_changed_their_mind_has_paid(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    card, scan = connect(demo, CARD, SCAN)
    choose(demo, token, card)
    pay_at_the_bank(demo, attempts(demo)[0])
    choose(demo, token, scan)
    assert [one.state for one in attempts(demo)] == [AttemptState.CAPTURED]
    assert "Paid, thank you" in demo.client.get(f"/pay/{token}").text


def test_coming_back_asks_and_leads_to_ones_own_bill(demo: Demo) -> None:
    token = demo.a_bill()
    (card,) = connect(demo, CARD)
    cookie = choose(demo, token, card).headers["set-cookie"].partition(";")[0]
    (attempt,) = attempts(demo)
    pay_at_the_bank(demo, attempt)
    back = f"/pay/back/{attempt.idempotency_key}"
    answer = demo.client.get(back, headers={"Cookie": cookie})
    assert answer.headers["location"] == f"/pay/{token}?asked=1"
    assert order_of(demo).state == OrderState.READY


def test_another_browser_learns_how_it_stands_and_nothing_else(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    (card,) = connect(demo, CARD)
    choose(demo, token, card)
    (attempt,) = attempts(demo)
    other = a_browser(demo.client.app)
    page = other.get(f"/pay/back/{attempt.idempotency_key}")
    assert "not heard of a payment" in page.text
    assert order_of(demo).number not in page.text
    assert token not in page.text
    pay_at_the_bank(demo, attempt)
    assert "has arrived" in other.get(f"/pay/back/{attempt.idempotency_key}").text


@pytest.mark.parametrize("where", ["/pay/back/{:032x}", "/pay/{:022d}/go", "/pay/{:022d}/code.svg"])
def test_guesses_end_t08(demo: Demo, where: str) -> None:
    codes = [demo.client.get(where.format(number)).status_code for number in range(40)]
    assert codes == [404] * 20 + [429] * 20


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_cannot_choose_for_somebody_t42(demo: Demo, site: str) -> None:
    token = demo.a_bill()
    (card,) = connect(demo, CARD)
    headers = {"Sec-Fetch-Site": site}
    assert demo.client.post(f"/pay/{token}/with/{card}", headers=headers).status_code == 403
    assert not attempts(demo)


def test_another_shops_account_takes_nothing_for_this_order(demo: Demo) -> None:
    token = demo.a_bill()
    with demo.tuanzi.database.transaction() as session:
        other = a_merchant(session).id
    (foreign,) = connect(demo, CARD, merchant_id=other)
    assert choose(demo, token, foreign).status_code == 404
    assert not attempts(demo)


def test_what_cannot_be_closed_is_waited_for_once_and_paid_twice_goes_back_once(
    demo: Demo,
) -> None:
    """Nobody has looked at the first one's page yet, so its provider cannot close it."""
    token = demo.a_bill()
    stubborn, scan = connect(demo, replace(CARD, closes=False), SCAN)
    choose(demo, token, stubborn)
    choose(demo, token, scan)
    first, second = attempts(demo)
    assert (first.state, second.state) == (AttemptState.PENDING, AttemptState.PENDING)
    for attempt in (second, first):
        pay_at_the_bank(demo, attempt)
        demo.client.get(f"/pay/back/{attempt.idempotency_key}")
        asyncio.run(settle(demo.tuanzi))
    assert order_of(demo).state == OrderState.READY
    with demo.tuanzi.database.reading() as session:
        given = session.scalars(select(Refund)).one()
    assert (given.attempt_id, given.state) == (first.id, "succeeded")
    assert given.cause_ref.startswith("double:")


def test_another_sum_than_is_due_by_now_goes_back_and_the_order_stays_payable(demo: Demo) -> None:
    token = demo.a_bill()
    (stubborn,) = connect(demo, replace(CARD, closes=False))
    choose(demo, token, stubborn)
    a_coupon(demo, off=Money(1000, "CNY"))
    use(demo, token, "SPRING")
    (old,) = attempts(demo)
    pay_at_the_bank(demo, old)
    demo.client.get(f"/pay/back/{old.idempotency_key}")
    asyncio.run(settle(demo.tuanzi))
    assert order_of(demo).state == OrderState.AWAITING_PAYMENT
    with demo.tuanzi.database.reading() as session:
        given = session.scalars(select(Refund)).one()
        assert audit(session, now=demo.tuanzi.clock.now(), grace=timedelta(0)) == []
    assert (given.amount_minor, given.state) == (old.amount_minor, "succeeded")
    choose(demo, token, stubborn)
    new = attempts(demo)[1]
    assert new.amount_minor == old.amount_minor - 1000
    pay_at_the_bank(demo, new)
    demo.client.get(f"/pay/back/{new.idempotency_key}")
    asyncio.run(settle(demo.tuanzi))
    assert order_of(demo).state == OrderState.READY


def test_while_a_person_must_look_nothing_else_is_begun_and_nobody_is_called(demo: Demo) -> None:
    token = demo.a_bill(Locale.EN)
    card, scan = connect(demo, CARD, SCAN)
    choose(demo, token, card)
    with demo.tuanzi.database.transaction() as session:
        session.scalars(select(PaymentAttempt)).one().quarantine = "amount"
    for account in (card, scan):
        choose(demo, token, account)
    (attempt,) = attempts(demo)
    assert (attempt.superseded, attempt.call) == (False, None)
    page = demo.client.get(f"/pay/{token}").text
    assert "Asking the bank" in page
    assert "/with/" not in page


def hands_over(demo: Demo, token: str) -> bool:
    """Else neither code nor link is shown to whoever reloads the page: they see their bill."""
    gone, code = demo.client.get(f"/pay/{token}/go"), demo.client.get(f"/pay/{token}/code.svg")
    is_led = (gone.status_code, gone.headers.get("location")) == (303, f"/pay/{token}?asked=1")
    assert is_led == (code.status_code == 404)
    return not is_led


def test_nobody_is_led_to_pay_what_was_called_off(demo: Demo) -> None:
    """Its provider was not told yet, or cannot close what nobody has looked at there."""
    token = demo.a_bill()
    (scan,) = connect(demo, replace(SCAN, closes=False))
    choose(demo, token, scan)
    assert hands_over(demo, token)
    with demo.tuanzi.database.transaction() as session:
        now = demo.tuanzi.clock.now()
        cancel_order(session, order_id=order_of(demo).id, person_id=None, now=now)
    assert not hands_over(demo, token)
    asyncio.run(settle(demo.tuanzi))
    assert attempts(demo)[0].state == AttemptState.PENDING
    assert not hands_over(demo, token)


def test_nobody_is_led_to_pay_what_a_person_must_look_at(demo: Demo) -> None:
    """It may have been paid: the provider showed something else than we had asked for."""
    token = demo.a_bill()
    (scan,) = connect(demo, SCAN)
    choose(demo, token, scan)
    with demo.tuanzi.database.transaction() as session:
        session.scalars(select(PaymentAttempt)).one().quarantine = "amount"
    assert not hands_over(demo, token)


def test_what_grew_too_old_to_pay_with_is_not_handed_over(demo: Demo) -> None:
    token = demo.a_bill()
    (scan,) = connect(demo, replace(SCAN, life=timedelta(minutes=5)))
    choose(demo, token, scan)
    demo.tuanzi.clock.advance(timedelta(minutes=5))
    assert not hands_over(demo, token)
    choose(demo, token, scan)
    assert hands_over(demo, token)


def test_a_provider_is_told_an_address_and_no_network_of_addresses(demo: Demo) -> None:
    """Limits count a home's whole network as one; WeChat Pay wants the payer's own address."""
    token = demo.a_bill()
    (card,) = connect(demo, CARD)
    phone = a_browser(demo.client.app, at="2001:db8::7", **{"User-Agent": PHONE})
    assert phone.post(f"/pay/{token}/with/{card}").status_code == 303
    assert attempts(demo)[0].details["payer_ip"] == "2001:db8::7"


@pytest.mark.parametrize("locale", list(Locale))
def test_a_way_that_is_gone_meanwhile_leads_back_to_the_bill(demo: Demo, locale: Locale) -> None:
    """The link is good: only this way is not offered any more."""
    token = demo.a_bill()
    (card,) = connect(demo, CARD)
    with demo.tuanzi.database.transaction() as session:
        now, merchant_id = demo.tuanzi.clock.now(), order_of(demo).merchant_id
        disconnect_account(
            session, merchant_id=merchant_id, provider=CARD.name, by="owner", now=now
        )
    reads = {"Accept": "text/html", "Accept-Language": locale.value}
    for _ in range(21):  # who follows what our own page offered is no guesser
        page = demo.client.post(f"/pay/{token}/with/{card}", headers=reads)
        assert page.status_code == 404
    assert f"<h1>{words(locale).gettext('pay.sorry.way_gone')}</h1>" in page.text
    assert f'href="/pay/{token}"' in page.text
    assert "pay.sorry" not in page.text
