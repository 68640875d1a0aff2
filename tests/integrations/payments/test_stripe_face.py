"""The stand-in of Stripe as the official SDK sees it: what our client is tested against is at least
what Stripe's own client expects. A name that the SDK does not know is a name that we made up."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
import stripe.params.checkout._session_create_params as session_params
from stripe.params import PaymentIntentCaptureParams, RefundCreateParams, RefundListParams
from stripe.params.checkout import SessionCreateParams

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import Details, NewPayment
from integrations.payments import stripe_events, stripe_line, stripe_shapes
from integrations.payments.stripe import StripeGateway
from tests.builders import NOW
from tests.integrations.payments.stripe_bench import credentials, do, wiring
from tests.peers.money.stripe_face import KEY, SECRET, Face, running_stripe

PRICE = {"currency": "hkd", "unit_amount": 9800, "product_data": {"name": "Tuanzi Gifts 1001"}}
FIVE_UGX = {"currency": "ugx", "unit_amount": 5}
WANTED: dict[str, Any] = {
    "mode": "payment",
    "client_reference_id": "k" * 32,
    "line_items": [{"price_data": PRICE, "quantity": 1}],
    "success_url": "https://shop.example/pay/back",
    "cancel_url": "https://shop.example/pay/back",
    "payment_intent_data": {"metadata": {"tuanzi_key": "k" * 32}},
}
HELD = {**WANTED, "payment_intent_data": {"capture_method": "manual"}}


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOW)


@pytest.fixture
def face(clock: TurnableClock) -> Iterator[Face]:
    with running_stripe(clock) as face:
        yield face


@pytest.fixture
def sdk(face: Face) -> stripe.StripeClient:
    return an_sdk(face)


def an_sdk(face: Face, key: str = KEY) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": face.url}, max_network_retries=0)


def test_a_session_is_opened_paid_and_given_back(sdk: stripe.StripeClient, face: Face) -> None:
    session = sdk.v1.checkout.sessions.create(WANTED)
    assert (session.status, session.payment_status, session.amount_total) == (
        "open",
        "unpaid",
        9800,
    )
    assert session.url
    assert session.payment_intent is None
    face.books.pay(session.id)
    paid = sdk.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge"]}
    )
    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (paid.status, intent.status, intent.amount_received) == ("complete", "succeeded", 9800)
    assert intent.metadata["tuanzi_key"] == "k" * 32
    refund = sdk.v1.refunds.create({"payment_intent": intent.id, "amount": 800})
    assert (refund.status, refund.amount) == ("succeeded", 800)
    assert [one.id for one in sdk.v1.refunds.list({"payment_intent": intent.id})] == [refund.id]
    assert sdk.v1.refunds.retrieve(refund.id).amount == 800


def test_a_hold_is_captured_or_let_go(sdk: stripe.StripeClient, face: Face) -> None:
    for act in ("capture", "cancel"):
        session = sdk.v1.checkout.sessions.create(HELD)
        face.books.pay(session.id)
        held = sdk.v1.checkout.sessions.retrieve(
            session.id, {"expand": ["payment_intent.latest_charge"]}
        ).payment_intent
        assert isinstance(held, stripe.PaymentIntent)
        assert isinstance(held.latest_charge, stripe.Charge)
        method = held.latest_charge.payment_method_details
        assert method is not None
        assert method.card is not None
        assert method.card.capture_before == int(NOW.timestamp()) + 7 * 86_400
        done = getattr(sdk.v1.payment_intents, act)(held.id)
        assert done.status == {"capture": "succeeded", "cancel": "canceled"}[act]
        with pytest.raises(stripe.InvalidRequestError) as refused:
            sdk.v1.payment_intents.capture(held.id)
        assert refused.value.code == "payment_intent_unexpected_state"


def test_an_open_session_is_expired_once(sdk: stripe.StripeClient) -> None:
    session = sdk.v1.checkout.sessions.create(WANTED)
    assert sdk.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.checkout.sessions.expire(session.id)


def test_the_sdk_raises_what_stripe_says(sdk: stripe.StripeClient, face: Face) -> None:
    """Errors have the form that Stripe's own client takes for what they are."""
    with pytest.raises(stripe.AuthenticationError):
        an_sdk(face, "sk_test_other").v1.checkout.sessions.create(WANTED)
    options: Any = {"idempotency_key": "once"}
    first = sdk.v1.checkout.sessions.create(WANTED, options)
    assert sdk.v1.checkout.sessions.create(WANTED, options).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        sdk.v1.checkout.sessions.create({**WANTED, "locale": "zh"}, options)
    face.books.pay(first.id)
    intent = face.books.rows[first.id]["payment_intent"]
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.refunds.create({"payment_intent": intent, "amount": 9801})
    sdk.v1.refunds.create({"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError) as twice:
        sdk.v1.refunds.create({"payment_intent": intent})
    assert twice.value.code == "charge_already_refunded"
    face.faults.extend([429, 500, "lost"])
    for error in (stripe.RateLimitError, stripe.APIError, stripe.APIConnectionError):
        with pytest.raises(error):
            sdk.v1.checkout.sessions.retrieve(first.id)


@pytest.mark.parametrize(
    "odd",
    [
        {"expires_at": int(NOW.timestamp()) + 1799},
        {"expires_at": int(NOW.timestamp()) + 86_401},
        {"locale": "zh-Hant"},
        {"success_url": "back"},
        {"colour": "red"},
        {
            "line_items": [
                {"price_data": {**PRICE, "currency": "ugx", "unit_amount": 5}, "quantity": 1}
            ]
        },
        {"payment_method_types": ["card"]},
        {"line_items": [{"price_data": {**PRICE, "product_data": {"name": ""}}, "quantity": 1}]},
    ],
)
def test_a_form_that_stripe_would_not_take_is_refused(
    sdk: stripe.StripeClient, odd: dict[str, Any]
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.checkout.sessions.create({**WANTED, **odd})


def test_its_events_are_events_to_the_sdk(sdk: stripe.StripeClient, face: Face) -> None:
    session = sdk.v1.checkout.sessions.create(WANTED)
    face.books.pay(session.id)
    face.books.dispute(face.intent_of("k" * 32))
    raw, headers = face.signed(face.told("checkout.session.completed"))
    event = sdk.construct_event_without_verification(raw)
    assert event.data.object["id"] == session.id
    assert headers["Stripe-Signature"].startswith(f"t={int(NOW.timestamp())},v1=")
    assert SECRET.startswith("whsec_")


def test_the_stand_in_makes_up_no_names(sdk: stripe.StripeClient, face: Face) -> None:
    face.books.refunds_end = "pending"
    session = sdk.v1.checkout.sessions.create(HELD)
    face.books.pay(session.id)
    intent_id = face.books.rows[session.id]["payment_intent"]
    sdk.v1.payment_intents.capture(intent_id)
    sdk.v1.refunds.create({"payment_intent": intent_id})
    face.books.dispute(intent_id)
    types: dict[str, Any] = {
        "checkout.session": stripe.checkout.Session,
        "payment_intent": stripe.PaymentIntent,
        "charge": stripe.Charge,
        "refund": stripe.Refund,
        "event": stripe.Event,
        "dispute": stripe.Dispute,
    }
    disputes = [event["data"]["object"] for event in face.books.events]
    rows = [*face.books.rows.values(), *face.books.events, *disputes, face.owner()]
    seen = set()
    for row in rows:
        if row.get("object") in types:
            seen.add(row["object"])
            assert set(row) <= set(types[row["object"]].__annotations__), row["object"]
    assert seen == set(types)


def test_every_name_that_we_read_or_send_is_one_of_the_sdk(face: Face) -> None:
    read: list[tuple[type[Any], type[Any]]] = [
        (stripe_shapes.Session, stripe.checkout.Session),
        (stripe_shapes.Intent, stripe.PaymentIntent),
        (stripe_shapes.Charge, stripe.Charge),
        (stripe_shapes.Method, stripe.Charge.PaymentMethodDetails),
        (stripe_shapes.Card, stripe.Charge.PaymentMethodDetails.Card),
        (stripe_shapes.Refund, stripe.Refund),
        (stripe_shapes.Account, stripe.Account),
        (stripe_shapes.Endpoint, stripe.WebhookEndpoint),
        (stripe_events.Event, stripe.Event),
        (stripe_events.Dispute, stripe.Dispute),
    ]
    for ours, theirs in read:
        assert set(ours.model_fields) <= set(theirs.__annotations__), ours
    gateway = StripeGateway(credentials(), wiring(face.url, TurnableClock(NOW)))
    details = Details(about="团子 1001", locale="zh-Hant", expires_at=NOW)
    wanted = NewPayment("k" * 32, Money(9800, "HKD"), "ord_1", authorize_only=True, details=details)
    do(gateway.create_payment(wanted))
    ((_, _, sent),) = face.calls
    assert [name for name in sent if not _is_known(name, SessionCreateParams)] == []
    assert not _is_known("line_items[0][price_data][colour]", SessionCreateParams)
    assert {"payment_intent", "amount", "metadata"} <= set(RefundCreateParams.__annotations__)
    assert {"payment_intent", "limit", "starting_after"} <= set(RefundListParams.__annotations__)
    assert "amount_to_capture" in PaymentIntentCaptureParams.__annotations__


def _is_known(name: str, params: Any) -> bool:
    """`line_items[0][price_data][currency]`, level by level through the SDK's types."""
    first, *rest = [part for part in re.split(r"[\[\]]+", name) if part and not part.isdigit()]
    if not hasattr(params, "__annotations__"):
        return True  # metadata: names of our own
    if first not in params.__annotations__:
        return False
    inner = re.search(r"SessionCreateParams\w+", str(params.__annotations__[first]))
    below = getattr(session_params, inner[0]) if inner else None
    return not rest or _is_known("".join(f"[{part}]" for part in rest), below)


def test_every_event_that_we_want_exists() -> None:
    from stripe.params import WebhookEndpointCreateParams  # noqa: PLC0415

    known = str(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    assert [event for event in stripe_events.NEEDED if f"'{event}'" not in known] == []


def test_our_version_of_the_api_is_the_one_that_the_sdk_speaks() -> None:
    assert stripe.api_version == stripe_line.VERSION
