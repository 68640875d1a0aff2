"""Telegram asks whether somebody may pay, and later tells that they have: what we answer, and what
is true afterwards, also when the process died in between."""

import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.adapter import Asked
from bot.delivery.checkouts import sorry, why_not
from bot.delivery.telegram_accounts import take_invoices
from data.audit import audit
from data.catalogue import Variant
from data.delivery.inbound import Sender
from data.delivery.models import InboxState
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.merchants import ChannelAccount
from data.orders import Order, OrderState
from data.payments import AttemptState, PaymentAttempt, create_link, find_payable
from data.people import ChannelIdentity, Person
from tests.bot.builders import a_placed_order, a_tuanzi
from tests.bot.delivery.telegram import ANN, BOB, Post, message

PROVIDER = "canary:TEST:of-the-payment-provider"
_UPDATES = count(7000)


@pytest.fixture
def shop(post: Post) -> Post:
    switch(post, PROVIDER)
    post.say("hello", who=ANN)
    post.say("hello", who=BOB)
    post.work()
    return post


def switch(post: Post, token: str | None) -> None:
    with post.tuanzi.database.transaction() as session:
        take_invoices(session, session.get_one(ChannelAccount, post.account.id), token)


def an_order(post: Post, locale: str = "en") -> Order:
    with post.tuanzi.database.transaction() as session:
        shelf = select(Variant).where(Variant.merchant_id == post.account.merchant_id)
        variant = session.scalars(shelf).first()
        person = session.scalars(
            select(Person)
            .join(ChannelIdentity, ChannelIdentity.person_id == Person.id)
            .where(
                ChannelIdentity.account_id == post.account.id,
                ChannelIdentity.external_id == str(ANN),
            )
        ).one()
        person.locale = locale
        assert variant is not None
        who, what = person.id, variant.id
    merchant = post.account.merchant_id
    return order_of(post, a_placed_order(post.tuanzi, merchant, who, what, address=None))


def order_of(post: Post, order_id: str) -> Order:
    with post.tuanzi.database.reading() as session:
        return session.get_one(Order, order_id)


def ask(post: Post, order: Order, *, who: int = ANN, more: int = 0) -> str | None:
    amount = Money(order.total_minor + more, order.currency)
    asked = Asked(order.id, amount, Sender(str(who), "P", "en"))
    return why_not(post.tuanzi.database, post.tuanzi.clock, post.account.id, asked)


def paid(order: Order, *, who: int = ANN, number: int = 1) -> dict[str, Any]:
    told = {
        "currency": order.currency,
        "total_amount": order.total_minor,
        "invoice_payload": order.id,
        "telegram_payment_charge_id": f"tg_{number}",
        "provider_payment_charge_id": f"ch_{number}",
    }
    return message(next(_UPDATES), "", who=who, successful_payment=told)


def states(post: Post, order: Order) -> list[str]:
    with post.tuanzi.database.reading() as session:
        tried = select(PaymentAttempt).filter_by(order_id=order.id)
        return [one.state for one in session.scalars(tried.order_by(PaymentAttempt.number))]


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (Locale.EN, "The sum of this bill is no longer right"),
        (Locale.ZH_HANS, "这张账单的金额已经不对了"),
        (Locale.ZH_HANT, "這張帳單的金額已經不對了"),
    ],
)
def test_another_sum_is_refused_in_the_payers_language_t33(
    shop: Post, locale: Locale, words: str
) -> None:
    order = an_order(shop, locale)
    assert words in (ask(shop, order, more=-1) or "")
    assert states(shop, order) == []
    assert ask(shop, order) is None
    assert states(shop, order) == [AttemptState.SUBMITTED]


def test_each_reason_has_its_words_and_charges_nothing(shop: Post) -> None:
    order = an_order(shop)
    assert "somebody else's" in (ask(shop, order, who=BOB) or "")
    assert "somebody else's" in (ask(shop, order, who=999) or "")  # whom we have never met
    ask(shop, order)
    shop.call(paid(order))
    shop.work()
    assert "paid already" in (ask(shop, order) or "")
    late = an_order(shop)
    shop.tuanzi.clock.advance(late.expires_at - shop.tuanzi.clock.now())  # type: ignore[attr-defined]  # a test's clock turns
    assert "time to pay has passed" in (ask(shop, late) or "")
    assert {sorry("zh-hk"), sorry("zh-cn"), sorry(None)} == {
        "現在沒辦法核對這筆訂單，沒有扣款。請稍後再試。",
        "现在没法核对这个订单，没有扣款。请稍后再试。",
        "We cannot check this order right now. Nothing was charged. Please try again in a moment.",
    }


def test_who_dies_between_the_yes_and_the_word_counts_the_money_once(shop: Post) -> None:
    order = an_order(shop)
    assert ask(shop, order) is None
    file = shop.tuanzi.settings.database_url.removeprefix("sqlite:///")
    shop.tuanzi.close()
    shop.client.app.state.tuanzi = shop.tuanzi = a_tuanzi(Path(file))  # type: ignore[attr-defined]  # FastAPI's
    told = paid(order)
    for _ in range(2):
        assert shop.call(told).status_code == 200
    shop.work()
    assert states(shop, order) == [AttemptState.CAPTURED]
    assert order_of(shop, order.id).state == OrderState.READY
    assert "utter_receipt" in shop.said()
    assert {row.state for row in shop.inbox()} == {InboxState.HANDLED}
    with shop.tuanzi.database.reading() as session:
        assert audit(session, now=shop.tuanzi.clock.now()) == []


def test_money_for_no_order_is_put_aside_and_said_in_the_log(
    shop: Post, caplog: pytest.LogCaptureFixture
) -> None:
    order = an_order(shop)
    strange = paid(order, number=2)
    strange["message"]["successful_payment"]["invoice_payload"] = "ord_of_nobody"
    shop.call(strange)
    shop.work()
    assert "payment put aside: tg_2" in caplog.text
    assert states(shop, order) == []


def test_switched_off_nothing_is_agreed_to_and_the_page_names_no_bot(shop: Post) -> None:
    order = an_order(shop)
    assert invites(shop, order) == ["https://t.me/tuanzi_test_bot?start=pay"]
    switch(shop, None)
    assert ask(shop, order) is not None
    assert invites(shop, order) == []
    assert states(shop, order) == []


def invites(shop: Post, order: Order) -> list[str]:
    with shop.tuanzi.database.transaction() as session:
        token = create_link(session, order_id=order.id, now=shop.tuanzi.clock.now())
        assert find_payable(session, token=token, now=shop.tuanzi.clock.now())
    page = shop.client.get(f"/pay/{token}").text
    assert PROVIDER not in page  # T47
    return re.findall(r"https://t\.me/[^\"]+", page)


def test_a_forwarded_bill_opens_what_one_has_to_pay_oneself(shop: Post) -> None:
    an_order(shop)
    shop.say("/start pay", who=ANN)
    shop.work()
    assert shop.said()[-1] == "utter_pay_link_again"
    shop.say("/start pay", who=BOB)
    shop.work()
    assert shop.said()[-1] != "utter_pay_link_again"
    assert shop.said().count("utter_pay_link_again") == 1
