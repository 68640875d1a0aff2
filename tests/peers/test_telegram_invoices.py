"""Orders paid below their message: Telegram's stand-in shows the invoice, and the payer and the
bank behind it are SIMULATED here, update by update, as the description of the API has them."""

import asyncio
import json
import logging
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import build
from bot.channels import telegram_invoices
from bot.channels.adapter import Asked
from bot.channels.telegram_client import Client
from bot.channels.telegram_invoices import Invoices
from bot.delivery.checkouts import sorry
from bot.delivery.telegram_accounts import take_invoices
from data.audit import audit
from data.catalogue import Product, Variant
from data.kernel.ids import new_id
from data.merchants import ChannelAccount, Merchant
from data.orders import Order, OrderState
from data.payments import PaymentAttempt, cancel_order
from tests import calling
from tests.builders import NOW
from tests.peers.telegram_world import (
    BOT_ID,
    TOKEN,
    Group,
    Person,
    Street,
    a_shop,
    free_port,
    running_peer,
    serving,
    shop_settings,
    wait,
)
from tests.peers.test_telegram_journeys import mention

PROVIDER = "canary:TEST:of-the-payment-provider"
ADDRESS = "Lan Zhang, 13800138000, 1 Caoxi Road, Xuhui, Shanghai"
_NUMBERS = count(1)


@dataclass(slots=True)
class Counter:
    """A street whose bot shows invoices, and somebody who pays them."""

    street: Street
    product: str
    _ids: Iterator[int] = field(default_factory=lambda: _NUMBERS)

    def order(self, who: Person, yes: str) -> dict[str, Any]:
        """From a product's link to the invoice below the order; gives what it was shown with."""
        self.street.say(who, f"/start item-{self.product}")
        self.street.settle()
        self.street.say(who, ADDRESS)
        self.street.settle()
        self.street.press(who, yes)
        return self.invoice(who)

    def invoice(self, who: Person) -> dict[str, Any]:
        def shown() -> dict[str, Any] | None:
            calls = self.street.calls("sendInvoice")
            mine = [one["fields"] for one in calls if one["fields"]["chat_id"] == str(who.id)]
            return mine[-1] if mine else None

        return wait(shown, lambda: self.street.told(who))

    def press_pay(self, who: Person, fields: dict[str, Any], **other: Any) -> dict[str, Any]:
        """Telegram asks us; gives our answer."""
        name = f"check-{next(self._ids)}"
        query = {"id": name, "from": who.as_user(), **money_of(fields), **other}
        self.street.inject({"pre_checkout_query": query})

        def answered() -> dict[str, Any] | None:
            calls = self.street.calls("answerPreCheckoutQuery")
            mine = [
                call["fields"] for call in calls if call["fields"]["pre_checkout_query_id"] == name
            ]
            return mine[0] if mine else None

        return wait(answered, lambda: self.street.calls("answerPreCheckoutQuery"))

    def tell_paid(self, who: Person, fields: dict[str, Any], number: int) -> None:
        paid = money_of(fields) | charge_ids(number)
        self.street.say(who, "", successful_payment=paid)
        self.street.settle()

    def state(self, fields: dict[str, Any]) -> str:
        with self.street.tuanzi.database.reading() as session:
            return session.get_one(Order, fields["payload"]).state

    def attempts(self, fields: dict[str, Any]) -> int:
        with self.street.tuanzi.database.reading() as session:
            mine = select(func.count()).where(PaymentAttempt.order_id == fields["payload"])
            return session.scalar(mine) or 0


def money_of(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "currency": fields["currency"],
        "total_amount": sum(one["amount"] for one in json.loads(fields["prices"])),
        "invoice_payload": fields["payload"],
    }


def charge_ids(number: int) -> dict[str, str]:
    """The bank's is one that a masker of card numbers would take for a card's."""
    return {
        "telegram_payment_charge_id": f"7_101_{number}",
        "provider_payment_charge_id": "4242424242424242" if number == 1 else f"ch_{number}",
    }


