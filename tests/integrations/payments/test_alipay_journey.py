"""One order's money through the whole house: our site, our books, our calls, Alipay's stand-in."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import Tuanzi
from bot.site import create_site
from data.kernel.clock import TurnableClock
from data.ledger import cash_in_transit, trial_balance, unbalanced_entries
from data.orders import Order, OrderState
from data.payments import (
    Alarm,
    AttemptState,
    NoticeState,
    PaymentAlarm,
    PaymentAttempt,
    PaymentNotice,
    Refund,
    RefundState,
    Way,
    begin_attempt,
    cancel_order,
    lease,
    supersede,
)
from data.payments.account_models import PaymentAccount
from data.payments.accounts import connect_account
from data.payments.gateway import Details, Scene
from integrations.payments import perform
from integrations.payments.alipay import KIND
from tests.bot.builders import a_placed_order, a_tuanzi, settle
from tests.bot.client import TestClient
from tests.builders import a_merchant, a_person, a_product, the_variant
from tests.integrations.payments.alipay_shop import typed
from tests.peers.money.alipay_face import Face, serving

TOTAL = 17600  # two tea sets
CASH = cash_in_transit("alipay")
SOLD = {CASH: -TOTAL, "revenue": TOTAL}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class House:
    """A shop with two tea sets and an app at Alipay; what people and Alipay do to it."""

    tuanzi: Tuanzi
    face: Face
    site: TestClient
    shop: str
    buyer: str
    variant: str
    account: str

    def order(self) -> str:
        return a_placed_order(self.tuanzi, self.shop, self.buyer, self.variant)

    def connect(self, merchant_id: str, **other: str) -> str:
        with self.tuanzi.database.transaction() as session:
            account = connect_account(
                session,
                merchant_id=merchant_id,
                provider="alipay",
                credentials=KIND.read(typed(**other)),
                by="owner",
                now=self.tuanzi.clock.now(),
            )
            return account.id

    def begin(self, order_id: str) -> PaymentAttempt:
        """What the pay page does before it calls anybody."""
        with self.tuanzi.database.transaction() as session:
            order = session.get_one(Order, order_id)
            details = Details(about=order.id, scene=Scene.PHONE, expires_at=order.expires_at)
            way = Way("alipay", self.account, details)
            now = self.tuanzi.clock.now()
            attempt_id = begin_attempt(session, order_id=order_id, way=way, now=now).id
        return self.attempt(attempt_id)

    def open(self, order_id: str) -> PaymentAttempt:
        """The payer presses "pay" and is at Alipay's page."""
        attempt = self.begin(order_id)
        asyncio.run(self.tuanzi.cashier.call_now(attempt.id))
        attempt = self.attempt(attempt.id)
        assert attempt.pay_with is not None
        self.face.open_page(attempt.pay_with)
        return attempt

    def tell(self, raw: bytes, account: str | None = None) -> int:
        """Alipay calls us; gives the status, after what must be said with each."""
        answer = self.site.post(
            f"/webhooks/payments/{account or self.account}",
            content=raw,
            headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
        )
        assert answer.content == (b"success" if answer.status_code == 200 else b"")
        settle(self.tuanzi)
        return answer.status_code

    def later(self, by: timedelta) -> None:
        clock = self.tuanzi.clock
        assert isinstance(clock, TurnableClock)
        step = MINUTE if by < DAY else DAY / 24
        for _ in range(int(by / step)):
            clock.advance(step)
            settle(self.tuanzi)

    def attempt(self, attempt_id: str) -> PaymentAttempt:
        with self.tuanzi.database.reading() as session:
            attempt = session.get_one(PaymentAttempt, attempt_id)
            session.expunge_all()
            return attempt

    def state(self, order_id: str) -> str:
        with self.tuanzi.database.reading() as session:
            return session.get_one(Order, order_id).state

    def balance(self) -> dict[str, int]:
        with self.tuanzi.database.reading() as session:
            assert unbalanced_entries(session) == []
            balance = trial_balance(session, merchant_id=self.shop)
        return {account: money.minor for account, money in balance.items() if money.minor}

    def notices(self) -> list[tuple[str, str]]:
        with self.tuanzi.database.reading() as session:
            found = session.scalars(select(PaymentNotice).order_by(PaymentNotice.id))
            return [(one.state, one.reason) for one in found]

    def refunds(self, order_id: str) -> list[str]:
        with self.tuanzi.database.reading() as session:
            return list(session.scalars(select(Refund.state).where(Refund.order_id == order_id)))

    def refused(self, account: str | None = None) -> int:
        with self.tuanzi.database.reading() as session:
            return session.get_one(PaymentAccount, account or self.account).refused


