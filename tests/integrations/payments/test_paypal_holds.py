"""Holds at the SIMULATED PayPal: authorized when the payer has agreed, captured, let go, lapsed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import PaymentRef, PaymentStatus, ProviderUnreachable
from integrations.payments.paypal import PayPal
from tests.builders import NOW
from tests.integrations.payments.paypal_bench import (
    HELD,
    KEY,
    TEN,
    a_gateway,
    created,
    do,
    looked_at,
)
from tests.peers.money.paypal_face import Face, running_face


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOW)


@pytest.fixture
def face(clock: TurnableClock) -> Iterator[Face]:
    with running_face(clock) as face:
        yield face


@pytest.fixture
def gateway(face: Face) -> PayPal:
    return a_gateway(face)


@pytest.fixture
def held(face: Face, gateway: PayPal) -> PaymentRef:
    ref = created(gateway, HELD)
    face.approves(KEY)
    assert looked_at(gateway, ref).status is PaymentStatus.AUTHORIZED
    return ref


def test_what_the_payer_agreed_to_is_held_for_three_days(
    face: Face, gateway: PayPal, held: PaymentRef
) -> None:
    shown = looked_at(gateway, held)
    assert (shown.status, shown.amount, shown.our_ref) == (PaymentStatus.AUTHORIZED, TEN, KEY)
    assert shown.hold_until == NOW + timedelta(days=3)
    assert gateway.flags.longest_hold == timedelta(days=3)
    assert face.order(KEY).told["intent"] == "AUTHORIZE"
    assert face.times("/authorize") == 1
    assert not face.order(KEY).captures


def test_a_hold_is_captured_once_however_often_it_is_asked(
    face: Face, gateway: PayPal, held: PaymentRef
) -> None:
    shown = do(gateway.capture(held))
    assert (shown.status, shown.amount) == (PaymentStatus.CAPTURED, TEN)
    assert shown.provider_ref == held.provider_ref
    assert do(gateway.capture(held)).status is PaymentStatus.CAPTURED
    assert looked_at(gateway, held).status is PaymentStatus.CAPTURED
    (capture,) = face.order(KEY).captures
    assert capture.told["invoice_id"] == KEY


def test_of_a_hold_a_part_is_taken(face: Face, gateway: PayPal, held: PaymentRef) -> None:
    part = Money(TEN.minor - 300, TEN.currency)
    shown = do(gateway.capture(replace(held, capture=part)))
    assert (shown.status, shown.amount) == (PaymentStatus.CAPTURED, part)
    assert looked_at(gateway, held).amount == part
    assert face.order(KEY).captures[0].told["final_capture"] is True


def test_an_answer_to_a_capture_that_was_lost_is_found(
    face: Face, gateway: PayPal, held: PaymentRef
) -> None:
    face.faults.extend(["", "lost"])
    with pytest.raises(ProviderUnreachable):
        do(gateway.capture(held))
    assert do(gateway.capture(held)).status is PaymentStatus.CAPTURED
    assert len(face.order(KEY).captures) == 1


def test_a_hold_that_is_let_go_takes_nothing(face: Face, gateway: PayPal, held: PaymentRef) -> None:
    assert do(gateway.void(held)).status is PaymentStatus.VOIDED
    assert face.order(KEY).holds[0].status == "VOIDED"
    assert do(gateway.void(held)).status is PaymentStatus.VOIDED
    assert do(gateway.capture(held)).status is PaymentStatus.VOIDED
    assert looked_at(gateway, held).status is PaymentStatus.VOIDED
    assert not face.order(KEY).captures


def test_an_answer_to_a_void_that_was_lost_is_found(
    face: Face, gateway: PayPal, held: PaymentRef
) -> None:
    face.faults.extend(["", "lost"])
    with pytest.raises(ProviderUnreachable):
        do(gateway.void(held))
    assert do(gateway.void(held)).status is PaymentStatus.VOIDED


def test_a_captured_hold_cannot_be_let_go_any_more(
    face: Face, gateway: PayPal, held: PaymentRef
) -> None:
    do(gateway.capture(held))
    assert do(gateway.void(held)).status is PaymentStatus.CAPTURED
    assert not face.times("/void")


def test_closing_tells_of_a_hold_and_lets_it_be(
    face: Face, gateway: PayPal, held: PaymentRef
) -> None:
    """The core voids what is held: see data/payments/truth.py."""
    assert do(gateway.close(held)).status is PaymentStatus.AUTHORIZED
    assert face.order(KEY).holds[0].status == "CREATED"


def test_a_hold_that_ran_out_takes_nothing(
    face: Face, gateway: PayPal, held: PaymentRef, clock: TurnableClock
) -> None:
    clock.advance(timedelta(days=30))
    assert do(gateway.capture(held)).status is PaymentStatus.VOIDED
    assert not face.order(KEY).captures


def test_a_hold_whose_capture_paypal_will_not_make_has_failed(
    face: Face, gateway: PayPal, held: PaymentRef
) -> None:
    face.order(KEY).instrument = "refused"
    assert do(gateway.capture(held)).status is PaymentStatus.FAILED


@pytest.mark.parametrize("forgotten", ["order", "hold"])
def test_a_hold_that_paypal_does_not_know_any_more_takes_nothing(
    face: Face, gateway: PayPal, held: PaymentRef, forgotten: str
) -> None:
    answered = [""] if forgotten == "hold" else []
    face.faults.extend([*answered, "refuse:404:INVALID_RESOURCE_ID"])
    assert do(gateway.capture(held)).status is PaymentStatus.VOIDED
    assert not face.order(KEY).captures


def test_a_hold_that_paypal_still_looks_at_is_waited_for(face: Face, gateway: PayPal) -> None:
    ref = created(gateway, HELD)
    face.approves(KEY, "pending")
    assert looked_at(gateway, ref).status is PaymentStatus.PENDING
    assert do(gateway.capture(ref)).status is PaymentStatus.PENDING
    face.order(KEY).holds[0].status = "DENIED"
    assert looked_at(gateway, ref).status is PaymentStatus.FAILED


def test_two_at_once_are_in_doubt(face: Face, gateway: PayPal, held: PaymentRef) -> None:
    face.faults.extend(["", "refuse:409:PREVIOUS_REQUEST_IN_PROGRESS"])
    with pytest.raises(ProviderUnreachable, match="PREVIOUS_REQUEST_IN_PROGRESS"):
        do(gateway.capture(held))
    assert looked_at(gateway, held).status is PaymentStatus.AUTHORIZED


def test_where_nothing_is_held_letting_go_is_closing(face: Face, gateway: PayPal) -> None:
    ref = created(gateway, HELD)
    assert do(gateway.void(ref)).status is PaymentStatus.VOIDED
    assert not face.times("/void")
