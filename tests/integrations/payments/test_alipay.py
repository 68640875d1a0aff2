"""Alipay behind the port, against a stand-in whose side of every signature is another's library."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import (
    BalanceTooLow,
    PayBy,
    PaymentRef,
    PaymentStatus,
    ProviderRefused,
    ProviderUnreachable,
    RefundStatus,
    Scene,
)
from integrations.payments.alipay import Alipay
from tests.integrations.payments.alipay_shop import (
    BACK,
    NOTIFY_URL,
    REF,
    SUM,
    UNTIL,
    WANTED,
    an_alipay,
    at,
    do,
    parameters,
)
from tests.peers.money.alipay_face import Face

KEY = WANTED.key
MOMENT = timedelta(seconds=1)


@pytest.fixture
def face(alipay_stand_in: Face) -> Face:
    return alipay_stand_in


@pytest.fixture
def alipay(face: Face) -> Alipay:
    return an_alipay(face)


@pytest.fixture
def paid(face: Face, alipay: Alipay) -> Alipay:
    face.open_page(do(alipay.create_payment(WANTED)).pay_with)
    face.pay(KEY)
    return alipay


@pytest.mark.parametrize(
    ("scene", "method", "product"),
    [
        (Scene.DESKTOP, "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
        (Scene.PHONE, "alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    ],
)
def test_a_page_is_an_address_that_nobody_has_to_be_asked_for(
    face: Face, alipay: Alipay, scene: Scene, method: str, product: str
) -> None:
    shown = do(alipay.create_payment(at(scene)))
    assert (shown.status, shown.pay_by, shown.provider_ref) == (
        PaymentStatus.PENDING,
        PayBy.LINK,
        None,
    )
    assert not face.asked
    assert "ACQ" not in face.open_page(shown.pay_with)
    told = parameters(shown.pay_with)
    content = json.loads(told["biz_content"])
    assert (told["method"], content["product_code"]) == (method, product)
    assert (told["notify_url"], told["return_url"]) == (
        NOTIFY_URL,
        f"https://shop.example/pay/back/{KEY}",
    )
    assert (content["out_trade_no"], content["total_amount"]) == (KEY, "99.00")


def test_alipays_clock_is_in_beijing(alipay: Alipay) -> None:
    told = parameters(do(alipay.create_payment(WANTED)).pay_with)
    assert told["timestamp"] == "2026-11-22 10:00:00"
    assert json.loads(told["biz_content"])["time_expire"] == "2026-11-22 10:30:00"


def test_a_desk_may_show_a_code_instead(face: Face) -> None:
    alipay = an_alipay(face, desktop="qr")
    shown = do(alipay.create_payment(at(Scene.DESKTOP)))
    assert (shown.pay_by, shown.pay_with) == (PayBy.QR, f"https://qr.alipay.com/bax{KEY[:16]}")
    assert face.asked[0]["notify_url"] == NOTIFY_URL
    face.pay(KEY)
    assert do(alipay.query(REF)).status == PaymentStatus.CAPTURED
    assert do(alipay.create_payment(at(Scene.PHONE))).pay_by == PayBy.LINK


@pytest.mark.parametrize(
    ("about", "subject"),
    [
        ("团子 & 茶/咖啡 = 好", "团子 茶 咖啡 好"),
        ("Tuanzi's tea (no. 7), #12", "Tuanzi's tea (no. 7), #12"),
        ("礼物🎁100%\n+ 卡", "礼物 100 卡"),
        ("茶" * 300, "茶" * 128),
        ("=&/", "ord_1"),
    ],
)
def test_a_subject_has_no_signs_that_alipay_refuses(face: Face, about: str, subject: str) -> None:
    alipay = an_alipay(face, desktop="qr")
    wanted = at(Scene.DESKTOP)
    do(alipay.create_payment(replace(wanted, details=replace(wanted.details, about=about))))
    assert json.loads(face.asked[0]["biz_content"])["subject"] == subject


def test_what_alipay_cannot_do_is_not_begun(face: Face, alipay: Alipay) -> None:
    details = WANTED.details
    odd = [
        at(Scene.WECHAT),
        replace(WANTED, amount=Money(9900, "USD")),
        replace(WANTED, authorize_only=True),
        replace(WANTED, details=replace(details, expires_at=None)),
        replace(WANTED, details=replace(details, expires_at=face.clock.now())),
    ]
    for wanted in odd:
        with pytest.raises(ProviderRefused):
            do(alipay.create_payment(wanted))
    for act in (alipay.capture, alipay.void):
        with pytest.raises(ProviderRefused, match="no_holds"):
            do(act(REF))
    assert not face.asked
    assert alipay.flags.scenes == {Scene.DESKTOP, Scene.PHONE}
    assert alipay.flags.currencies == {"CNY"}
    assert not alipay.flags.can_authorize


def test_a_far_last_moment_is_cut_to_what_alipay_takes(alipay: Alipay) -> None:
    far = replace(WANTED.details, expires_at=UNTIL + timedelta(days=60))
    told = parameters(do(alipay.create_payment(replace(WANTED, details=far))).pay_with)
    assert json.loads(told["biz_content"])["time_expire"] == "2026-12-07 10:00:00"


def test_a_payment_gets_its_name_there_with_the_money(face: Face, alipay: Alipay) -> None:
    face.open_page(do(alipay.create_payment(WANTED)).pay_with)
    trade = face.log_in(KEY)
    waiting = do(alipay.query(REF))
    assert (waiting.status, waiting.provider_ref) == (PaymentStatus.PENDING, None)
    face.pay(KEY)
    shown = do(alipay.query(REF))
    assert (shown.status, shown.provider_ref) == (PaymentStatus.CAPTURED, trade.trade_no)
    assert (shown.amount, shown.our_ref) == (SUM, KEY)
    trade.status = "TRADE_FINISHED"
    assert do(alipay.query(REF)).status == PaymentStatus.CAPTURED


def test_a_page_that_nobody_opened_stays_open_until_its_last_moment(
    face: Face, alipay: Alipay
) -> None:
    """Else a second try would be begun beside one that can still be paid."""
    link = do(alipay.create_payment(WANTED)).pay_with
    for look in (alipay.query, alipay.close):
        assert do(look(REF)).status == PaymentStatus.PENDING
    assert "ACQ" not in face.open_page(link), "so it was right to say so"
    _turn(face, UNTIL - face.clock.now() - MOMENT)
    assert do(alipay.query(REF)).status == PaymentStatus.PENDING
    _turn(face, MOMENT)
    for look in (alipay.query, alipay.close):
        assert do(look(REF)).status == PaymentStatus.VOIDED
    assert "ACQ" in face.open_page(link)


def test_what_nobody_was_given_a_way_to_is_not_there(alipay: Alipay) -> None:
    unoffered = PaymentRef(KEY, None, SUM)
    assert do(alipay.query(unoffered)) is None
    assert do(alipay.close(unoffered)).status == PaymentStatus.VOIDED


def test_a_trade_is_closed_before_it_is_paid_and_not_after(face: Face, alipay: Alipay) -> None:
    face.open_page(do(alipay.create_payment(WANTED)).pay_with)
    face.log_in(KEY)
    assert do(alipay.close(REF)).status == PaymentStatus.VOIDED
    assert do(alipay.close(REF)).status == PaymentStatus.VOIDED, "twice is as good"
    other = replace(WANTED, key="e" * 32)
    face.open_page(do(alipay.create_payment(other)).pay_with)
    face.pay(other.key)
    shown = do(alipay.close(replace(REF, key=other.key)))
    assert shown.status == PaymentStatus.CAPTURED


def test_a_trade_that_ran_out_is_void(face: Face, alipay: Alipay) -> None:
    face.open_page(do(alipay.create_payment(WANTED)).pay_with)
    face.log_in(KEY)
    _turn(face, timedelta(minutes=30))
    assert do(alipay.query(REF)).status == PaymentStatus.VOIDED


def test_what_was_given_back_whole_had_been_paid(face: Face, paid: Alipay) -> None:
    face.give_back(KEY, "by_hand", "99.00")
    assert face.trades[KEY].status == "TRADE_CLOSED"
    assert do(paid.query(REF)).status == PaymentStatus.CAPTURED


@pytest.mark.parametrize("missing", ["send_pay_date", "fund_bill_list"])
def test_one_sign_of_money_is_not_enough_for_a_closed_trade(
    face: Face, paid: Alipay, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    face.give_back(KEY, "by_hand", "99.00")
    told = {
        "out_trade_no": KEY,
        "total_amount": "99.00",
        "trade_status": "TRADE_CLOSED",
        "send_pay_date": "2026-11-22 10:00:00",
        "fund_bill_list": [{"amount": "99.00"}],
    }
    del told[missing]
    monkeypatch.setattr(face, "_query", lambda *_: told)
    assert do(paid.query(REF)).status == PaymentStatus.VOIDED


def test_a_code_made_twice_is_what_became_of_the_first(face: Face) -> None:
    alipay = an_alipay(face, desktop="qr")
    wanted = at(Scene.DESKTOP)
    do(alipay.create_payment(wanted))
    with pytest.raises(ProviderRefused, match="APPLY_PC_MERCHANT_CODE_ERROR"):
        do(alipay.create_payment(wanted))
    face.pay(KEY)
    assert do(alipay.create_payment(wanted)).status == PaymentStatus.CAPTURED


def test_money_goes_back_once_for_a_key(face: Face, paid: Alipay) -> None:
    first = do(paid.refund(BACK))
    assert (first.status, first.amount) == (RefundStatus.SUCCEEDED, SUM)
    assert do(paid.refund(BACK)) == first
    assert do(paid.query_refund(BACK)) == first
    assert face.trades[KEY].back == 99


def test_a_part_goes_back_and_never_more_than_there_was(face: Face, paid: Alipay) -> None:
    part = replace(BACK, amount=Money(3333, "CNY"))
    assert do(paid.refund(part)).status == RefundStatus.SUCCEEDED
    assert do(paid.query_refund(part)).amount == Money(3333, "CNY")
    with pytest.raises(ProviderRefused, match="REFUND_FEE_ERR"):
        do(paid.refund(replace(BACK, key="a" * 32)))
    assert do(paid.query(REF)).status == PaymentStatus.CAPTURED


def test_the_same_key_with_another_sum_is_a_doubt(paid: Alipay) -> None:
    """Something was given back under it already."""
    do(paid.refund(replace(BACK, amount=Money(3333, "CNY"))))
    with pytest.raises(ProviderUnreachable, match="DISCORDANT"):
        do(paid.refund(BACK))


def test_a_refund_that_shows_late_is_pending_until_it_shows(face: Face, paid: Alipay) -> None:
    """Code 10000 and no change of funds: only the refund's own query tells."""
    face.lag = timedelta(seconds=10)
    assert do(paid.refund(BACK)).status == RefundStatus.PENDING
    assert do(paid.query_refund(BACK)) is None
    _turn(face, face.lag)
    assert do(paid.query_refund(BACK)).status == RefundStatus.SUCCEEDED
    assert face.trades[KEY].back == 99