@pytest.fixture
def house(_empty_shop: Path, tmp_path: Path) -> Iterator[House]:
    file = tmp_path / "house.db"
    shutil.copyfile(_empty_shop, file)
    tuanzi = a_tuanzi(file, egress_allowed=(ip_network("127.0.0.0/8"),))
    with tuanzi.database.transaction() as session:
        shop = a_merchant(session)
        buyer = a_person(session, shop)
        product = a_product(session, shop, price=8800, on_hand=2)
        variant = the_variant(session, product)
        names = (shop.id, buyer.id, variant.id)
    with serving(Face(tuanzi.clock)) as face:
        tuanzi.gateways.addresses = {"alipay": face.address}
        site = TestClient(create_site(tuanzi, works=False), base_url="https://127.0.0.1")
        house = House(tuanzi, face, site, *names, account="")
        house.account = house.connect(names[0])
        yield house
    tuanzi.close()


def test_an_order_is_paid_and_ready(house: House) -> None:
    order = house.order()
    begun = house.open(order)
    assert (begun.state, begun.pay_by) == (AttemptState.PENDING, "link")
    trade = house.face.log_in(begun.idempotency_key)
    assert house.tell(house.face.notice(begun.idempotency_key)) == 200
    assert house.state(order) == OrderState.AWAITING_PAYMENT, "seen, and not paid"
    house.face.pay(begun.idempotency_key)
    assert house.tell(house.face.notice(begun.idempotency_key)) == 200
    paid = house.attempt(begun.id)
    assert (paid.state, paid.provider_ref, paid.pay_with) == ("captured", trade.trade_no, None)
    assert house.state(order) == OrderState.READY
    assert house.balance() == SOLD
    assert house.refused() == 0


def test_without_any_notice_it_is_found_by_asking(house: House) -> None:
    order = house.order()
    house.face.pay(house.open(order).idempotency_key)
    house.later(MINUTE)
    assert house.state(order) == OrderState.READY
    assert house.notices() == []


def test_a_notice_may_come_twice_a_day_later_and_out_of_order(house: House) -> None:
    order = house.order()
    key = house.open(order).idempotency_key
    house.face.log_in(key)
    older = house.face.notice(key)
    house.face.pay(key)
    newer = house.face.notice(key)
    for raw in (newer, newer, older):
        assert house.tell(raw) == 200
    house.later(DAY)
    for raw in (older, newer):
        assert house.tell(raw) == 200
    assert house.notices() == [(NoticeState.APPLIED, ""), (NoticeState.IGNORED, "")]
    assert house.state(order) == OrderState.READY
    assert house.balance() == SOLD
    assert house.refunds(order) == []


def test_a_notice_may_come_before_we_know_that_we_asked(house: House) -> None:
    """The call was made, and the process died before it was written down."""
    order = house.order()
    begun = house.begin(order)
    with house.tuanzi.database.transaction() as session:
        (call,) = lease(session, now=house.tuanzi.clock.now(), attempt_id=begun.id)
    gateway = asyncio.run(house.tuanzi.gateways.of("alipay", house.account))
    assert gateway is not None
    answer = asyncio.run(perform(call, gateway))
    house.face.open_page(getattr(answer, "pay_with", ""))
    house.face.pay(begun.idempotency_key)
    assert house.tell(house.face.notice(begun.idempotency_key)) == 200
    assert house.attempt(begun.id).state == AttemptState.SUBMITTED
    house.later(2 * MINUTE)
    assert house.attempt(begun.id).state == AttemptState.CAPTURED
    assert house.state(order) == OrderState.READY
    assert house.balance() == SOLD


def test_t01_what_alipay_did_not_sign_is_counted_and_changes_nothing(house: House) -> None:
    order = house.order()
    key = house.open(order).idempotency_key
    house.face.pay(key)
    raw = house.face.notice(key)
    assert house.tell(raw.replace(b"total_amount=176.00", b"total_amount=176.01")) == 400
    assert house.tell(raw + b"&trade_status=TRADE_SUCCESS") == 400
    assert house.refused() == 2
    assert house.notices() == []
    assert house.state(order) == OrderState.AWAITING_PAYMENT
    json = house.site.post(f"/webhooks/payments/{house.account}", json={})
    assert (json.status_code, house.refused()) == (415, 3)


def test_another_shops_account_speaks_for_nothing_of_ours(house: House) -> None:
    with house.tuanzi.database.transaction() as session:
        neighbour = a_merchant(session).id
    order = house.order()
    key = house.open(order).idempotency_key
    house.face.pay(key)
    raw = house.face.notice(key)
    other = house.connect(neighbour, app_id="2021000118639999")
    assert house.tell(raw, other) == 400
    assert house.refused(other) == 1
    same = house.connect(neighbour)
    assert house.tell(raw, same) == 200, "one app for two shops: it was signed for both"
    assert house.notices() == [(NoticeState.QUARANTINED, "unknown_payment")]
    assert house.state(order) == OrderState.AWAITING_PAYMENT
    assert house.tell(raw) == 200, "and takes the name of no notice of ours"
    assert house.state(order) == OrderState.READY


def test_another_sum_is_set_aside_for_a_person(house: House) -> None:
    order = house.order()
    key = house.open(order).idempotency_key
    house.face.pay(key)
    assert house.tell(house.face.notice(key, total_amount="1.00")) == 200
    assert house.notices() == [(NoticeState.QUARANTINED, "claimed_amount")]
    assert house.state(order) == OrderState.AWAITING_PAYMENT


