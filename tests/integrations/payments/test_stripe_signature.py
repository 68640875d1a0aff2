"""Stripe's callbacks: our verifier and the official SDK's sign and verify each other's, and what a
signed event of Stripe's is taken to say."""

import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.accounts import Credentials
from data.payments.gateway import (
    BadNotice,
    NewPayment,
    NewRefund,
    PaymentRef,
    ProviderEvent,
    ProviderUnreachable,
)
from integrations.payments.kinds import BadCredentials
from integrations.payments.stripe import StripeGateway
from integrations.payments.stripe_signature import verify
from tests.builders import NOW
from tests.integrations.payments.stripe_bench import credentials, do, wiring
from tests.peers.money.stripe_books import Row
from tests.peers.money.stripe_face import SECRET, Face, running_stripe

KEY = "k" * 32
PRICE = Money(9800, "HKD")
WANTED = NewPayment(KEY, PRICE, "ord_1")
RAW = '{"id":"evt_1","type":"x","data":{"object":{"say":"团子"}}}'.encode()
STAMP = int(NOW.timestamp())
sign = stripe.WebhookSignature.generate_signature_header
# async-stripe (MIT or Apache-2.0), webhook tests, `test_webhook_construct_event`.
_ITEM = {
    "id": "ii_123",
    "object": "invoiceitem",
    "amount": 1000,
    "currency": "usd",
    "customer": "cus_123",
    "date": 1533204620,
    "description": "Test Invoice Item",
    "discountable": False,
    "invoice": "in_123",
    "livemode": False,
    "metadata": {},
    "period": {"start": 1533204620, "end": 1533204620},
    "proration": False,
    "quantity": 3,
}
_GOLDEN = {
    "id": "evt_123",
    "object": "event",
    "account": "acct_123",
    "api_version": "2017-05-25",
    "created": 1533204620,
    "data": {"object": _ITEM},
    "livemode": False,
    "pending_webhooks": 1,
    "request": {"id": "req_123", "idempotency_key": "idempotency-key-123"},
    "type": "invoiceitem.created",
}
GOLDEN = (json.dumps(_GOLDEN, indent=2) + "\n").encode()


def ours(raw: bytes, secret: str, stamp: int) -> str:
    mac = hmac.new(secret.encode(), b"%d." % stamp + raw, "sha256").hexdigest()
    return f"t={stamp},v1={mac}"


# — signatures —


def test_what_the_sdk_signs_we_take() -> None:
    verify(RAW, sign(RAW.decode(), SECRET, timestamp=STAMP), secrets=[SECRET], now=NOW)


def test_what_we_take_the_sdk_takes() -> None:
    header = ours(RAW, SECRET, STAMP)
    verify(RAW, header, secrets=[SECRET], now=NOW)
    assert stripe.WebhookSignature.verify_header(RAW, header, SECRET)  # without a tolerance


@given(body=st.text(max_size=200), stamp=st.integers(0, 10**10), secret=st.text("abc_", min_size=1))
def test_both_sign_any_body_alike(body: str, stamp: int, secret: str) -> None:
    raw = body.encode("utf-8", "replace")
    at = datetime.fromtimestamp(stamp, UTC)
    header = sign(raw.decode(), secret, timestamp=stamp)
    assert header == ours(raw, secret, stamp)
    verify(raw, header, secrets=[secret], now=at)
    with pytest.raises(BadNotice):
        verify(raw + b" ", header, secrets=[secret], now=at)


def test_the_golden_vector_of_another_client_verifies() -> None:
    """Its v0 is no signature of ours, and proves nothing."""
    header = (
        "t=1533204620,v1=82216eca827bcb7b34b8055eb2d2d9e6bc13b9ac39ded14a61e69f70c565f53a,"
        "v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef"
    )
    then = datetime.fromtimestamp(1533204620, UTC)
    verify(GOLDEN, header, secrets=["webhook_secret"], now=then)
    verify(GOLDEN, header, secrets=["webhook_secret"], now=then + timedelta(seconds=300))
    with pytest.raises(BadNotice, match="signature_old"):
        verify(GOLDEN, header, secrets=["webhook_secret"], now=NOW)


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_five_minutes_either_way_and_no_more(seconds: int) -> None:
    stamp = STAMP + seconds
    header = sign(RAW.decode(), SECRET, timestamp=stamp)
    with pytest.raises(BadNotice, match="signature_old"):
        verify(RAW, header, secrets=[SECRET], now=NOW)
    near = STAMP + (300 if seconds > 0 else -300)
    verify(RAW, ours(RAW, SECRET, near), secrets=[SECRET], now=NOW)


