"""Our Stripe client against two imitations that others wrote, each in a process of its own.

localstripe (1.15.10) has intents, holds and refunds but no Checkout Sessions: a few lines in front
of it, SIMULATED here, show each of its intents as the complete session that made it. So capture,
void, refund and looking run on its state, and its webhooks are the ones it signs. It heeds no
idempotency key and takes over-refunds, and any key of an account: that is the part of
stripe-stateful-mock, which has neither sessions nor intents but the rules of money. There only our
calls and what we make of refusals are run. Making, closing and expiring sessions runs on our own
stand-in alone.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import stripe
from pydantic import BaseModel

from data.kernel.clock import SystemClock
from data.kernel.money import Money
from data.payments.gateway import (
    BadNotice,
    NewRefund,
    PaymentRef,
    PaymentStatus,
    ProviderEvent,
    ProviderPayment,
    ProviderUnreachable,
    RefundStatus,
)
from integrations.payments.stripe import StripeGateway
from integrations.payments.stripe_line import Refusal, StripeLine
from integrations.payments.stripe_shapes import OUR_KEY, Refund, Refunds, refund_shown
from tests import calling
from tests.integrations.payments.stripe_bench import credentials, do, wiring
from tests.peers.kept import NoPeer
from tests.peers.money.stripe_kept import running_localstripe, running_stateful_mock

pytestmark = pytest.mark.slow
KEY, SECRET = "sk_test_12345", "whsec_localstripe"
AUTH = {"Authorization": f"Bearer {KEY}"}
PRICE = Money(9800, "HKD")
VISA, DECLINED = "4242424242424242", "4000000000000341"
_SESSION = "/v1/checkout/sessions/cs_of_"
_PATIENCE = 60.0


class Taken(BaseModel):
    """A charge, as far as these tests read it."""

    id: str
    amount: int


@dataclass
class Front:
    """localstripe with a session before each intent, and a place that it calls."""

    inner: str
    url: str = ""
    heard: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    client: httpx.Client = field(default_factory=lambda: calling.client(timeout=_PATIENCE))

    def ask(self, method: str, path: str, **told: str) -> Any:
        return self.client.request(
            method, self.inner + path, headers=AUTH, data=told or None
        ).json()

    def paid(self, key: str, *, held: bool = False, card: str = VISA) -> Any:
        """What a payer does at Stripe's page: a card, and an intent that it confirms."""
        of_card = {"number": card, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        typed = {f"card[{name}]": text for name, text in of_card.items()}
        method = self.ask("POST", "/v1/payment_methods", type="card", **typed)
        told = {
            "amount": "9800",
            "currency": "hkd",
            "payment_method": method["id"],
            "confirm": "true",
            f"metadata[{OUR_KEY}]": key,
            **({"capture_method": "manual"} if held else {}),
        }
        return self.ask("POST", "/v1/payment_intents", **told)

    def answer(self, method: str, path: str, content: bytes, key: str) -> tuple[int, bytes]:
        if path.startswith(_SESSION):
            return self._session(method, path.removeprefix(_SESSION).partition("?")[0])
        headers = {"authorization": key, "content-type": "application/x-www-form-urlencoded"}
        reply = self.client.request(method, self.inner + path, headers=headers, content=content)
        return reply.status_code, reply.content

    def _session(self, method: str, intent_id: str) -> tuple[int, bytes]:
        if method == "POST":  # a complete one is not expired any more
            return 400, b'{"error":{"type":"invalid_request_error"}}'
        expanded = "?expand[0]=latest_charge"
        intent = self.ask("GET", f"/v1/payment_intents/{intent_id}{expanded}")
        session = {
            "id": f"cs_of_{intent_id}",
            "status": "complete",
            "client_reference_id": intent["metadata"].get(OUR_KEY),
            "amount_total": intent["amount"],
            "currency": intent["currency"],
            "payment_intent": intent,
        }
        return 200, json.dumps(session).encode()


@contextmanager
def in_front_of(inner: str) -> Iterator[Front]:
    front = Front(inner)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path == "/hook":
                front.heard.append((content, dict(self.headers)))
                self._send(200, b"")
            else:
                self._serve(content)

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

        def _serve(self, content: bytes) -> None:
            key = self.headers.get("authorization", "")
            self._send(*front.answer(self.command, self.path, content, key))

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        front.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield front
        finally:
            server.shutdown()
            thread.join()
            front.client.close()


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with ExitStack() as stack:
        try:
            inner = stack.enter_context(running_localstripe())
        except NoPeer as reason:
            pytest.skip(f"localstripe cannot be had here: {reason}")
        front = stack.enter_context(in_front_of(inner))
        hook = {"url": f"{front.url}/hook", "secret": SECRET}
        calling.post(f"{inner}/_config/webhooks/ours", json=hook).raise_for_status()
        yield front


@pytest.fixture(scope="module")
def gateway(front: Front) -> StripeGateway:
    typed = credentials(api_key=KEY, webhook_secret=SECRET)
    return StripeGateway(typed, wiring(front.url, SystemClock()))


@pytest.fixture(scope="module")
def line() -> Iterator[StripeLine]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(running_stateful_mock())
        except NoPeer as reason:
            pytest.skip(f"stripe-stateful-mock cannot be had here: {reason}")
        yield StripeLine(wiring(url, SystemClock()), KEY)


def a_key(name: str) -> str:
    return f"{name}{time.monotonic_ns()}".ljust(32, "k")


def payment(intent: Any) -> PaymentRef:
    return PaymentRef(intent["metadata"][OUR_KEY], f"cs_of_{intent['id']}", PRICE)


def shown(gateway: StripeGateway, of: PaymentRef) -> ProviderPayment:
    found = do(gateway.query(of))
    assert found is not None
    return found


# — localstripe —


def test_what_it_took_is_captured(gateway: StripeGateway, front: Front) -> None:
    key = a_key("paid")
    seen = shown(gateway, payment(front.paid(key)))
    assert (seen.status, seen.amount, seen.our_ref) == (PaymentStatus.CAPTURED, PRICE, key)


def test_what_it_holds_is_captured(gateway: StripeGateway, front: Front) -> None:
    held = payment(front.paid(a_key("held"), held=True))
    assert shown(gateway, held).status == PaymentStatus.AUTHORIZED
    assert do(gateway.capture(held)).status == PaymentStatus.CAPTURED
    assert do(gateway.capture(held)).status == PaymentStatus.CAPTURED
    assert do(gateway.void(held)).status == PaymentStatus.CAPTURED


def test_what_it_holds_is_let_go(gateway: StripeGateway, front: Front) -> None:
    held = payment(front.paid(a_key("void"), held=True))
    assert do(gateway.close(held)).status == PaymentStatus.AUTHORIZED  # not ours to close any more
    assert do(gateway.void(held)).status == PaymentStatus.VOIDED
    assert do(gateway.capture(held)).status == PaymentStatus.VOIDED


def test_a_capture_of_less_by_hand_is_no_hold_any_more(
    gateway: StripeGateway, front: Front
) -> None:
    """It tells no `amount_received`; that we read it is tested on our stand-in."""
    intent = front.paid(a_key("part"), held=True)
    front.ask("POST", f"/v1/payment_intents/{intent['id']}/capture", amount_to_capture="5000")
    assert shown(gateway, payment(intent)).status == PaymentStatus.CAPTURED


def test_money_goes_back_and_is_found(gateway: StripeGateway, front: Front) -> None:
    paid = payment(front.paid(a_key("back")))
    wanted = NewRefund(a_key("refund"), Money(800, "HKD"), paid)
    assert do(gateway.query_refund(wanted)) is None
    given = do(gateway.refund(wanted))
    assert (given.status, given.amount) == (RefundStatus.SUCCEEDED, Money(800, "HKD"))
    assert given.our_ref == wanted.key
    assert do(gateway.query_refund(wanted)) == given
    named = NewRefund(wanted.key, wanted.amount, paid, given.provider_ref)
    assert do(gateway.query_refund(named)) == given


def test_a_declined_card_takes_nothing(front: Front) -> None:
    assert front.paid(a_key("declined"), card=DECLINED)["error"]["code"] == "card_declined"


def test_what_it_signs_is_taken_for_what_it_is(gateway: StripeGateway, front: Front) -> None:
    key = a_key("hooked")
    front.paid(key)
    event, (raw, headers) = heard(gateway, front, key)
    assert event.claimed == PRICE
    signature = event.headers["stripe-signature"]
    assert stripe.WebhookSignature.verify_header(raw, signature, SECRET, tolerance=300)
    with pytest.raises(BadNotice):
        do(gateway.verify_webhook(raw.replace(b"9800", b"9801"), headers))


def heard(
    gateway: StripeGateway, front: Front, key: str
) -> tuple[ProviderEvent, tuple[bytes, dict[str, str]]]:
    """It posts a second after the act; whatever it posted until then must be signed well."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        for raw, headers in list(front.heard):
            event = do(gateway.verify_webhook(raw, headers))
            if event is not None and event.our_ref == key:
                return event, (raw, headers)
        time.sleep(0.1)
    raise AssertionError("it never called")


# — stripe-stateful-mock —


def charge(line: StripeLine, source: str, *, key: str, amount: int = 9800) -> tuple[Taken, bool]:
    told = {"amount": str(amount), "currency": "hkd", "source": source}
    return do(line.post(Taken, "/v1/charges", told, key=key))


def refund(line: StripeLine, of: Taken, amount: int, *, key: str) -> tuple[Refund, bool]:
    told = {"charge": of.id, "amount": str(amount), f"metadata[{OUR_KEY}]": key}
    return do(line.post(Refund, "/v1/refunds", told, key=key))


def test_a_key_has_one_effect_and_says_when_it_repeats(line: StripeLine) -> None:
    key = a_key("once")
    (first, is_first), (again, is_again) = (charge(line, "tok_visa", key=key) for _ in range(2))
    assert first == again
    assert (is_first, is_again) == (False, True)
    with pytest.raises(ProviderUnreachable, match="idempotency_error"):
        charge(line, "tok_visa", key=key, amount=9801)


def test_refunds_are_bound_by_what_was_taken(line: StripeLine) -> None:
    taken, _ = charge(line, "tok_visa", key=a_key("bound"))
    given, _ = refund(line, taken, 800, key=(key := a_key("part")))
    assert refund(line, taken, 800, key=key) == (given, True)
    assert refund_shown(given).our_ref == key
    with pytest.raises(Refusal):
        refund(line, taken, 9001, key=a_key("over"))
    refund(line, taken, 9000, key=a_key("rest"))
    with pytest.raises(Refusal, match="charge_already_refunded"):
        refund(line, taken, 1, key=a_key("more"))
    page = do(line.get(Refunds, "/v1/refunds", {"charge": taken.id, "limit": "100"}))
    assert sum(one.amount for one in page.data) == 9800
    assert key in {one.our_key for one in page.data}


@pytest.mark.parametrize("status", [429, 500])
def test_its_troubles_prove_nothing(line: StripeLine, status: int) -> None:
    with pytest.raises(ProviderUnreachable, match=f"status_{status}"):
        charge(line, f"tok_{status}", key=a_key("trouble"))


def test_its_500_is_kept_under_the_key(line: StripeLine) -> None:
    """As our stand-in's is: the same key says it again, whatever would happen now."""
    source, key = f"tok_500|tok_visa|{time.monotonic_ns()}", a_key("kept")
    for _ in range(2):
        with pytest.raises(ProviderUnreachable, match="status_500"):
            charge(line, source, key=key)
    assert charge(line, source, key=a_key("other"))[0].amount == 9800


def test_a_card_that_is_declined_is_a_refusal(line: StripeLine) -> None:
    with pytest.raises(Refusal, match="card_declined") as refused:
        charge(line, "tok_chargeDeclined", key=a_key("declined"))
    assert refused.value.status == 402


def test_an_answer_that_it_forgets_is_seen_as_missing(line: StripeLine) -> None:
    taken, _ = charge(line, "tok_forget", key=a_key("forgotten"))
    with pytest.raises(Refusal, match="resource_missing"):
        do(line.get(Taken, f"/v1/charges/{taken.id}"))
