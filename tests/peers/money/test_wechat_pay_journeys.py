"""From an order to its money and back, through the whole house and a SIMULATED WeChat Pay."""

import asyncio
import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from wechatpayv3.utils import rsa_verify

from bot.site import create_site
from data.orders import OrderState
from data.payments import refund_order
from data.payments.gateway import PayBy
from data.payments.models import AttemptState, RefundState
from tests.bot.builders import a_tuanzi
from tests.bot.client import one_loop
from tests.peers.money.wechat_pay_face import MCHID
from tests.peers.money.wechat_pay_house import Shop, WechatHouse, a_house
from tests.peers.money.wechat_pay_keys import key

TOTAL = 17600  # two of 88.00
CASH = "cash_in_transit:wechat_pay"
EARNED = {CASH: -TOTAL, "revenue": TOTAL}


@pytest.fixture(scope="module", autouse=True)
def _one_loop() -> Iterator[None]:
    with one_loop():
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Routes alone: each test puts its own house behind them."""
    tuanzi = a_tuanzi(tmp_path_factory.mktemp("site") / "shop.db")
    made = create_site(tuanzi, works=False)
    tuanzi.close()
    return made


@pytest.fixture
def house(tmp_path: Path, site: FastAPI) -> Iterator[WechatHouse]:
    with a_house(tmp_path, site) as house:
        yield house


@pytest.fixture
def shop(house: WechatHouse) -> Shop:
    return house.opens_a_shop()


def begun(house: WechatHouse, shop: Shop) -> tuple[str, str, str]:
    """An order, its attempt and the number under which the platform knows it."""
    order = house.order(shop)
    attempt = house.begins(shop, order)
    return order, attempt, house.calls(attempt).idempotency_key


def paid(house: WechatHouse, shop: Shop) -> tuple[str, str]:
    order, _, number = begun(house, shop)
    house.face.pays(number)
    assert house.told(shop, house.face.paid_notice(number)).status_code == 200
    house.settles()
    return order, number


def test_an_order_is_paid(house: WechatHouse, shop: Shop) -> None:
    order, attempt, number = begun(house, shop)
    shown = house.attempt(attempt)
    assert (shown.state, shown.pay_by) == (AttemptState.PENDING, PayBy.QR)
    assert (shown.pay_with or "").startswith("weixin://")
    told = house.face.orders[number].told
    assert told["notify_url"] == f"https://shop.example/webhooks/payments/{shop.account}"
    assert told["amount"] == {"total": TOTAL, "currency": "CNY"}

    transaction = house.face.pays(number).transaction_id
    answer = house.told(shop, house.face.paid_notice(number))
    assert (answer.status_code, answer.content) == (200, b"")
    assert house.state(order) == OrderState.AWAITING_PAYMENT, "a notice only makes us ask"
    house.settles()
    assert house.state(order) == OrderState.READY
    assert house.attempt(attempt).provider_ref == transaction
    assert house.books(shop) == EARNED
    assert house.refused(shop) == 0


def test_inside_wechat_our_page_calls_its_bridge(house: WechatHouse, shop: Shop) -> None:
    house.knows_in_wechat(shop, "o_lan")
    order = house.order(shop)
    link = house.link(order)
    looks = {"User-Agent": "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50"}
    chosen = house.client.post(f"{link}/with/{shop.account}", headers=looks, follow_redirects=False)
    assert chosen.headers["location"] == f"{link}/go"
    page = house.client.get(f"{link}/go", headers=looks).text
    told = json.loads(html.unescape(re.findall(r'data-call="([^"]+)"', page)[0]))
    (placed,) = house.face.orders.values()
    assert (placed.kind, placed.told["payer"]) == ("jsapi", {"openid": "o_lan"})
    lines = f"{told['appId']}\n{told['timeStamp']}", told["nonceStr"], told["package"]
    assert rsa_verify(*lines, told["paySign"], key("merchant").public_key())

    house.face.pays(placed.told["out_trade_no"])
    (after,) = set(re.findall(r'(?:data-next|href)="(/pay/[^"]+)"', page))
    cookie = chosen.headers["set-cookie"].partition(";")[0]
    back = house.client.get(after, headers={**looks, "Cookie": cookie}, follow_redirects=False)
    assert back.headers["location"] == f"{link}?asked=1"
    assert house.state(order) == OrderState.READY, "who comes back is asked about, without a notice"


def test_the_same_notice_twice_is_once(house: WechatHouse, shop: Shop) -> None:
    order, _, number = begun(house, shop)
    house.face.pays(number)
    call = house.face.paid_notice(number)
    assert [house.told(shop, call).status_code for _ in range(2)] == [200, 200]
    house.settles()
    assert house.told(shop, call).status_code == 200
    assert house.told(shop, house.face.paid_notice(number)).status_code == 200, "another id"
    house.settles()
    assert [state for state, _ in house.notices()] == ["applied", "ignored"]
    assert house.state(order) == OrderState.READY
    assert house.books(shop) == EARNED


def test_no_notice_at_all_is_made_up_for_by_asking(house: WechatHouse, shop: Shop) -> None:
    order, _, number = begun(house, shop)
    house.face.pays(number)
    house.later(timedelta(seconds=10))
    assert house.state(order) == OrderState.READY
    assert house.books(shop) == EARNED


def test_a_notice_may_come_before_the_answer_to_the_order(house: WechatHouse, shop: Shop) -> None:
    order = house.order(shop)
    attempt = house.begins(shop, order)
    number, statuses = house.attempt(attempt).idempotency_key, []

    def is_quick() -> None:
        """On the platform's thread, while our call still waits for its answer."""
        house.face.pays(number)
        statuses.append(house.told(shop, house.face.paid_notice(number)).status_code)
        asyncio.run(house.tuanzi.worker.drain())

    house.face.meanwhile = is_quick
    assert house.calls(attempt).state == AttemptState.PENDING
    assert statuses == [200]
    assert [state for state, _ in house.notices()] == ["applied"]
    house.later(timedelta(seconds=10))
    assert house.state(order) == OrderState.READY
    assert house.books(shop) == EARNED


