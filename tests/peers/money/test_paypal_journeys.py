"""From an order in dollars to its money and back: the whole house and a SIMULATED PayPal."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from bot.site import create_site
from data.orders import OrderState
from data.payments import PaymentAttempt, refund_order
from data.payments.gateway import PayBy, Scene
from data.payments.models import AttemptState, NoticeState, RefundState
from tests.bot.builders import a_tuanzi
from tests.bot.client import one_loop
from tests.peers.money.paypal_face import CERTIFICATE, Answer, Call
from tests.peers.money.paypal_house import Begun, House, Shop, a_house
from tests.peers.money.paypal_keys import key

TOTAL = 17600  # two of 88.00
EARNED = {"cash_in_transit:paypal": -TOTAL, "revenue": TOTAL}
NAME = CERTIFICATE.rpartition("/")[2]


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
def house(tmp_path: Path, site: FastAPI) -> Iterator[House]:
    with a_house(tmp_path, site) as house:
        yield house


@pytest.fixture
def shop(house: House) -> Shop:
    return house.opens_a_shop()


@pytest.fixture
def begun(house: House, shop: Shop) -> Begun:
    return house.begins(shop)


@pytest.fixture
def paid(house: House, shop: Shop, begun: Begun) -> Begun:
    house.face.approves(begun.key)
    house.comes_back(begun)
    house.settles()
    assert house.state(begun.order) == OrderState.READY
    return begun


def gives_back(house: House, begun: Begun) -> None:
    with house.tuanzi.database.transaction() as session:
        now = house.tuanzi.clock.now()
        refund_order(session, order_id=begun.order, cause_ref="asked", now=now)
    house.settles()


def test_an_order_is_paid(house: House, shop: Shop, begun: Begun) -> None:
    shown = house.attempt(begun.attempt)
    assert (shown.state, shown.pay_by) == (AttemptState.PENDING, PayBy.LINK)
    assert (shown.pay_with or "").startswith("https://www.sandbox.paypal.com/checkoutnow?token=")
    told = house.face.order(begun.key).told["payment_source"]["paypal"]["experience_context"]
    assert told["return_url"] == f"https://shop.example/pay/back/{begun.key}"
    assert told["locale"] == "zh-CN"

    order = house.face.approves(begun.key)
    answer = house.told(shop, house.face.order_call(order))
    assert (answer.status_code, answer.content) == (200, b"")
    assert house.state(begun.order) == OrderState.AWAITING_PAYMENT, "a call only makes us ask"
    assert not order.captures
    house.settles()
    assert house.state(begun.order) == OrderState.READY
    assert (house.attempt(begun.attempt).state, len(order.captures)) == (AttemptState.CAPTURED, 1)
    assert house.attempt(begun.attempt).provider_ref == order.id
    assert house.attempt(begun.attempt).pay_with is None
    assert house.books(shop) == EARNED
    assert house.refused(shop) == 0

    assert house.told(shop, house.face.capture_call(order)).status_code == 200
    house.settles()
    assert house.notices() == [(NoticeState.APPLIED, ""), (NoticeState.IGNORED, "")]
    assert house.books(shop) == EARNED


def test_who_comes_back_has_paid_though_paypal_never_calls(
    house: House, shop: Shop, begun: Begun
) -> None:
    house.face.approves(begun.key)
    assert house.comes_back(begun).status_code == 200
    assert house.state(begun.order) == OrderState.READY
    assert house.books(shop) == EARNED
    assert house.notices() == []


def test_who_comes_back_without_having_agreed_has_not_paid(
    house: House, shop: Shop, begun: Begun
) -> None:
    assert house.comes_back(begun).status_code == 200
    assert house.state(begun.order) == OrderState.AWAITING_PAYMENT
    assert house.attempt(begun.attempt).pay_with
    assert house.books(shop) == {}


def test_who_neither_comes_back_nor_is_told_of_is_found_by_asking(
    house: House, shop: Shop, begun: Begun
) -> None:
    house.face.approves(begun.key)
    house.later(timedelta(minutes=2))
    assert house.state(begun.order) == OrderState.READY
    assert house.books(shop) == EARNED


def test_the_same_call_twice_is_once_t02(house: House, shop: Shop, begun: Begun) -> None:
    call = house.face.order_call(house.face.approves(begun.key))
    for _ in range(2):
        assert house.told(shop, call).status_code == 200
        house.settles()
    assert house.notices() == [(NoticeState.APPLIED, "")]
    assert len(house.face.order(begun.key).captures) == 1
    assert house.books(shop) == EARNED


def test_a_forged_call_is_refused_and_counted_t01(house: House, shop: Shop, begun: Begun) -> None:
    order = house.face.approves(begun.key)
    call = house.face.order_call(order)
    forged = Call(call.body, house.face.signature(call.body, by=key("stranger")))
    assert house.told(shop, forged).status_code == 400
    foreign = house.face.signature(
        call.body, address="https://evil.example/v1/notifications/certs/x"
    )
    assert house.told(shop, Call(call.body, foreign)).status_code == 400
    house.settles()
    assert house.refused(shop) == 2
    assert house.notices() == []
    assert not order.captures
    assert house.state(begun.order) == OrderState.AWAITING_PAYMENT


def test_another_shops_call_is_not_ours_t01(house: House, shop: Shop, begun: Begun) -> None:
    other = house.opens_a_shop(client_id="Another-client", webhook_id="1JE50Z90C7278")
    call = house.face.order_call(house.face.approves(begun.key))
    assert house.told(other, call).status_code == 400
    assert (house.refused(other), house.refused(shop)) == (1, 0)
    assert house.state(begun.order) == OrderState.AWAITING_PAYMENT


def test_a_call_that_claims_another_sum_is_set_aside_t33(
    house: House, shop: Shop, begun: Begun
) -> None:
    order = house.face.approves(begun.key)
    shown = order.shown()
    shown["purchase_units"][0]["amount"] = {"currency_code": "USD", "value": "1.00"}
    call = house.face.call("CHECKOUT.ORDER.APPROVED", "checkout-order", shown)
    assert house.told(shop, call).status_code == 200
    house.settles()
    assert house.notices() == [(NoticeState.QUARANTINED, "claimed_amount")]
    assert not order.captures
    assert house.state(begun.order) == OrderState.AWAITING_PAYMENT


def test_an_order_over_another_sum_is_never_taken_and_stops_everything_t33(
    house: House, shop: Shop, begun: Begun
) -> None:
    order = house.face.approves(begun.key)
    order.unit["amount"] = {"currency_code": "USD", "value": "1.00"}
    house.comes_back(begun)
    house.settles()
    assert house.attempt(begun.attempt).quarantine == "amount"
    assert not order.captures
    assert house.books(shop) == {}


def test_a_call_whose_certificate_cannot_be_had_comes_again(
    house: House, shop: Shop, begun: Begun
) -> None:
    good = house.face.certificates[NAME]
    house.face.certificates[NAME] = Answer(500, b"")
    call = house.face.order_call(house.face.approves(begun.key))
    assert house.told(shop, call).status_code == 503
    assert (house.notices(), house.refused(shop)) == ([], 0)
    house.face.certificates[NAME] = good
    assert house.told(shop, call).status_code == 200
    house.settles()
    assert house.state(begun.order) == OrderState.READY


def test_an_answer_to_the_making_that_was_lost_makes_no_second_order(
    house: House, shop: Shop
) -> None:
    house.face.faults.append("lost")
    begun = house.begins(shop)
    assert house.attempt(begun.attempt).state == AttemptState.UNKNOWN
    house.later(timedelta(minutes=1))
    assert house.attempt(begun.attempt).state == AttemptState.PENDING
    house.face.approves(begun.key)  # there is one
    house.comes_back(begun)
    assert house.books(shop) == EARNED


def test_an_answer_to_the_capture_that_was_lost_takes_nothing_twice(
    house: House, shop: Shop, begun: Begun
) -> None:
    house.face.approves(begun.key)
    house.face.faults.extend(["", "lost"])
    house.comes_back(begun)
    assert house.attempt(begun.attempt).state == AttemptState.UNKNOWN
    house.later(timedelta(minutes=2))
    assert house.state(begun.order) == OrderState.READY
    assert len(house.face.order(begun.key).captures) == 1
    assert house.books(shop) == EARNED


def test_a_declined_card_leaves_the_page_open_for_another(
    house: House, shop: Shop, begun: Begun
) -> None:
    house.face.approves(begun.key, "declined")
    house.comes_back(begun)
    shown = house.attempt(begun.attempt)
    assert (shown.state, bool(shown.pay_with)) == (AttemptState.PENDING, True)
    house.face.approves(begun.key, "good")
    house.comes_back(begun)
    assert house.state(begun.order) == OrderState.READY


def test_an_expired_order_is_closed_and_who_agrees_afterwards_pays_nothing(
    house: House, shop: Shop, begun: Begun
) -> None:
    house.later(timedelta(minutes=40))
    assert house.state(begun.order) == OrderState.EXPIRED
    assert house.attempt(begun.attempt).state == AttemptState.VOIDED
    order = house.face.approves(begun.key)
    assert house.told(shop, house.face.order_call(order)).status_code == 200
    house.comes_back(begun)
    house.later(timedelta(hours=3))
    assert not order.captures
    assert house.attempt(begun.attempt).state == AttemptState.VOIDED
    assert house.books(shop) == {}


def test_who_chose_another_way_is_not_charged_for_this_one(
    house: House, shop: Shop, begun: Begun
) -> None:
    order = house.face.approves(begun.key)
    house.chooses_another_way(begun)
    assert house.attempt(begun.attempt).state == AttemptState.VOIDED
    house.told(shop, house.face.order_call(order))
    house.settles()
    assert not order.captures
    assert house.books(shop) == {}


def test_who_chose_another_way_while_paypal_was_silent_is_not_charged_either(
    house: House, shop: Shop, begun: Begun
) -> None:
    house.face.faults.append("500")
    house.comes_back(begun)
    assert house.attempt(begun.attempt).state == AttemptState.UNKNOWN
    order = house.face.approves(begun.key)
    house.chooses_another_way(begun)
    house.later(timedelta(minutes=2))
    assert house.attempt(begun.attempt).state == AttemptState.VOIDED
    assert not order.captures


def test_money_that_is_on_its_way_when_the_order_ends_is_dealt_with_when_it_comes(
    house: House, shop: Shop, begun: Begun
) -> None:
    order = house.face.approves(begun.key, "pending")
    house.comes_back(begun)
    house.later(timedelta(minutes=40))
    assert house.state(begun.order) == OrderState.EXPIRED
    assert house.attempt(begun.attempt).state == AttemptState.PENDING
    order.captures[0].status = "COMPLETED"
    house.told(shop, house.face.capture_call(order))
    house.settles()
    assert house.attempt(begun.attempt).state == AttemptState.CAPTURED
    assert house.state(begun.order) == OrderState.READY, "its goods could still be had"
    assert house.books(shop) == EARNED


def test_a_hold_is_captured_for_an_order_that_is_payable(house: House, shop: Shop) -> None:
    begun = house.begins(shop, authorize=True)
    order = house.face.approves(begun.key)
    house.told(shop, house.face.order_call(order))
    house.settles()
    assert (order.holds[0].status, order.captures[0].status) == ("CAPTURED", "COMPLETED")
    assert house.state(begun.order) == OrderState.READY
    assert house.books(shop) == EARNED


def test_what_paypal_tells_of_a_hold_that_was_taken_in_part_alarms_nobody(
    house: House, shop: Shop
) -> None:
    """A team's price came down: the capture that PayPal calls us about is smaller than the hold."""
    begun = house.begins(shop, authorize=True)
    order = house.face.approves(begun.key)
    with house.tuanzi.database.transaction() as session:
        session.get_one(PaymentAttempt, begun.attempt).capture_minor = TOTAL - 1000
    house.comes_back(begun)
    house.settles()
    assert house.attempt(begun.attempt).captured_minor == TOTAL - 1000
    assert house.told(shop, house.face.capture_call(order)).status_code == 200
    house.settles()
    assert house.notices() == [(NoticeState.IGNORED, "")]