@pytest.fixture(scope="module")
def counter(seeded_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    folder = tmp_path_factory.mktemp("counter")
    shutil.copyfile(seeded_shop, folder / "shop.db")
    journal = folder / "journal.jsonl"
    with running_peer(journal) as peer, calling.client(timeout=30) as client:
        settings = shop_settings(folder / "shop.db", port=free_port(), peer=peer)
        product = _take_invoices(settings)
        with serving(a_shop(settings)) as tuanzi:
            yield Counter(Street(tuanzi, peer, journal, client), product)


def _take_invoices(settings: Any) -> str:
    """A bot that shows invoices from its first day; gives a product of one kind."""
    tuanzi = build(settings)
    with tuanzi.database.transaction() as session:
        merchant = session.scalars(select(Merchant)).one()
        account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=merchant.id,
            channel="telegram",
            external_id=str(BOT_ID),
            settings={},
            created_at=NOW,
        )
        session.add(account)
        session.flush()
        take_invoices(session, account, PROVIDER)
        assert PROVIDER not in json.dumps(account.settings)  # T49
        alone = (
            select(Variant.product_id)
            .join(Product, Product.id == Variant.product_id)
            .group_by(Variant.product_id)
            .having(func.count() == 1, func.max(Variant.on_hand) > 5)
            .order_by(Variant.product_id)
        )
        product = session.scalars(alone).first()
    tuanzi.close()
    assert product is not None
    return product


def assert_sound(street: Street) -> None:
    with street.tuanzi.database.reading() as session:
        assert audit(session, now=street.tuanzi.clock.now()) == []


SPEAKERS = [
    (Person(401, "Ann"), "Yes", "Order ", "We have your payment of .*, thank you"),
    (Person(402, "兰", "zh-hans"), "确认", "订单 ", "收到付款 .*，谢谢"),
    (Person(403, "蘭", "zh-hant"), "確認", "訂單 ", "收到付款 .*，謝謝"),
]


@pytest.mark.parametrize(("who", "yes", "title", "receipt"), SPEAKERS)
def test_an_order_is_paid_below_its_message_in_the_buyers_language(
    counter: Counter, who: Person, yes: str, title: str, receipt: str
) -> None:
    fields = counter.order(who, yes)
    assert fields["title"].startswith(title)
    assert fields["start_parameter"] == "pay"
    assert "/pay/" in "\n".join(counter.street.told(who))  # the page stays a way
    assert counter.press_pay(who, fields)["ok"] == "true"
    counter.tell_paid(who, fields, who.id)
    counter.street.wait_for(receipt, who)
    assert counter.state(fields) == OrderState.READY
    assert_sound(counter.street)


def test_the_same_question_and_the_same_word_twice_have_one_effect_t02(counter: Counter) -> None:
    who, street = Person(411, "Mo"), counter.street
    fields = counter.order(who, "Yes")
    for _ in range(2):
        assert counter.press_pay(who, fields)["ok"] == "true"
    number = 900_001
    message = street.message(who, "", successful_payment=money_of(fields) | charge_ids(1))
    for _ in range(2):
        assert street.call_webhook({"update_id": number, "message": message}).status_code == 200
    counter.tell_paid(who, fields, 1)  # in another update, as after a restored backup
    assert (counter.attempts(fields), counter.state(fields)) == (1, OrderState.READY)
    assert sum("We have your payment" in text for text in street.told(who)) == 1
    with street.tuanzi.database.reading() as session:
        (paid,) = session.scalars(select(PaymentAttempt).filter_by(order_id=fields["payload"]))
    assert paid.provider_ref == "4242424242424242"  # whole: money goes back by it
    assert_sound(street)


def test_whoever_was_forwarded_an_invoice_pays_nothing_with_it(counter: Counter) -> None:
    ann, bob, street = Person(412, "Ann"), Person(413, "阿明", "zh-hans"), counter.street
    fields = counter.order(ann, "Yes")
    street.say(bob, f"/start {fields['start_parameter']}")  # what the copy's button opens
    street.settle()
    assert not [call for call in street.calls("sendInvoice") if call["fields"]["chat_id"] == "413"]
    answer = counter.press_pay(bob, fields)
    assert answer["ok"] == "false"
    assert "没有扣款" in answer["error_message"]
    assert (counter.attempts(fields), counter.state(fields)) == (0, OrderState.AWAITING_PAYMENT)