def test_a_lost_answer_to_the_order_loses_no_money(house: WechatHouse, shop: Shop) -> None:
    order = house.order(shop)
    attempt = house.begins(shop, order)
    house.face.faults.append("lost")
    shown = house.calls(attempt)
    assert shown.state == AttemptState.UNKNOWN
    house.face.pays(shown.idempotency_key)
    assert house.told(shop, house.face.paid_notice(shown.idempotency_key)).status_code == 200
    house.settles()
    assert house.state(order) == OrderState.READY
    assert len(house.face.orders) == 1


@pytest.mark.parametrize("fault", ["429", "500", "unsigned", "wrong", "probe", "other_serial"])
def test_trouble_while_ordering_ends_in_one_order(
    house: WechatHouse, shop: Shop, fault: str
) -> None:
    order = house.order(shop)
    attempt = house.begins(shop, order)
    house.face.faults.append(fault)
    shown = house.calls(attempt)
    assert (shown.state, shown.pay_with) == (AttemptState.UNKNOWN, None)
    house.later(timedelta(seconds=40))
    number = house.attempt(attempt).idempotency_key
    assert house.attempt(attempt).state == AttemptState.PENDING
    assert list(house.face.orders) == [number]


def test_t01_a_forged_notice_is_counted_and_changes_nothing(house: WechatHouse, shop: Shop) -> None:
    order, _, number = begun(house, shop)
    house.face.pays(number)
    true = house.face.paid_notice(number)
    forged = true.headers | house.face.signature(true.body, key=key("stranger"))
    forged_call = type(true)(true.body, forged)
    assert house.told(shop, forged_call).status_code == 400
    probe = true.headers | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/Zm9yZ2Vk"}
    assert house.told(shop, type(true)(true.body, probe)).status_code == 400
    as_form = true.headers | {"Content-Type": "application/x-www-form-urlencoded"}
    assert house.told(shop, type(true)(true.body, as_form)).status_code == 415
    house.settles()
    assert house.refused(shop) == 3
    assert house.notices() == []
    assert house.state(order) == OrderState.AWAITING_PAYMENT
    assert house.books(shop) == {}


def test_an_old_notice_is_refused_and_its_repeat_is_believed(
    house: WechatHouse, shop: Shop
) -> None:
    order, _, number = begun(house, shop)
    house.face.pays(number)
    call = house.face.paid_notice(number)
    house.face.faults += ["500"] * 20  # nobody can ask meanwhile
    house.later(timedelta(minutes=5))
    assert house.told(shop, call).status_code == 400
    house.face.faults.clear()
    assert house.told(shop, house.face.paid_notice(number)).status_code == 200
    house.settles()
    assert house.state(order) == OrderState.READY


def test_a_notice_at_another_shops_address_says_nothing_of_ours(
    house: WechatHouse, shop: Shop
) -> None:
    other = house.opens_a_shop(mchid="1900000110")
    same = house.opens_a_shop()  # of the same merchant there
    order, _, number = begun(house, shop)
    house.face.pays(number)
    assert house.told(other, house.face.paid_notice(number)).status_code == 400
    assert (house.refused(other), house.refused(shop)) == (1, 0)
    assert house.told(same, house.face.paid_notice(number)).status_code == 200
    house.settles()
    assert house.notices() == [("quarantined", "unknown_payment")]
    assert house.state(order) == OrderState.AWAITING_PAYMENT
    assert house.face.orders[number].told["mchid"] == MCHID