def test_a_hold_for_an_order_that_was_called_off_is_let_go(house: House, shop: Shop) -> None:
    """The payer agreed, PayPal held it, and its answer was lost until nobody wanted it any more."""
    begun = house.begins(shop, authorize=True)
    order = house.face.approves(begun.key)
    house.face.faults.extend(["", "lost"])
    house.comes_back(begun)
    assert [hold.status for hold in order.holds] == ["CREATED"]
    gives_back(house, begun)
    house.later(timedelta(minutes=2))
    assert [hold.status for hold in order.holds] == ["VOIDED"]
    assert house.attempt(begun.attempt).state == AttemptState.VOIDED
    assert house.state(begun.order) == OrderState.CANCELLED
    assert house.books(shop) == {}


def test_all_goes_back(house: House, shop: Shop, paid: Begun) -> None:
    gives_back(house, paid)
    assert house.state(paid.order) == OrderState.REFUNDED
    (refund,) = house.refunds(paid.order)
    (made,) = house.face.order(paid.key).refunds
    assert (refund.state, refund.provider_ref) == (RefundState.SUCCEEDED, made.id)
    assert house.books(shop) == {}


def test_a_refund_whose_answer_is_lost_is_made_once(house: House, shop: Shop, paid: Begun) -> None:
    house.face.faults.extend(["", "lost"])
    gives_back(house, paid)
    assert house.refunds(paid.order)[0].state == RefundState.UNKNOWN
    house.later(timedelta(minutes=2))
    assert house.state(paid.order) == OrderState.REFUNDED
    assert len(house.face.order(paid.key).refunds) == 1


