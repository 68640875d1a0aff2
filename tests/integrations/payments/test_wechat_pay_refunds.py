"""Money back through WeChat Pay's SIMULATED platform: once per number, and when not at all."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import (
    BalanceTooLow,
    PaymentStatus,
    ProviderRefused,
    ProviderUnreachable,
    RefundStatus,
    Standing,
)
from integrations.payments.wechat_pay import WeChatPay
from tests.builders import NOW
from tests.peers.money.wechat_pay_face import Face
from tests.peers.money.wechat_pay_running import running_face
from tests.peers.money.wechat_pay_shop import (
    GIVE_BACK,
    KEY,
    REF,
    REFUND_KEY,
    TEN,
    WANTED,
    a_gateway,
    do,
)

FOUR, SEVEN = Money(400, "CNY"), Money(700, "CNY")


@pytest.fixture
def face() -> Iterator[Face]:
    with running_face(TurnableClock(NOW)) as face:
        yield face


@pytest.fixture
def ours(face: Face) -> WeChatPay:
    """With a payment that somebody has paid."""
    gateway = a_gateway(face)
    do(gateway.create_payment(WANTED))
    face.pays(KEY)
    face.calls.clear()
    return gateway


def test_a_refund_takes_its_time(face: Face, ours: WeChatPay) -> None:
    begun = do(ours.refund(GIVE_BACK))
    assert (begun.status, begun.amount, begun.our_ref) == (RefundStatus.PENDING, TEN, REFUND_KEY)
    assert begun.provider_ref == face.refunds[REFUND_KEY].refund_id
    face.ends(REFUND_KEY, "SUCCESS")
    ended = do(ours.query_refund(GIVE_BACK))
    assert ended == replace(begun, status=RefundStatus.SUCCEEDED)
    paid = do(ours.query(REF))
    assert paid is not None
    assert paid.status == PaymentStatus.CAPTURED, "what was given back had been taken"


def test_a_payments_own_name_is_used_where_it_is_known(face: Face, ours: WeChatPay) -> None:
    named = replace(REF, provider_ref=face.orders[KEY].transaction_id)
    assert do(ours.refund(replace(GIVE_BACK, payment=named))).status == RefundStatus.PENDING


@pytest.mark.parametrize("end", ["CLOSED", "ABNORMAL"])
def test_a_refund_that_does_not_arrive_has_failed(face: Face, ours: WeChatPay, end: str) -> None:
    do(ours.refund(GIVE_BACK))
    face.ends(REFUND_KEY, end)
    found = do(ours.query_refund(GIVE_BACK))
    assert found is not None
    assert found.status == RefundStatus.FAILED


def test_the_same_number_gives_back_once(face: Face, ours: WeChatPay) -> None:
    assert do(ours.refund(GIVE_BACK)) == do(ours.refund(GIVE_BACK))
    assert len(face.refunds) == 1


def test_never_more_than_was_paid(face: Face, ours: WeChatPay) -> None:
    do(ours.refund(replace(GIVE_BACK, amount=FOUR)))
    over = replace(GIVE_BACK, key="c" * 32, amount=SEVEN)
    with pytest.raises(ProviderRefused, match="INVALID_REQUEST"):
        do(ours.refund(over))
    assert [one.amount for one in face.refunds.values()] == [400]


def test_the_same_number_with_another_sum_shows_what_is_there(face: Face, ours: WeChatPay) -> None:
    do(ours.refund(replace(GIVE_BACK, amount=FOUR)))
    assert do(ours.refund(GIVE_BACK)).amount == FOUR, "the house compares"


def test_a_lost_answer_has_given_back_all_the_same(face: Face, ours: WeChatPay) -> None:
    face.faults.append("lost")
    with pytest.raises(ProviderUnreachable):
        do(ours.refund(GIVE_BACK))
    found = do(ours.query_refund(GIVE_BACK))
    assert found is not None
    assert do(ours.refund(GIVE_BACK)) == found


def test_a_refund_that_never_arrived_is_not_there(ours: WeChatPay) -> None:
    assert do(ours.query_refund(GIVE_BACK)) is None


@pytest.mark.parametrize(
    "fault",
    ["refuse:403:NOT_ENOUGH", "refuse:404:RESOURCE_NOT_EXISTS", "429", "500", "wrong", "unsigned"],
)
def test_what_may_work_later_is_a_doubt(face: Face, ours: WeChatPay, fault: str) -> None:
    face.faults.append(fault)
    with pytest.raises(ProviderUnreachable):
        do(ours.refund(GIVE_BACK))
    assert do(ours.refund(GIVE_BACK)).status == RefundStatus.PENDING
    assert len(face.refunds) == 1


def test_a_balance_that_is_too_low_is_said_by_its_name(face: Face, ours: WeChatPay) -> None:
    face.faults.append("refuse:403:NOT_ENOUGH")
    with pytest.raises(BalanceTooLow, match="NOT_ENOUGH"):
        do(ours.refund(GIVE_BACK))
    assert do(ours.refund(GIVE_BACK)).status == RefundStatus.PENDING


def test_a_look_back_tells_that_something_was_given_back_and_not_how_much(
    face: Face, ours: WeChatPay
) -> None:
    assert do(ours.look_back(REF, ())) == Standing()
    do(ours.refund(replace(GIVE_BACK, amount=FOUR)))
    assert do(ours.look_back(REF, ())) == Standing(is_touched=True)


def test_a_refund_that_a_notice_named_is_looked_up(face: Face, ours: WeChatPay) -> None:
    do(ours.refund(replace(GIVE_BACK, key="made-by-hand", amount=FOUR)))
    face.ends("made-by-hand", "SUCCESS")
    call = face.refund_notice("made-by-hand")
    event = do(ours.verify_webhook(call.body, call.headers))
    assert event is not None
    assert (event.our_ref, event.of_payment) == ("made-by-hand", KEY)
    found = do(ours.look_back(REF, ("made-by-hand", "never-heard-of")))
    assert found is not None
    (refund,) = found.refunds
    assert (refund.amount, refund.status) == (FOUR, RefundStatus.SUCCEEDED)


def test_a_payment_that_is_not_there_tells_nothing(face: Face, ours: WeChatPay) -> None:
    with pytest.raises(ProviderUnreachable):
        do(ours.look_back(replace(REF, key="d" * 32), ()))


@pytest.mark.parametrize("code", ["USER_ACCOUNT_ABNORMAL", "INVALID_REQUEST", "MCH_NOT_EXISTS"])
def test_a_refusal_counts_where_there_is_no_such_refund(
    face: Face, ours: WeChatPay, code: str
) -> None:
    face.faults.append(f"refuse:403:{code}")
    with pytest.raises(ProviderRefused, match=code):
        do(ours.refund(GIVE_BACK))
    assert len(face.calls) == 2, "it was asked whether there is one"
    face.faults += [f"refuse:403:{code}", "500"]
    with pytest.raises(ProviderUnreachable):
        do(ours.refund(GIVE_BACK))