@pytest.mark.slow  # its parts are tested nearer to them, too
def test_an_order_called_off_meanwhile_is_told_so_before_anything_is_charged(
    counter: Counter,
) -> None:
    who, street = Person(414, "蘭", "zh-hant"), counter.street
    fields = counter.order(who, "確認")
    with street.tuanzi.database.transaction() as session:
        now = street.tuanzi.clock.now()
        cancel_order(session, order_id=fields["payload"], person_id=None, now=now)
    answer = counter.press_pay(who, fields)
    assert (answer["ok"], "沒有扣款" in answer["error_message"]) == ("false", True)


@pytest.mark.slow  # its parts are tested nearer to them, too
def test_in_a_group_there_is_never_an_invoice(counter: Counter) -> None:
    crew, who = Group(-1007), Person(415, "Wei")
    counter.order(who, "Yes")
    counter.street.say(who, "@tuanzi_test_bot how do I pay", crew, entities=mention())
    counter.street.settle()
    shown = {call["fields"]["chat_id"] for call in counter.street.calls("sendInvoice")}
    assert str(crew.id) not in shown


def test_one_that_telegram_does_not_take_leaves_the_link_and_no_secret_in_the_log(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    who, street = Person(416, "Jun"), counter.street
    street.refuse("sendInvoice", who, status=400, description=f"Bad Request: {PROVIDER}")
    street.say(who, f"/start item-{counter.product}")
    street.settle()
    street.say(who, ADDRESS)
    street.settle()
    with caplog.at_level(logging.DEBUG):
        street.press(who, "Yes")
        street.wait_for("/pay/", who)
        street.settle()
    assert street.open_work() == []
    assert "telegram: invoice" in caplog.text
    assert PROVIDER not in caplog.text  # T47
    street.pay(who)
    street.wait_for("We have your payment", who)
    assert_sound(street)


@pytest.mark.slow  # what judges here takes nine seconds to come in
def test_another_library_takes_what_we_send_and_simulate_for_telegrams_own(
    counter: Counter, another_library: ModuleType
) -> None:
    who = Person(417, "Lin")
    fields = counter.order(who, "Yes")
    sent = fields | {"prices": json.loads(fields["prices"])}
    another_library.methods.SendInvoice.model_validate(sent)
    answer = counter.press_pay(who, fields)
    another_library.methods.AnswerPreCheckoutQuery.model_validate(answer)
    paid = money_of(fields) | charge_ids(417)
    message = counter.street.message(who, "", successful_payment=paid)
    query = {"id": "1", "from": who.as_user(), **money_of(fields)}
    for update in ({"message": message}, {"pre_checkout_query": query}):
        another_library.types.Update.model_validate({"update_id": 1, **update})


@pytest.mark.parametrize("trouble", ["slow", "broken"])
def test_what_we_cannot_look_at_in_time_is_refused_and_never_agreed_to(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(telegram_invoices, "_PATIENCE", 0.05)

    def look(_asked: Asked) -> str | None:
        if trouble == "broken":
            raise RuntimeError(trouble)
        time.sleep(0.2)
        return None

    async def ask(name: str) -> None:
        client = Client(TOKEN, f"{counter.street.peer}/bot")
        await client.introduce()
        money = {"currency": "CNY", "total_amount": 1, "invoice_payload": "o"}
        query = {"id": name, "from": SPEAKERS[1][0].as_user(), **money}
        bills = Invoices(None, look, sorry)
        await bills.answer(client, {"update_id": 1, "pre_checkout_query": query})
        await bills.answer(client, {"update_id": 2, "pre_checkout_query": {"id": 7}})  # poison
        await client.shutdown()

    asyncio.run(ask(trouble))
    calls = counter.street.calls("answerPreCheckoutQuery")
    (answer,) = [
        one["fields"] for one in calls if one["fields"]["pre_checkout_query_id"] == trouble
    ]
    assert (answer["ok"], answer["error_message"]) == ("false", sorry("zh-hans"))