def test_a_refund_that_takes_its_time_is_told_of_by_paypal(
    house: House, shop: Shop, paid: Begun
) -> None:
    house.face.books.refunds_wait = True
    gives_back(house, paid)
    assert house.state(paid.order) == OrderState.REFUND_PENDING
    (made,) = house.face.order(paid.key).refunds
    made.status = "COMPLETED"
    call = house.face.call("PAYMENT.CAPTURE.REFUNDED", "refund", made.shown())
    assert house.told(shop, call).status_code == 200
    house.settles()
    assert house.notices() == [(NoticeState.APPLIED, "")]
    assert house.state(paid.order) == OrderState.REFUNDED
    assert house.books(shop) == {}


def test_a_shop_with_other_money_is_not_offered_paypal(house: House, shop: Shop) -> None:
    with house.tuanzi.database.reading() as session:
        ways = [
            house.tuanzi.gateways.ways(
                session, merchant_id=shop.merchant, scene=Scene.PHONE, currency=currency
            )
            for currency in ("USD", "CNY")
        ]
    assert [len(one) for one in ways] == [1, 0]


def test_fees_refunds_and_disputes_there_are_found(house: House, shop: Shop, paid: Begun) -> None:
    order, cash = house.face.order(paid.key), "cash_in_transit:paypal"
    before = house.books(shop)
    house.face.books.keep_fee(order, "1.00")
    there = house.face.books.give_back_there(order, "2.00")
    assert house.told(
        shop, house.face.call("PAYMENT.CAPTURE.REFUNDED", "refund", there.shown())
    ).is_success
    for _ in range(2):
        house.looks_back()
    assert house.books(shop) == {
        cash: before[cash] + 300,
        "psp_fee": -100,
        "revenue": before["revenue"] - 200,
    }
    disputed = house.face.books.dispute(order)
    call = house.face.call("CUSTOMER.DISPUTE.CREATED", "dispute", disputed)
    assert house.told(shop, call).is_success
    house.looks_back()
    gives_back(house, paid)
    assert house.refunds(paid.order)[-1].calls == 0, "PayPal may give it back itself"
    over = {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "CANCELED_BY_BUYER"}}
    disputed.update(over)
    assert house.told(
        shop, house.face.call("CUSTOMER.DISPUTE.RESOLVED", "dispute", disputed)
    ).is_success
    house.looks_back()
    house.settles()
    assert house.state(paid.order) == OrderState.REFUNDED
    assert house.books(shop) == {cash: 100, "psp_fee": -100}