def test_a_wrong_sum_in_a_notice_is_set_aside(house: WechatHouse, shop: Shop) -> None:
    order, _, number = begun(house, shop)
    house.face.pays(number)
    call = house.face.paid_notice(number, amount={"total": 1, "currency": "CNY"})
    asked = len(house.face.calls)
    assert house.told(shop, call).status_code == 200
    house.settles()
    assert house.notices() == [("quarantined", "claimed_amount")]
    assert len(house.face.calls) == asked, "it made nobody ask"
    assert house.state(order) == OrderState.AWAITING_PAYMENT
    house.later(timedelta(seconds=10))
    assert house.state(order) == OrderState.READY, "what the platform shows is another thing"


def test_a_wrong_sum_at_the_platform_stops_everything(house: WechatHouse, shop: Shop) -> None:
    order, attempt, number = begun(house, shop)
    house.face.pays(number, total=1)
    house.later(timedelta(seconds=10))
    assert house.attempt(attempt).quarantine == "amount"
    assert house.state(order) == OrderState.AWAITING_PAYMENT
    assert house.books(shop) == {}


def test_money_that_comes_too_late_goes_back_once(house: WechatHouse, shop: Shop) -> None:
    order, attempt, number = begun(house, shop)
    house.face.faults += ["500"] * 30  # so that the payment is not closed in time
    house.later(timedelta(minutes=31), step=timedelta(minutes=1))
    assert house.state(order) == OrderState.EXPIRED
    assert house.attempt(attempt).state == AttemptState.UNKNOWN
    house.order(shop)  # takes what was on the shelf
    house.face.faults.clear()
    house.face.pays(number)
    for _ in range(2):
        assert house.told(shop, house.face.paid_notice(number)).status_code == 200
        house.settles()
    assert house.state(order) == OrderState.REFUND_PENDING
    (back,) = house.refunds(order)
    (shown,) = house.face.refunds.values()
    assert (shown.number, shown.amount) == (back.idempotency_key, TOTAL)

    house.face.ends(shown.number, "SUCCESS")
    assert house.told(shop, house.face.refund_notice(shown.number)).status_code == 200
    house.settles()
    assert house.refunds(order)[0].state == RefundState.SUCCEEDED
    assert house.refunds(order)[0].provider_ref == shown.refund_id
    assert house.state(order) == OrderState.REFUNDED
    assert house.books(shop) == {}
    house.later(timedelta(days=1), step=timedelta(hours=1))
    assert len(house.face.refunds) == 1


def test_what_nobody_pays_is_closed_there_too(house: WechatHouse, shop: Shop) -> None:
    order, attempt, number = begun(house, shop)
    house.later(timedelta(minutes=31), step=timedelta(minutes=1))
    assert house.state(order) == OrderState.EXPIRED
    assert house.attempt(attempt).state == AttemptState.VOIDED
    assert house.face.orders[number].state == "CLOSED"


@pytest.mark.parametrize("fault", ["refuse:403:NOT_ENOUGH", "lost", "500", "wrong"])
def test_a_refund_in_trouble_is_given_once(house: WechatHouse, shop: Shop, fault: str) -> None:
    order, _ = paid(house, shop)
    house.face.faults.append(fault)
    with house.tuanzi.database.transaction() as session:
        refund_order(session, order_id=order, cause_ref="cancelled", now=house.tuanzi.clock.now())
    house.settles()
    assert house.refunds(order)[0].state == RefundState.UNKNOWN
    house.later(timedelta(seconds=40))
    (shown,) = house.face.refunds.values()
    house.face.ends(shown.number, "SUCCESS")
    house.later(timedelta(hours=1), step=timedelta(minutes=5))
    assert house.state(order) == OrderState.REFUNDED
    assert house.books(shop) == {}
    assert len(house.face.refunds) == 1


def test_a_refund_that_does_not_arrive_asks_for_a_person(house: WechatHouse, shop: Shop) -> None:
    order, _ = paid(house, shop)
    with house.tuanzi.database.transaction() as session:
        refund_order(session, order_id=order, cause_ref="cancelled", now=house.tuanzi.clock.now())
    house.settles()
    (shown,) = house.face.refunds.values()
    house.face.ends(shown.number, "ABNORMAL")
    assert house.told(shop, house.face.refund_notice(shown.number)).status_code == 200
    house.settles()
    assert house.refunds(order)[0].state == RefundState.FAILED
    assert house.state(order) == OrderState.REFUND_PENDING
    assert house.books(shop) == {CASH: -TOTAL, "refund_payable": TOTAL}