def test_a_refund_whose_answer_was_lost_is_found_again(face: Face, paid: Alipay) -> None:
    """Even where a closed trade would not say again what it has done."""
    face.forgets = True
    face.troubles.append("lost")
    with pytest.raises(ProviderUnreachable):
        do(paid.refund(BACK))
    assert do(paid.refund(BACK)).status == RefundStatus.SUCCEEDED
    assert face.trades[KEY].back == 99


def test_a_refund_that_alipay_refuses_has_not_happened(face: Face, paid: Alipay) -> None:
    face.poor = True
    with pytest.raises(BalanceTooLow, match="SELLER_BALANCE_NOT_ENOUGH"):
        do(paid.refund(BACK))
    assert do(paid.query_refund(BACK)) is None
    unknown = replace(BACK, payment=replace(REF, key="d" * 32))
    assert do(paid.query_refund(unknown)) is None
    with pytest.raises(ProviderRefused, match="TRADE_NOT_EXIST"):
        do(paid.refund(unknown))


@pytest.mark.parametrize(
    "trouble", ["lost", "busy", "system_error", "forged", "unsigned", "html", "429", "500"]
)
def test_what_is_no_word_of_alipays_leaves_a_doubt(face: Face, paid: Alipay, trouble: str) -> None:
    for call in (
        lambda: paid.query(REF),
        lambda: paid.refund(BACK),
        lambda: paid.query_refund(BACK),
        lambda: paid.close(REF),
        lambda: an_alipay(face, desktop="qr").create_payment(
            replace(at(Scene.DESKTOP), key="9" * 32)
        ),
    ):
        face.troubles[:] = [trouble]
        with pytest.raises(ProviderUnreachable):
            do(call())
    assert do(paid.query(REF)).status == PaymentStatus.CAPTURED


