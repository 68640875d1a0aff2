"""What became of a payment at the SIMULATED PayPal: fees, refunds made there, disputes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import (
    DisputeStatus,
    PaymentRef,
    ProviderEvent,
    ProviderUnreachable,
    RefundStatus,
    Standing,
)
from integrations.payments.paypal import PayPal
from tests.builders import NOW
from tests.integrations.payments.paypal_bench import KEY, REFUND_KEY, TEN, a_gateway, back, do, paid
from tests.peers.money.paypal_face import Face, running_face

NOTHING = Money(0, "USD")


@pytest.fixture
def face() -> Iterator[Face]:
    with running_face(TurnableClock(NOW)) as face:
        yield face


@pytest.fixture
def gateway(face: Face) -> PayPal:
    return a_gateway(face)


@pytest.fixture
def ref(face: Face, gateway: PayPal) -> PaymentRef:
    return paid(gateway, face)


def standing(gateway: PayPal, ref: PaymentRef) -> Standing:
    found = do(gateway.look_back(ref, ()))
    assert found is not None
    return found


def heard(gateway: PayPal, call: Any) -> ProviderEvent:
    event = do(gateway.verify_webhook(call.body, call.headers))
    assert event is not None
    return event


def test_a_fee_is_told_with_its_capture(face: Face, gateway: PayPal, ref: PaymentRef) -> None:
    assert standing(gateway, ref) == Standing()
    face.books.keep_fee(face.order(KEY), "0.84")
    (fee,) = standing(gateway, ref).fees
    assert (fee.amount, fee.provider_ref) == (Money(84, "USD"), face.order(KEY).captures[0].id)


def test_a_fee_that_came_back_with_a_refund_is_below_zero(
    face: Face, gateway: PayPal, ref: PaymentRef
) -> None:
    do(gateway.refund(back(ref)))
    (refund,) = face.order(KEY).refunds
    fee = {"currency_code": "USD", "value": "0.30"}
    refund.breakdown = {
        "seller_payable_breakdown": {"gross_amount": refund.amount, "paypal_fee": fee}
    }
    (told,) = standing(gateway, ref).fees
    assert (told.amount, told.provider_ref) == (Money(-30, "USD"), refund.id)


def test_refunds_are_told_whoever_began_them(face: Face, gateway: PayPal, ref: PaymentRef) -> None:
    do(gateway.refund(back(ref, 400)))
    made = face.books.give_back_there(face.order(KEY), "1.00")
    ours, theirs = standing(gateway, ref).refunds
    assert (ours.our_ref, ours.amount) == (REFUND_KEY, Money(400, "USD"))
    assert (theirs.our_ref, theirs.provider_ref) == (KEY, made.id)  # the payment's own number
    assert (theirs.status, theirs.amount) == (RefundStatus.SUCCEEDED, Money(100, "USD"))


@pytest.mark.parametrize(
    ("told", "status", "is_claim"),
    [
        ({}, DisputeStatus.OPEN, True),
        ({"dispute_life_cycle_stage": "INQUIRY"}, DisputeStatus.OPEN, False),
        ({"status": "RESOLVED"}, DisputeStatus.OPEN, True),  # how, nobody says
        ({"dispute_outcome": {"outcome_code": "RESOLVED_BUYER_FAVOUR"}}, DisputeStatus.OPEN, True),
        *(
            ({"status": "RESOLVED", "dispute_outcome": {"outcome_code": code}}, status, True)
            for code, status in (
                ("RESOLVED_BUYER_FAVOUR", DisputeStatus.LOST),
                ("ACCEPTED", DisputeStatus.LOST),
                ("RESOLVED_SELLER_FAVOUR", DisputeStatus.WON),
                ("RESOLVED_WITH_PAYOUT", DisputeStatus.WON),
                ("CANCELED_BY_BUYER", DisputeStatus.WON),
                ("NONE", DisputeStatus.OPEN),
            )
        ),
    ],
)
def test_a_dispute_holds_refunds_back_and_moves_nothing_itself(
    face: Face,
    gateway: PayPal,
    ref: PaymentRef,
    told: dict[str, Any],
    status: DisputeStatus,
    is_claim: bool,
) -> None:
    made = face.books.dispute(face.order(KEY), **told)
    (dispute,) = standing(gateway, ref).disputes
    assert (dispute.status, dispute.is_claim, dispute.out) == (status, is_claim, NOTHING)
    assert (dispute.amount, dispute.provider_ref) == (TEN, made["dispute_id"])
    assert dispute.answer_by == NOW + timedelta(days=10)


def test_an_app_that_may_not_see_disputes_tells_the_rest(
    face: Face, gateway: PayPal, ref: PaymentRef
) -> None:
    face.books.keep_fee(face.order(KEY), "0.84")
    face.books.dispute(face.order(KEY))
    face.shows_disputes = False
    found = standing(gateway, ref)
    assert (len(found.fees), list(found.disputes)) == (1, [])


def test_silence_is_no_standing(face: Face, gateway: PayPal, ref: PaymentRef) -> None:
    face.faults.append("500")
    with pytest.raises(ProviderUnreachable):
        do(gateway.look_back(ref, ()))


def test_calls_about_what_came_after_name_the_payment(
    face: Face, gateway: PayPal, ref: PaymentRef
) -> None:
    order = face.order(KEY)
    there = face.books.give_back_there(order, "1.00").shown()
    event = heard(gateway, face.call("PAYMENT.CAPTURE.REFUNDED", "refund", there))
    assert (event.our_ref, event.of_payment) == (KEY, KEY)
    made = face.books.dispute(order)
    event = heard(gateway, face.call("CUSTOMER.DISPUTE.CREATED", "dispute", made))
    assert (event.our_ref, event.of_payment, event.claimed) == (KEY, KEY, None)
    event = heard(gateway, face.capture_call(order))
    assert (event.our_ref, event.of_payment) == (KEY, "")


def test_a_dispute_about_several_payments_is_none_of_ours(face: Face, gateway: PayPal) -> None:
    told = {"dispute_id": "PP-R-1", "disputed_transactions": [{"custom": KEY}, {"custom": "x"}]}
    call = face.call("CUSTOMER.DISPUTE.CREATED", "dispute", told)
    assert do(gateway.verify_webhook(call.body, call.headers)) is None
