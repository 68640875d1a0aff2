"""OUR OWN STAND-IN of PayPal's REST API, over real HTTP on loopback. It is SIMULATED.

No client that others wrote can drive it: PayPal's own SDK (paypal-server-sdk) calls fixed addresses
and verifies no webhook. So its shapes are those of PayPal's published OpenAPI documents
(paypal_schemas.py), and every request of ours and every answer of its own is held to them; what is
done and refused when follows the same documents' lists of issues (paypal_books.py). Where they are
silent it is the harsher one: an answer to a request id is kept whether it is a refusal or not, and
the same id with other words is refused.

Covered: tokens that end or are taken back, orders captured or authorized, holds captured and
voided, refunds, a webhook's settings, signed calls and the certificate they are signed with. Not
covered: cards and other sources than PayPal's own, patches, reauthorizations, several purchase
units.

`Face` is the hands of a test too: people agree there, calls are made there, `faults` befall the
next requests. `running_face()` serves it in a thread.
"""

import base64
import json
import secrets
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from data.kernel.clock import Clock
from tests.peers.money import paypal_schemas as shapes
from tests.peers.money.paypal_books import Books, Order, Refusal
from tests.peers.money.paypal_keys import certificate, key

Json = dict[str, Any]
CLIENT, SECRET, WEBHOOK = "AbCdEf-client", "EfGh-canary-secret", "8PT597110X687430L"
CERTIFICATE = (
    "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"
)
TOKEN_LIVES = timedelta(seconds=32400)
_FORGETS = {"checkout": timedelta(hours=6), "payments": timedelta(days=45)}
_NAMES = {
    400: "INVALID_REQUEST",
    401: "AUTHENTICATION_FAILURE",
    403: "NOT_AUTHORIZED",
    404: "RESOURCE_NOT_FOUND",
    409: "RESOURCE_CONFLICT",
    422: "UNPROCESSABLE_ENTITY",
    429: "RATE_LIMIT_REACHED",
    500: "INTERNAL_SERVER_ERROR",
}


@dataclass(frozen=True)
class Answer:
    status: int
    told: Json | bytes
    is_lost: bool = False

    @property
    def body(self) -> bytes:
        if isinstance(self.told, bytes):
            return self.told
        return json.dumps(self.told).encode() if self.told else b""


@dataclass(frozen=True)
class Call:
    """A call to a webhook as it goes over the wire."""

    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Kept:
    words: bytes
    answer: Answer
    at: datetime


