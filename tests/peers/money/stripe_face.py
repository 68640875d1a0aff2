"""OUR OWN STAND-IN of Stripe's API for Checkout, over real HTTP on this machine. It is not Stripe.

Official stripe-mock keeps no state, and neither localstripe nor stripe-stateful-mock has Checkout
Sessions. Covered: sessions (create, retrieve with expansion, expire), intents (retrieve, capture,
cancel), refunds (create, retrieve, list), fees and what all that did to the balance, disputes
(list), the account, webhook endpoints (create, list, delete), keys and their refusals, idempotency
as documented (kept answers, conflicts, forgetting), signed events. Not covered: its page, other
payment methods than "card" and "a bank that tells later", payouts, Connect, real cards, every
parameter that we do not send. The official SDK drives it in tests/integrations/payments/
test_stripe_face.py, so that not both sides are ours.

`face.faults` are what goes wrong with the next calls, in their order: a status (429, 500; 409 is a
key in use), "lost" (acts, then cuts the connection), "cut" (cuts before it acts), "broken" (500 in
the middle of it: nothing done, and that is kept under the key for a day), "" (nothing).
"""

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

from data.kernel.clock import Clock
from tests.peers.money.stripe_books import Books, Form, Refused, Row

KEY, SECRET = "sk_test_CANARYkey", "whsec_CANARYsecret"
_MISSING = 404


@dataclass
class Answer:
    status: int
    body: Row
    replayed: bool = False


@dataclass
class Kept:
    asked: tuple[str, Form]
    answer: Answer | None = None


