"""Payments through WeChat Pay's SIMULATED platform, over real HTTP: three ways, states, doubts."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import (
    Details,
    PayBy,
    PaymentStatus,
    ProviderRefused,
    ProviderUnreachable,
    Scene,
)
from integrations.payments.wechat_pay import WeChatPay
from tests.builders import NOW
from tests.peers.money.wechat_pay_face import APPID, MCHID, Face
from tests.peers.money.wechat_pay_keys import (
    KEY_ID,
    certificate_pem,
    certificate_serial,
    key,
)
from tests.peers.money.wechat_pay_running import running_face
from tests.peers.money.wechat_pay_shop import (
    KEY,
    NOTIFY,
    REF,
    TEN,
    WANTED,
    a_gateway,
    credentials,
    do,
    on,
)


@pytest.fixture
def face() -> Iterator[Face]:
    with running_face(TurnableClock(NOW)) as face:
        yield face


@pytest.fixture
def ours(face: Face) -> WeChatPay:
    return a_gateway(face)


# — three ways to pay —


def test_at_a_desk_a_code_is_shown(face: Face, ours: WeChatPay) -> None:
    made = do(ours.create_payment(WANTED))
    assert (made.status, made.amount, made.provider_ref) == (PaymentStatus.PENDING, TEN, None)
    assert made.our_ref == KEY
    assert made.pay_by == PayBy.QR
    assert (made.pay_with or "").startswith("weixin://wxpay/bizpayurl?pr=")
    assert face.orders[KEY].told == {
        "appid": APPID,
        "mchid": MCHID,
        "description": "团子礼物铺 R7",
        "out_trade_no": KEY,
        "time_expire": "2026-11-22T10:30:00+08:00",
        "notify_url": NOTIFY,
        "amount": {"total": 1000, "currency": "CNY"},
    }
    assert face.asked_for == [KEY_ID]


def test_on_a_phone_a_link_leads_into_the_app_and_back(face: Face, ours: WeChatPay) -> None:
    made = do(ours.create_payment(on(Scene.PHONE, payer_ip="2001:db8::7")))
    assert made.pay_by == PayBy.LINK
    link, _, back = (made.pay_with or "").partition("&redirect_url=")
    assert link.startswith("https://wx.tenpay.com/")
    assert back == f"https%3A%2F%2Fshop.example%2Fpay%2Fback%2F{KEY}"
    assert face.orders[KEY].told["scene_info"] == {
        "payer_client_ip": "2001:db8::7",
        "h5_info": {"type": "Wap"},
    }


def test_inside_wechat_its_bridge_gets_a_prepay_id(face: Face, ours: WeChatPay) -> None:
    made = do(ours.create_payment(on(Scene.WECHAT, payer_ref="o_lan")))
    assert made.pay_by == PayBy.JSAPI
    assert (made.pay_with or "").startswith("wx")
    assert face.orders[KEY].told["payer"] == {"openid": "o_lan"}


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (on(Scene.WECHAT), "no_openid"),
        (on(Scene.PHONE), "no_payer_ip"),
        (replace(WANTED, authorize_only=True), "no_holds"),
        (replace(WANTED, amount=Money(1000, "USD")), "currency"),
    ],
)
def test_what_cannot_be_is_refused_without_asking(
    face: Face, ours: WeChatPay, wanted: object, why: str
) -> None:
    with pytest.raises(ProviderRefused, match=why):
        do(ours.create_payment(wanted))  # type: ignore[arg-type]  # parameters have one type
    assert face.calls == []


def test_a_long_name_is_cut_between_two_letters_and_none_is_the_orders(
    face: Face, ours: WeChatPay
) -> None:
    do(ours.create_payment(replace(WANTED, details=Details(about="团" * 60))))
    do(ours.create_payment(replace(WANTED, key="c" * 32, details=Details())))
    assert [order.told["description"] for order in face.orders.values()] == ["团" * 42, "ord_1"]


def test_the_same_order_placed_again_gives_a_fresh_code(face: Face, ours: WeChatPay) -> None:
    codes = {do(ours.create_payment(WANTED)).pay_with for _ in range(2)}
    assert len(codes) == 2
    assert len(face.orders) == 1


def test_there_are_no_holds(face: Face, ours: WeChatPay) -> None:
    assert not ours.flags.can_authorize
    assert ours.flags.currencies == {"CNY"}
    for act in (ours.capture, ours.void):
        with pytest.raises(ProviderRefused, match="no_holds"):
            do(act(REF))


# — how a payment stands —


def test_a_payment_gets_its_name_when_it_is_paid(face: Face, ours: WeChatPay) -> None:
    do(ours.create_payment(WANTED))
    before = do(ours.query(REF))
    assert before is not None
    assert (before.status, before.provider_ref, before.amount) == (PaymentStatus.PENDING, None, TEN)
    order = face.pays(KEY)
    after = do(ours.query(REF))
    assert after is not None
    assert (after.status, after.amount) == (PaymentStatus.CAPTURED, TEN)
    assert (after.provider_ref, after.our_ref) == (order.transaction_id, KEY)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("SUCCESS", PaymentStatus.CAPTURED),
        ("REFUND", PaymentStatus.CAPTURED),
        ("NOTPAY", PaymentStatus.PENDING),
        ("USERPAYING", PaymentStatus.PENDING),
        ("ACCEPT", PaymentStatus.PENDING),
        ("CLOSED", PaymentStatus.VOIDED),
        ("REVOKED", PaymentStatus.VOIDED),
        ("PAYERROR", PaymentStatus.FAILED),
    ],
)
def test_each_state_means_something(
    face: Face, ours: WeChatPay, state: str, status: PaymentStatus
) -> None:
    do(ours.create_payment(WANTED))
    face.pays(KEY).state = state
    found = do(ours.query(REF))
    assert found is not None
    assert found.status == status


def test_a_new_word_for_a_state_is_a_doubt(face: Face, ours: WeChatPay) -> None:
    do(ours.create_payment(WANTED))
    face.pays(KEY).state = "HALFPAID"
    with pytest.raises(ProviderUnreachable, match="form"):
        do(ours.query(REF))


def test_paid_without_a_sum_is_a_doubt(face: Face, ours: WeChatPay) -> None:
    do(ours.create_payment(WANTED))
    face.orders[KEY].state = "SUCCESS"  # and no name: it is shown as an unpaid one
    with pytest.raises(ProviderUnreachable, match="form"):
        do(ours.query(REF))


def test_another_sum_is_told_as_it_is(face: Face, ours: WeChatPay) -> None:
    do(ours.create_payment(WANTED))
    face.pays(KEY, total=1)
    found = do(ours.query(REF))
    assert found is not None
    assert found.amount == Money(1, "CNY"), "the house compares"


def test_nobody_knows_what_was_never_ordered(ours: WeChatPay) -> None:
    assert do(ours.query(REF)) is None


def test_a_question_that_is_refused_says_nothing(face: Face, ours: WeChatPay) -> None:
    face.faults += ["refuse:403:NO_AUTH", "refuse:404:NOT_FOUND"]
    for _ in range(2):
        with pytest.raises(ProviderUnreachable):
            do(ours.query(REF))


# — closing —


def test_what_is_closed_takes_no_money(face: Face, ours: WeChatPay) -> None:
    do(ours.create_payment(WANTED))
    assert do(ours.close(REF)).status == PaymentStatus.VOIDED
    assert do(ours.close(REF)).status == PaymentStatus.VOIDED, "twice is once"
    again = do(ours.create_payment(WANTED))
    assert (again.status, again.pay_with) == (PaymentStatus.VOIDED, None)


def test_what_is_paid_cannot_be_closed(face: Face, ours: WeChatPay) -> None:
    do(ours.create_payment(WANTED))
    face.pays(KEY)
    assert do(ours.close(REF)).status == PaymentStatus.CAPTURED


def test_closing_what_they_do_not_know_is_a_doubt(face: Face, ours: WeChatPay) -> None:
    """They say 204 to that."""
    with pytest.raises(ProviderUnreachable, match="not_there"):
        do(ours.close(REF))
    assert face.orders == {}


# — refusals and doubts —


def test_who_orders_again_after_paying_hears_that_it_is_paid(face: Face, ours: WeChatPay) -> None:
    do(ours.create_payment(WANTED))
    face.pays(KEY)
    assert do(ours.create_payment(WANTED)).status == PaymentStatus.CAPTURED


def test_a_number_that_was_used_for_something_else_shows_what_is_there(
    face: Face, ours: WeChatPay
) -> None:
    do(ours.create_payment(replace(WANTED, amount=Money(1, "CNY"))))
    unpaid = do(ours.create_payment(WANTED))
    assert (unpaid.status, unpaid.pay_with) == (PaymentStatus.PENDING, None)
    face.pays(KEY)
    found = do(ours.create_payment(WANTED))
    assert (found.status, found.amount) == (PaymentStatus.CAPTURED, Money(1, "CNY"))


@pytest.mark.parametrize("code", ["PARAM_ERROR", "NO_AUTH", "INVALID_REQUEST", "RULE_LIMIT"])
def test_a_refusal_counts_where_they_know_nothing_of_it(
    face: Face, ours: WeChatPay, code: str
) -> None:
    face.faults.append(f"refuse:403:{code}")
    with pytest.raises(ProviderRefused, match=code):
        do(ours.create_payment(WANTED))
    assert [call.split()[0] for call in face.calls] == ["POST", "GET"]


def test_a_refusal_is_a_doubt_while_nobody_says_what_is_there(face: Face, ours: WeChatPay) -> None:
    face.faults += ["refuse:400:INVALID_REQUEST", "500"]
    with pytest.raises(ProviderUnreachable):
        do(ours.create_payment(WANTED))


@pytest.mark.parametrize("fault", ["429", "500", "refuse:403:BANK_ERROR"])
def test_a_busy_platform_is_a_doubt(face: Face, ours: WeChatPay, fault: str) -> None:
    face.faults.append(fault)
    with pytest.raises(ProviderUnreachable):
        do(ours.create_payment(WANTED))
    assert do(ours.create_payment(WANTED)).pay_with, "the same key, later"


def test_a_lost_answer_leaves_an_order_that_is_found(face: Face, ours: WeChatPay) -> None:
    face.faults.append("lost")
    with pytest.raises(ProviderUnreachable):
        do(ours.create_payment(WANTED))
    found = do(ours.query(REF))
    assert found is not None
    assert found.status == PaymentStatus.PENDING


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("unsigned", "signature_missing"),
        ("wrong", "signature_wrong"),
        ("probe", "signature_probe"),
        ("old", "signature_old"),
        ("future", "signature_old"),
        ("other_serial", "serial_unknown"),
    ],
)
def test_t01_an_answer_without_their_signature_is_a_doubt(
    face: Face, ours: WeChatPay, fault: str, why: str
) -> None:
    for act in (ours.create_payment(WANTED), ours.close(REF), ours.query(REF)):
        face.faults.append(fault)
        with pytest.raises(ProviderUnreachable, match=why):
            do(act)  # type: ignore[arg-type]  # three kinds of answers


def test_who_they_do_not_know_is_told_so_by_nobody(face: Face) -> None:
    stranger = a_gateway(face, credentials(merchant_serial="0" * 40))
    with pytest.raises(ProviderUnreachable, match="signature_missing"):
        do(stranger.create_payment(WANTED))
    assert face.orders == {}


# — certificates instead of a bare key —


def test_a_platform_certificate_does_as_well(face: Face) -> None:
    pem = certificate_pem("certified", now=NOW)
    told = credentials(platform_key="", platform_key_id="", platform_certificate=pem)
    face.serial, face.signs_with = certificate_serial(), key("certified")
    assert do(a_gateway(face, told).create_payment(WANTED)).pay_with
    assert face.asked_for == [""], "which of theirs is in use is theirs to say"


def test_while_a_merchant_is_moved_both_are_good(face: Face) -> None:
    moved = a_gateway(face, credentials(platform_certificate=certificate_pem("old", now=NOW)))
    assert do(moved.create_payment(WANTED)).pay_with
    face.serial, face.signs_with = certificate_serial(), key("old")
    assert do(moved.create_payment(WANTED)).pay_with


def test_a_certificate_that_ran_out_verifies_nothing(face: Face) -> None:
    pem = certificate_pem("certified", now=NOW, days=-1)
    told = credentials(platform_key="", platform_key_id="", platform_certificate=pem)
    face.serial, face.signs_with = certificate_serial(), key("certified")
    with pytest.raises(ProviderUnreachable, match="serial_unknown"):
        do(a_gateway(face, told).create_payment(WANTED))