@dataclass
class Face:
    """`faults`: one for each of the next calls with a token: `lost` (it acts, then cuts the line),
    `401` (the token is taken back), `429`, `500` or `refuse:422:ISSUE` (it does nothing)."""

    clock: Clock
    url: str = ""
    notify_url: str = ""
    events: list[str] = field(default_factory=lambda: ["*"])
    certificates: dict[str, Answer] = field(default_factory=dict)
    signs_with: rsa.RSAPrivateKey = field(default_factory=lambda: key("paypal"))
    faults: "deque[str]" = field(default_factory=deque)
    calls: list[str] = field(default_factory=list)  # method and path
    asked: list[tuple[str, str]] = field(default_factory=list)  # path and request id
    tokens: dict[str, datetime] = field(default_factory=dict)
    knows_secret: bool = True
    shows_disputes: bool = True  # what an app may do is ticked in the dashboard
    garbles: Callable[[bytes], bytes] = bytes  # what is on the wire in place of an answer
    troubles: list[BaseException] = field(default_factory=list)  # faults of its own: no test passes
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    books: Books = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.books = Books(self.clock)
        self.certificates[CERTIFICATE.rpartition("/")[2]] = Answer(200, certificate(key("paypal")))

    # — the hands of a test —

    def order(self, our_key: str) -> Order:
        (found,) = self.orders(our_key)
        return found

    def orders(self, our_key: str) -> list[Order]:
        return [one for one in self.books.orders.values() if one.unit["invoice_id"] == our_key]

    def approves(self, our_key: str, instrument: str = "good") -> Order:
        """The payer agrees on PayPal's page, with this means of payment."""
        order = self.order(our_key)
        assert order.status in {"PAYER_ACTION_REQUIRED", "APPROVED"}, order.status
        order.status, order.instrument = "APPROVED", instrument
        order.touched += 1
        return order

    def times(self, ending: str) -> int:
        return sum(call.endswith(ending) for call in self.calls)

    def order_call(self, order: Order, **changed: Any) -> Call:
        return self.call("CHECKOUT.ORDER.APPROVED", "checkout-order", order.shown(), **changed)

    def capture_call(self, order: Order, event: str = "COMPLETED", **changed: Any) -> Call:
        shown = order.captures[0].shown()
        return self.call(f"PAYMENT.CAPTURE.{event}", "capture", shown, **changed)

    def call(self, event: str, kind: str, resource: Json, **changed: Any) -> Call:
        said = {
            "id": f"WH-{secrets.token_hex(8).upper()}",
            "create_time": self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resource_type": kind,
            "event_version": "1.0",
            "resource_version": "2.0",
            "event_type": event,
            "summary": "…",
            "resource": resource,
            "links": [],
            **changed,
        }
        shapes.hold_to(shapes.EVENT, said)
        body = json.dumps(said, ensure_ascii=False).encode()
        return Call(body, self.signature(body))

    def signature(
        self,
        body: bytes,
        *,
        at: datetime | None = None,
        webhook: str = WEBHOOK,
        address: str = CERTIFICATE,
        by: rsa.RSAPrivateKey | None = None,
    ) -> dict[str, str]:
        name = f"{secrets.token_hex(4)}-d67a-11e5-baa3-778b53f4ae55"
        stamp = (at or self.clock.now()).strftime("%Y-%m-%dT%H:%M:%SZ")
        signed = f"{name}|{stamp}|{webhook}|{zlib.crc32(body)}".encode()
        signature = (by or self.signs_with).sign(signed, PKCS1v15(), hashes.SHA256())
        return {
            "Content-Type": "application/json",
            "PAYPAL-TRANSMISSION-ID": name,
            "PAYPAL-TRANSMISSION-TIME": stamp,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
            "PAYPAL-CERT-URL": address,
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        }

    # — what a merchant calls —

    def answer(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        with self._lock:
            self.calls.append(f"{method} {path}")
            if path == "/v1/oauth2/token":
                return self._token(headers, body)
            if path.startswith("/v1/notifications/certs/"):
                return self.certificates.get(path.rpartition("/")[2]) or _problem(404, "NO_CERT")
            fault = self.faults.popleft() if self.faults else ""
            if fault == "401":
                self.tokens.clear()
            if not self._is_known(headers):
                return _problem(401, "INVALID_TOKEN")
            try:
                _fall(fault)
                answer = self._once(method, path, headers, body)
            except Refusal as refusal:
                answer = _problem(refusal.status, refusal.issue)
            return Answer(answer.status, answer.told, is_lost=fault == "lost")

    def _token(self, headers: Message, body: bytes) -> Answer:
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        is_theirs = self.knows_secret and headers.get("Authorization") == f"Basic {known}"
        if not is_theirs or body != b"grant_type=client_credentials":
            told = {"error": "invalid_client", "error_description": "…"}
            return Answer(401, told)
        token = f"A21AA{secrets.token_hex(16)}"
        self.tokens[token] = self.clock.now() + TOKEN_LIVES
        seconds = int(TOKEN_LIVES.total_seconds())
        return Answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": seconds})

    def _is_known(self, headers: Message) -> bool:
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        until = self.tokens.get(token)
        return until is not None and self.clock.now() < until

    def _once(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        """What was answered to a request's id is answered again."""
        name = headers.get("PayPal-Request-Id", "")
        self.asked.append((path, name))
        kept, now = self.kept.get((path, name)), self.clock.now()
        memory = _FORGETS.get(path.split("/")[2])
        if name and kept is not None and memory is not None and now < kept.at + memory:
            if kept.words != body:
                raise Refusal(422, "DUPLICATE_REQUEST_ID")
            return self._latest(kept.answer)
        try:
            answer = self._act(method, path, headers, json.loads(body) if body else {})
        except Refusal as refusal:
            answer = _problem(refusal.status, refusal.issue)
        if name:
            self.kept[path, name] = Kept(body, answer, now)
        return answer

    def _latest(self, answer: Answer) -> Answer:
        """An order is answered as it stands by now, and with 200."""
        told = answer.told
        if isinstance(told, dict) and told.get("id") in self.books.orders:
            return _said(200, shapes.ORDER, self.books.orders[told["id"]].shown())
        return answer

    def _act(self, method: str, path: str, headers: Message, told: Json) -> Answer:
        is_whole = headers.get("Prefer") == "return=representation"
        match [method, *path.strip("/").split("/")]:
            case [_, "v2", "checkout", "orders", *rest]:
                if method == "POST" and not headers.get("PayPal-Request-Id"):
                    raise Refusal(400, "PAYPAL_REQUEST_ID_REQUIRED")
                return self._of_orders(method, rest, told, is_whole)
            case ["POST", "v2", "payments", kind, name, verb]:
                return self._of_payments(f"{verb} {kind}", name, told, is_whole)
            case ["GET", "v2", "payments", "refunds", name]:
                return _row(200, shapes.REFUND, self.books.refund(name).shown(), is_whole=True)
            case ["GET", "v1", "customer", *asked]:
                return self._of_disputes(asked)
            case ["GET", "v1", "notifications", "webhooks", name] if name == WEBHOOK:
                listed = [{"name": event} for event in self.events]
                shown = {"id": name, "url": self.notify_url, "event_types": listed, "links": []}
                return _said(200, shapes.WEBHOOK, shown)
        raise Refusal(404, "INVALID_RESOURCE_ID")

    def _of_disputes(self, asked: list[str]) -> Answer:
        if not self.shows_disputes:
            raise Refusal(403, "PERMISSION_DENIED")
        match asked:
            case ["disputes", name]:
                return Answer(200, self.books.dispute_named(name))
            case [listed] if listed.startswith("disputes?disputed_transaction_id="):
                return Answer(200, self.books.disputes_of(listed.partition("=")[2]))
        raise Refusal(404, "INVALID_RESOURCE_ID")

    def _of_orders(self, method: str, rest: list[str], told: Json, is_whole: bool) -> Answer:
        match [method, *rest]:
            case ["POST"]:
                _want(shapes.ORDER_REQUEST, told)
                return _order(201, self.books.open(told), is_whole)
            case ["GET", name]:
                return _order(200, self.books.order(name), is_whole=True)
            case ["POST", name, "capture" | "authorize" as verb]:
                _want(shapes.NOTHING, told)
                return _order(201, self.books.take(name, verb.upper()), is_whole)
        raise Refusal(404, "INVALID_RESOURCE_ID")

    def _of_payments(self, deed: str, name: str, told: Json, is_whole: bool) -> Answer:
        if deed == "capture authorizations":
            _want(shapes.CAPTURE_REQUEST, told)
            made = self.books.capture_hold(name, told)
            return _row(201, shapes.CAPTURE, made.shown(), is_whole)
        if deed == "refund captures":
            _want(shapes.REFUND_REQUEST, told)
            made = self.books.give_back(name, told)
            return _row(201, shapes.REFUND, made.shown(), is_whole)
        if deed == "void authorizations":
            self.books.void(name)
            return Answer(204, {})
        raise Refusal(404, "INVALID_RESOURCE_ID")


def _want(shape: Json, told: Json) -> None:
    """What PayPal would refuse is a fault of ours, and its name is in the answer."""
    if not shapes.fits(shape, told):
        raise Refusal(400, "INVALID_PARAMETER_SYNTAX")


def _order(status: int, order: Order, is_whole: bool) -> Answer:
    return _said(status, shapes.ORDER, order.shown() if is_whole else order.minimal())


def _row(status: int, shape: Json, shown: Json, is_whole: bool) -> Answer:
    kept = shown if is_whole else {name: shown[name] for name in ("id", "status", "links")}
    return _said(status, shape, kept)


def _said(status: int, shape: Json, told: Json) -> Answer:
    shapes.hold_to(shape, told)
    return Answer(status, told)


def _problem(status: int, issue: str) -> Answer:
    told = {
        "name": _NAMES[status],
        "message": "…",
        "debug_id": secrets.token_hex(7),
        "details": [{"issue": issue, "description": "…"}],
        "links": [],
    }
    return _said(status, shapes.PROBLEM, told)


def _fall(fault: str) -> None:
    if fault in {"429", "500"}:
        raise Refusal(int(fault), _NAMES[int(fault)])
    if fault.startswith("refuse:"):
        _, status, issue = fault.split(":")
        raise Refusal(int(status), issue)


@contextmanager
def running_face(clock: Clock) -> Iterator[Face]:
    face = Face(clock)

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            try:
                answer = face.answer(self.command, self.path, self.headers, self.rfile.read(length))
            except BaseException as trouble:
                face.troubles.append(trouble)
                raise
            if answer.is_lost:
                self.connection.close()
                return
            body = face.garbles(answer.body)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    face.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield face
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert face.troubles == []