def test_a_page_that_nobody_opened_ends_with_its_order(house: House) -> None:
    order = house.order()
    begun = house.open(order)
    house.later(29 * MINUTE)
    assert house.attempt(begun.id).state == AttemptState.PENDING, "it could still be paid"
    house.later(MINUTE)
    assert house.attempt(begun.id).state == AttemptState.VOIDED
    assert house.state(order) == OrderState.EXPIRED
    assert "ACQ" in house.face.open_page(begun.pay_with or "")
    house.later(DAY)
    assert house.balance() == {}


def test_money_for_an_order_that_is_gone_goes_back_once(house: House) -> None:
    """Paid in the last minute while nobody could tell us; in between the goods were sold."""
    late = house.order()
    begun = house.open(late)
    house.later(29 * MINUTE)
    house.face.pay(begun.idempotency_key)
    house.face.troubles[:] = ["500"] * 50
    house.later(2 * MINUTE)
    assert house.state(late) == OrderState.EXPIRED
    house.face.troubles.clear()
    assert house.order() != late
    raw = house.face.notice(begun.idempotency_key)
    assert house.tell(raw) == 200
    assert house.state(late) == OrderState.REFUNDED
    assert house.refunds(late) == [RefundState.SUCCEEDED]
    (given,) = house.face.trades[begun.idempotency_key].given_back
    told = house.face.notice(begun.idempotency_key, of_refund=given)
    for again in (told, told, raw):
        assert house.tell(again) == 200
    house.later(DAY)
    assert house.refunds(late) == [RefundState.SUCCEEDED]
    assert house.face.trades[begun.idempotency_key].back * 100 == TOTAL
    assert house.balance() == {}


def test_a_cancelled_order_that_is_paid_on_its_open_page_goes_back(house: House) -> None:
    """Alipay cannot close what nobody has begun; so the page is good until its last moment."""
    order = house.order()
    begun = house.open(order)
    with house.tuanzi.database.transaction() as session:
        now = house.tuanzi.clock.now()
        cancel_order(session, order_id=order, person_id=house.buyer, now=now)
    house.later(MINUTE)
    assert house.attempt(begun.id).state == AttemptState.PENDING
    house.face.pay(begun.idempotency_key)
    house.tell(house.face.notice(begun.idempotency_key))
    assert house.refunds(order) == [RefundState.SUCCEEDED]
    assert house.state(order) == OrderState.REFUNDED
    assert house.balance() == {}


def test_another_way_waits_until_the_page_is_good_no_more(house: House) -> None:
    """Two ways that are open may both be paid; a page that somebody has begun closes at once."""
    order = house.order()
    begun = house.open(order)
    other = Way("sandbox")
    with house.tuanzi.database.transaction() as session:
        supersede(session, order_id=order, way=other, now=house.tuanzi.clock.now())
    settle(house.tuanzi)
    assert house.attempt(begun.id).state == AttemptState.PENDING
    house.face.log_in(begun.idempotency_key)
    house.later(MINUTE)
    assert house.attempt(begun.id).state == AttemptState.VOIDED
    with house.tuanzi.database.transaction() as session:
        now = house.tuanzi.clock.now()
        assert begin_attempt(session, order_id=order, way=other, now=now).id != begun.id


def test_a_refund_by_hand_at_alipay_is_found_by_its_notice(house: House) -> None:
    order = house.order()
    key = house.open(order).idempotency_key
    house.face.pay(key)
    house.tell(house.face.notice(key))
    paid = house.balance()
    house.face.give_back(key, "by_hand", "10.00")
    assert house.tell(house.face.notice(key, of_refund="by_hand")) == 200
    assert house.notices()[-1] == (NoticeState.IGNORED, "")  # the payment itself is settled
    for _ in range(2):
        asyncio.run(house.tuanzi.bookkeeper.drain())
    assert house.state(order) == OrderState.READY
    with house.tuanzi.database.reading() as session:
        (refund,) = session.scalars(select(Refund))
        (alarm,) = session.scalars(select(PaymentAlarm))
    assert (refund.kind, refund.provider_ref, refund.amount_minor) == ("external", "by_hand", 1000)
    assert alarm.what == Alarm.REFUNDED_THERE
    assert house.balance() == {
        "cash_in_transit:alipay": paid["cash_in_transit:alipay"] + 1000,
        "revenue": paid["revenue"] - 1000,
    }


def test_a_trade_that_was_given_back_whole_at_alipay_stops_its_order(house: House) -> None:
    """No notice of it comes: the next look finds the trade closed."""
    order = house.order()
    attempt = house.open(order)
    house.face.pay(attempt.idempotency_key)
    house.tell(house.face.notice(attempt.idempotency_key))
    whole = str(attempt.amount.amount)
    house.face.give_back(attempt.idempotency_key, "by_hand", whole)
    house.later(timedelta(hours=1))
    asyncio.run(house.tuanzi.bookkeeper.drain())
    settle(house.tuanzi)
    assert house.state(order) == OrderState.REFUNDED
    assert house.balance() == {}
    assert house.refunds(order) == ["succeeded"]