def test_the_sdk_takes_what_comes_from_the_future_and_we_do_not() -> None:
    """If this fails the SDK has learnt it, and our docstring is out of date."""
    year_2100 = 4_102_444_800
    header = sign(RAW.decode(), SECRET, timestamp=year_2100)
    assert stripe.WebhookSignature.verify_header(RAW, header, SECRET, tolerance=300)
    with pytest.raises(BadNotice):
        verify(RAW, header, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        f"v1={'0' * 64}",
        f"t={STAMP},v0={{mac}}",
        f"t={STAMP},v1=",
        f"t={STAMP},v1={{mac}}0",
        f"t={STAMP},t={STAMP},v1={{mac}}",
        f"t={STAMP + 1},v1={{mac}}",
        "t=-1,v1={mac}",
        "t=²,v1={mac}",
        f"t={'9' * 400},v1={{mac}}",
        f"t={STAMP},v1=团子",
        f"t={STAMP}.0,v1={{mac}}",
    ],
)
def test_what_is_not_quite_a_signature_is_none(header: str) -> None:
    mac = ours(RAW, SECRET, STAMP).partition("v1=")[2]
    with pytest.raises(BadNotice):
        verify(RAW, header.replace("{mac}", mac), secrets=[SECRET], now=NOW)


def test_while_a_secret_is_replaced_either_is_good() -> None:
    old, new = ours(RAW, "whsec_old", STAMP), ours(RAW, "whsec_new", STAMP)
    both = f"{old},{new.partition(',')[2]},v0=00"
    for header in (old, new, both):
        verify(RAW, header, secrets=["whsec_new", "whsec_old"], now=NOW)
    verify(RAW, both, secrets=["whsec_new"], now=NOW)
    with pytest.raises(BadNotice):
        verify(RAW, old, secrets=["whsec_new"], now=NOW)


# — secrets —


@pytest.mark.parametrize("secret", [" ", "whsec_", "we_1CANARY", "sk_test_1"])
def test_without_a_real_secret_no_account_is_opened(secret: str) -> None:
    told = credentials()
    empty = replace(told, secrets={**told.secrets, "webhook_secret": secret})
    with pytest.raises(BadCredentials, match="webhook_secret"):
        StripeGateway(empty, wiring("http://127.0.0.1:1", TurnableClock(NOW)))


# — events —


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOW)


@pytest.fixture
def face(clock: TurnableClock) -> Iterator[Face]:
    with running_stripe(clock) as face:
        yield face


@pytest.fixture
def gateway(face: Face, clock: TurnableClock) -> StripeGateway:
    return StripeGateway(credentials(), wiring(face.url, clock))


def heard(gateway: StripeGateway, face: Face, event: Row) -> ProviderEvent | None:
    raw, headers = face.signed(event)
    return do(gateway.verify_webhook(raw, headers))


def a_story(gateway: StripeGateway, face: Face, *, held: bool = False) -> str:
    """Paid and given back in part; gives the intent."""
    wanted = replace(WANTED, authorize_only=held)
    payment = PaymentRef(KEY, do(gateway.create_payment(wanted)).provider_ref, PRICE)
    face.books.pay(face.session_of(KEY))
    if held:
        do(gateway.capture(payment))
    do(gateway.refund(NewRefund("r" * 32, Money(800, "HKD"), payment)))
    face.books.fail_refund(face.books.refunds_of(face.intent_of(KEY))[0]["id"])
    face.books.dispute(face.intent_of(KEY))
    return face.intent_of(KEY)


@pytest.mark.parametrize(
    ("kind", "our_ref", "claimed"),
    [
        ("checkout.session.completed", KEY, PRICE),
        ("payment_intent.amount_capturable_updated", KEY, PRICE),
        ("payment_intent.succeeded", KEY, PRICE),
        ("charge.refunded", KEY, None),  # what went back is not the payment's sum
        ("refund.created", "r" * 32, Money(800, "HKD")),
        ("refund.failed", "r" * 32, Money(800, "HKD")),
        ("charge.dispute.created", KEY, None),
    ],
)
def test_an_event_says_of_which_payment_or_refund_it_is(
    gateway: StripeGateway, face: Face, kind: str, our_ref: str, claimed: Money | None
) -> None:
    a_story(gateway, face, held=True)
    told = face.told(kind)
    event = heard(gateway, face, told)
    assert event is not None
    assert (event.event_id, event.our_ref, event.claimed) == (told["id"], our_ref, claimed)
    assert set(event.headers) == {"stripe-signature"}
    assert json.loads(event.raw) == told


