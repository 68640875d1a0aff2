"""Money back at the SIMULATED PayPal: in full, in parts, twice, too much, pending, unheard."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import (
    PaymentRef,
    PaymentStatus,
    ProviderRefused,
    ProviderUnreachable,
    RefundStatus,
)
from integrations.payments.paypal import PayPal
from tests.builders import NOW
from tests.integrations.payments.paypal_bench import (
    KEY,
    OTHER_REFUND,
    REFUND_KEY,
    TEN,
    WANTED,
    a_gateway,
    back,
    created,
    do,
    looked_at,
    paid,
)
from tests.peers.money.paypal_face import Face, running_face


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


def test_all_of_it_goes_back(face: Face, gateway: PayPal, ref: PaymentRef) -> None:
    shown = do(gateway.refund(back(ref)))
    assert (shown.status, shown.amount, shown.our_ref) == (RefundStatus.SUCCEEDED, TEN, REFUND_KEY)
    (made,) = face.order(KEY).refunds
    assert made.told == {
        "amount": {"currency_code": "USD", "value": "10.00"},
        "custom_id": REFUND_KEY,
        "invoice_id": REFUND_KEY,
    }
    assert face.asked[-1][1] == REFUND_KEY
    assert looked_at(gateway, ref).status is PaymentStatus.CAPTURED


def test_parts_of_it_go_back_and_no_more_than_there_is(
    face: Face, gateway: PayPal, ref: PaymentRef
) -> None:
    assert do(gateway.refund(back(ref, 400))).amount == Money(400, "USD")
    with pytest.raises(ProviderRefused, match="REFUND_AMOUNT_EXCEEDED"):
        do(gateway.refund(back(ref, 601, "d4" * 16)))
    assert do(gateway.refund(back(ref, 600, OTHER_REFUND))).status is RefundStatus.SUCCEEDED
    with pytest.raises(ProviderRefused, match="CAPTURE_FULLY_REFUNDED"):
        do(gateway.refund(back(ref, 1, "e5" * 16)))
    assert len(face.order(KEY).refunds) == 2


def test_the_same_refund_twice_is_once(face: Face, gateway: PayPal, ref: PaymentRef) -> None:
    first = do(gateway.refund(back(ref, 400)))
    assert do(gateway.refund(back(ref, 400))) == first
    assert len(face.order(KEY).refunds) == 1


@pytest.mark.parametrize("minor", [400, 1000])
def test_long_after_the_request_is_forgotten_it_is_still_once(
    face: Face, gateway: PayPal, ref: PaymentRef, minor: int
) -> None:
    """Of a part PayPal says that the number was used, of the whole that nothing is left."""
    first = do(gateway.refund(back(ref, minor)))
    face.kept.clear()
    assert do(gateway.refund(back(ref, minor))) == first
    assert len(face.order(KEY).refunds) == 1


def test_an_answer_that_was_lost_is_found(face: Face, gateway: PayPal, ref: PaymentRef) -> None:
    assert do(gateway.query_refund(back(ref))) is None
    face.faults.extend(["", "lost"])
    with pytest.raises(ProviderUnreachable):
        do(gateway.refund(back(ref)))
    found = do(gateway.query_refund(back(ref)))
    assert found is not None
    assert (found.status, found.our_ref) == (RefundStatus.SUCCEEDED, REFUND_KEY)
    assert do(gateway.refund(back(ref))) == found
    assert len(face.order(KEY).refunds) == 1


def test_a_refund_on_its_way_arrives_or_fails(face: Face, gateway: PayPal, ref: PaymentRef) -> None:
    face.books.refunds_wait = True
    first = do(gateway.refund(back(ref)))
    assert first.status is RefundStatus.PENDING
    known = replace(back(ref), provider_ref=first.provider_ref)
    for status, meant in (
        ("PENDING", RefundStatus.PENDING),
        ("COMPLETED", RefundStatus.SUCCEEDED),
        ("FAILED", RefundStatus.FAILED),
        ("CANCELLED", RefundStatus.FAILED),
    ):
        face.order(KEY).refunds[0].status = status
        shown = do(gateway.query_refund(known))
        assert shown is not None
        assert (shown.status, shown.provider_ref) == (meant, first.provider_ref)


def test_money_that_has_not_come_yet_is_given_back_later(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    face.approves(KEY, "pending")
    do(gateway.query(ref))
    with pytest.raises(ProviderUnreachable, match="nothing_captured"):
        do(gateway.refund(back(ref)))
    assert not face.times("/refund"), "a refusal might be kept under the refund's key"
    face.order(KEY).captures[0].status = "COMPLETED"
    assert do(gateway.refund(back(ref))).status is RefundStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("fault", "is_proof"),
    [
        ("refuse:422:REFUND_TIME_LIMIT_EXCEEDED", True),
        ("refuse:422:REFUND_FAILED_INSUFFICIENT_FUNDS", False),  # until the balance is filled up
        ("refuse:400:INVALID_PARAMETER_SYNTAX", True),
        ("refuse:422:DUPLICATE_INVOICE_ID", False),
        ("refuse:403:PERMISSION_DENIED", False),
        ("refuse:409:PREVIOUS_REQUEST_IN_PROGRESS", False),
        ("429", False),
        ("500", False),
    ],
)
def test_only_some_refusals_prove_that_nothing_went_back(
    face: Face, gateway: PayPal, ref: PaymentRef, fault: str, is_proof: bool
) -> None:
    face.faults.extend(["", fault])
    with pytest.raises(ProviderRefused if is_proof else ProviderUnreachable):
        do(gateway.refund(back(ref)))
    assert not face.order(KEY).refunds


def test_a_wrong_secret_proves_nothing_of_a_refund(
    face: Face, gateway: PayPal, ref: PaymentRef
) -> None:
    face.tokens.clear()
    face.knows_secret = False
    with pytest.raises(ProviderUnreachable, match="invalid_client"):
        do(gateway.refund(back(ref)))


def test_what_was_never_captured_is_not_given_back(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    with pytest.raises(ProviderUnreachable, match="nothing_captured"):
        do(gateway.refund(back(ref)))
    with pytest.raises(ProviderUnreachable, match="order_unknown"):
        do(gateway.refund(back(replace(ref, provider_ref=None))))


def test_yen_go_back_without_decimals(face: Face, gateway: PayPal) -> None:
    wanted = replace(WANTED, amount=Money(1500, "JPY"))
    shown = do(gateway.refund(back(paid(gateway, face, wanted), 500)))
    assert shown.amount == Money(500, "JPY")
    assert face.order(KEY).refunds[0].amount["value"] == "500"