@dataclass
class Face:
    """`barred`: beginnings of paths that the key may not call, as a restricted one's."""

    books: Books
    keys: set[str] = field(default_factory=lambda: {KEY})
    barred: tuple[str, ...] = ()
    faults: deque[int | str] = field(default_factory=deque)
    calls: list[tuple[str, str, Form]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    _kept: dict[str, Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def session_of(self, key: str) -> str:
        """The one session with our reference; more than one would be two payments."""
        rows = self.books.rows.values()
        (found,) = [row["id"] for row in rows if row.get("client_reference_id") == key]
        return str(found)

    def intent_of(self, key: str) -> str:
        return str(self.books.rows[self.session_of(key)]["payment_intent"])

    def forget_keys(self) -> None:
        """A day has passed."""
        self._kept.clear()

    def signed(self, event: Row, *, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
        """As it comes to a webhook; the official SDK signs."""
        raw = json.dumps(event, ensure_ascii=False)
        sign = stripe.WebhookSignature.generate_signature_header
        header = sign(raw, secret, timestamp=int(self.books.now()))
        return raw.encode(), {"Stripe-Signature": header, "Content-Type": "application/json"}

    def told(self, kind: str) -> Row:
        """The latest event of that kind."""
        return next(event for event in reversed(self.books.events) if event["type"] == kind)

    def answer(
        self,
        method: str,
        address: str,
        content: bytes,
        headers: dict[str, str],
        *,
        breaks: bool = False,
    ) -> Answer:
        parts = urlsplit(address)
        form = dict(parse_qsl((content or parts.query.encode()).decode(), keep_blank_values=True))
        with self._lock:
            self.calls.append((method, parts.path, form))
            self.headers.append(headers)
            return self._answer(method, parts.path, form, headers, breaks)

    def _answer(
        self, method: str, path: str, form: Form, headers: dict[str, str], breaks: bool
    ) -> Answer:
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.keys:
            return _refused(Refused(401))
        if path.startswith(self.barred):
            return _refused(Refused(403))
        key = headers.get("idempotency-key") if method == "POST" else None
        kept = self._kept.get(key) if key else None
        if kept is not None and kept.asked != (path, form):
            return _refused(Refused(400, type="idempotency_error"))
        if kept is not None and kept.answer is not None:
            return Answer(kept.answer.status, kept.answer.body, replayed=True)
        answer, is_kept = (_faulty(500), True) if breaks else self._do(method, path, form)
        if key and is_kept:
            self._kept[key] = Kept((path, form), answer)
        return answer

    def _do(self, method: str, path: str, form: Form) -> tuple[Answer, bool]:
        try:
            done = self._route(method, path, form)
        except Refused as refused:
            return _refused(refused), refused.kept
        return Answer(200, json.loads(json.dumps(done))), True

    def _route(self, method: str, path: str, form: Form) -> Row:
        for verb, pattern, act in _ROUTES:
            match = re.fullmatch(pattern, path)
            if verb == method and match:
                return act(self, form, *match.groups())
        raise Refused(_MISSING, kept=False)

    def expanded(self, name: str, form: Form) -> Row:
        row = dict(self.books.look(name))
        wanted = [value for key, value in form.items() if key.startswith("expand[")]
        if row.get("payment_intent") and any(w.startswith("payment_intent") for w in wanted):
            intent = dict(self.books.look(row["payment_intent"]))
            charge = "payment_intent.latest_charge"
            if any(one.startswith(charge) for one in wanted) and intent["latest_charge"]:
                whole = f"{charge}.balance_transaction" in wanted
                intent["latest_charge"] = self._moved(intent["latest_charge"], whole=whole)
            row["payment_intent"] = intent
        return row

    def _moved(self, name: str, *, whole: bool) -> Row:
        """With what it did to the balance, or that one's name alone."""
        row = dict(self.books.rows[name])
        moved = row.get("balance_transaction")
        return {**row, "balance_transaction": self.books.rows[moved] if whole and moved else moved}

    def disputes(self, form: Form) -> Row:
        found = self.books.disputes_of(form["payment_intent"])
        return {"object": "list", "data": found, "has_more": False, "url": "/v1/disputes"}

    def refunds(self, form: Form) -> Row:
        whole = form.get("expand[0]") == "data.balance_transaction"
        listed = self.books.refunds_of(form["payment_intent"])
        found = [self._moved(one["id"], whole=whole) for one in listed]
        names = [refund["id"] for refund in found]
        start = names.index(form["starting_after"]) + 1 if "starting_after" in form else 0
        limit = int(form.get("limit", 10))
        page = found[start : start + limit]
        more = len(found) > start + limit
        return {"object": "list", "data": page, "has_more": more, "url": "/v1/refunds"}

    def owner(self) -> Row:
        told = {"charges_enabled": self.books.charges_enabled, "country": "HK"}
        return {"id": self.books.account, "object": "account", **told}

    def endpoints(self) -> Row:
        found = self.books.endpoints
        return {"object": "list", "data": found, "has_more": False, "url": "/v1/webhook_endpoints"}


_Act = Callable[..., Row]
_ROUTES: list[tuple[str, str, _Act]] = [
    ("POST", "/v1/checkout/sessions", lambda face, form: face.books.open_session(form)),
    ("GET", r"/v1/checkout/sessions/(\w+)", lambda face, form, one: face.expanded(one, form)),
    ("POST", r"/v1/checkout/sessions/(\w+)/expire", lambda face, _, one: face.books.expire(one)),
    ("GET", r"/v1/payment_intents/(\w+)", lambda face, form, one: face.expanded(one, form)),
    ("POST", r"/v1/payment_intents/(\w+)/capture", lambda f, form, one: f.books.capture(one, form)),
    ("POST", r"/v1/payment_intents/(\w+)/cancel", lambda face, _, one: face.books.cancel(one)),
    ("POST", "/v1/refunds", lambda face, form: face.books.give_back(form)),
    ("GET", "/v1/refunds", lambda face, form: face.refunds(form)),
    ("GET", r"/v1/refunds/(\w+)", lambda face, _, one: face.books.look(one)),
    ("GET", "/v1/disputes", lambda face, form: face.disputes(form)),
    ("POST", "/v1/webhook_endpoints", lambda face, form: face.books.make_endpoint(form)),
    ("DELETE", r"/v1/webhook_endpoints/(\w+)", lambda face, _, one: face.books.drop_endpoint(one)),
    ("GET", "/v1/account", lambda face, _: face.owner()),
    ("GET", "/v1/webhook_endpoints", lambda face, _: face.endpoints()),
]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    face: Face

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("content-length", 0))))

    def do_DELETE(self) -> None:
        self._serve(b"")

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""

    def _serve(self, content: bytes) -> None:
        fault = self.face.faults.popleft() if self.face.faults else ""
        if fault == "cut":
            self.close_connection = True
            return
        if isinstance(fault, int):
            self._send(_faulty(fault))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.face.answer(
            self.command, self.path, content, headers, breaks=fault == "broken"
        )
        if fault == "lost":
            self.close_connection = True
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Request-Id", "req_canary")
        if answer.replayed:
            self.send_header("Idempotent-Replayed", "true")
        self.end_headers()
        self.wfile.write(body)


def _faulty(status: int) -> Answer:
    if status == 409:
        return _refused(Refused(409, code="idempotency_key_in_use"))
    return _refused(Refused(status, type="api_error"))


def _refused(refused: Refused) -> Answer:
    return Answer(refused.status, refused.body)


@contextmanager
def running_stripe(clock: Clock) -> Iterator[Face]:
    """In a thread of its own, on a free port of this machine; its time is the test's."""
    face = Face(Books(lambda: clock.now().timestamp()))
    handler = type("Handler", (_Handler,), {"face": face})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        face.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield face
        finally:
            server.shutdown()
            thread.join()