def test_an_expired_session_is_heard_of(gateway: StripeGateway, face: Face) -> None:
    do(gateway.create_payment(WANTED))
    face.books.expire(face.session_of(KEY))
    event = heard(gateway, face, face.told("checkout.session.expired"))
    assert event is not None
    assert (event.our_ref, event.claimed) == (KEY, PRICE)


@pytest.mark.parametrize(
    "kind",
    [
        "checkout.session.completed",
        "payment_intent.succeeded",
        "charge.refunded",
        "refund.created",
        "charge.dispute.created",
    ],
)
def test_what_the_shop_sells_elsewhere_is_none_of_ours(
    gateway: StripeGateway, face: Face, kind: str
) -> None:
    a_story(gateway, face)
    for row in face.books.rows.values():
        row.get("metadata", {}).clear()
    event = face.told(kind)
    event["data"]["object"].update(metadata={"order": "their own"}, amount=1050, currency="isk")
    event["data"]["object"]["amount_total"] = 1050  # no sum that we could tell
    event["data"]["object"]["client_reference_id"] = "their own"
    assert heard(gateway, face, event) is None


def test_what_matters_to_no_payment_is_nothing(gateway: StripeGateway, face: Face) -> None:
    said = {"id": "evt_1", "type": "customer.created", "data": {"object": {"id": "cus_1"}}}
    assert heard(gateway, face, said) is None


def test_another_account_through_the_same_endpoint_is_nothing(
    gateway: StripeGateway, face: Face
) -> None:
    a_story(gateway, face)
    event = face.told("checkout.session.completed")
    assert heard(gateway, face, {**event, "account": "acct_other"}) is None
    assert heard(gateway, face, {**event, "account": "acct_1CANARY"}) is not None


def test_a_dispute_that_cannot_be_looked_up_comes_again(gateway: StripeGateway, face: Face) -> None:
    intent = a_story(gateway, face)
    event = face.told("charge.dispute.created")
    face.faults.append(500)
    with pytest.raises(ProviderUnreachable):
        heard(gateway, face, event)
    face.barred = ("/v1/payment_intents",)
    with pytest.raises(ProviderUnreachable):
        heard(gateway, face, event)
    face.barred = ()
    del face.books.rows[intent]
    assert heard(gateway, face, event) is None


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": None},
        {"type": 7},
        {"data": {}},
        {"data": {"object": []}},
        {"data": {"object": {"metadata": {"tuanzi_key": KEY}}}},
    ],
)
def test_a_signed_event_of_no_known_form_is_refused(
    gateway: StripeGateway, face: Face, change: dict[str, Any]
) -> None:
    a_story(gateway, face)
    with pytest.raises(BadNotice, match="form"):
        heard(gateway, face, {**face.told("payment_intent.succeeded"), **change})


@pytest.mark.parametrize("odd", [{"currency": "isk", "amount": 1050}, {"currency": "hk"}])
def test_a_sum_that_is_none_is_refused(
    gateway: StripeGateway, face: Face, odd: dict[str, Any]
) -> None:
    a_story(gateway, face)
    event = face.told("payment_intent.succeeded")
    event["data"]["object"].update(odd)
    with pytest.raises(BadNotice, match="form"):
        heard(gateway, face, event)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_signed_nonsense_is_refused(gateway: StripeGateway, raw: bytes) -> None:
    with pytest.raises(BadNotice, match="form"):
        do(gateway.verify_webhook(raw, {"Stripe-Signature": ours(raw, SECRET, STAMP)}))


def test_what_was_signed_with_the_secret_before_is_taken_for_a_while(
    face: Face, clock: TurnableClock
) -> None:
    told = credentials(webhook_secret="whsec_new")
    rotated = Credentials(told.external_id, told.settings, told.secrets, {"webhook_secret": SECRET})
    a_story(StripeGateway(credentials(), wiring(face.url, clock)), face)
    event = face.told("payment_intent.succeeded")
    assert heard(StripeGateway(rotated, wiring(face.url, clock)), face, event) is not None
    with pytest.raises(BadNotice):
        heard(StripeGateway(told, wiring(face.url, clock)), face, event)