def test_nobody_at_all_leaves_a_doubt(face: Face) -> None:
    face.address = "http://127.0.0.1:9/gateway.do"
    with pytest.raises(ProviderUnreachable):
        do(an_alipay(face).query(REF))


def test_a_missing_right_is_a_refusal(face: Face) -> None:
    face.forbidden.add("alipay.trade.precreate")
    with pytest.raises(ProviderRefused, match="insufficient-isv-permissions"):
        do(an_alipay(face, desktop="qr").create_payment(at(Scene.DESKTOP)))


def test_an_answer_may_be_signed_before_its_slashes_are_escaped(face: Face) -> None:
    face.signs_early = True
    alipay = an_alipay(face, desktop="qr")
    assert do(alipay.create_payment(at(Scene.DESKTOP))).pay_by == PayBy.QR


def test_an_answer_about_another_payment_is_a_doubt(
    face: Face, paid: Alipay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was signed, but for something else: kept, and given to us now."""
    other = {"fund_change": "Y", "out_trade_no": "c" * 32, "refund_status": "REFUND_SUCCESS"}
    monkeypatch.setattr(face, "_refund", lambda *_: other)
    monkeypatch.setattr(face, "_query_refund", lambda *_: other)
    for call in (paid.refund, paid.query_refund):
        with pytest.raises(ProviderUnreachable, match="answer_of_another"):
            do(call(BACK))


def _turn(face: Face, by: timedelta) -> None:
    assert isinstance(face.clock, TurnableClock)
    face.clock.advance(by)
