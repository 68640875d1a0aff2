"""The books of OUR OWN STAND-IN of Stripe: see stripe_face.py, which speaks HTTP for it.

What is kept and refused here is anchored on the official SDK's types (stripe 16.1.0; a test
compares the names) and on Stripe's public reference, as noted beside each rule.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

DAY, HALF_HOUR, WEEK = 86_400, 1_800, 604_800
# https://docs.stripe.com/currencies, "zero-decimal", "three-decimal" and "special cases".
ENDS_IN_00 = {"isk", "ugx"}
ENDS_IN_0 = {"bhd", "jod", "kwd", "omr", "tnd"}
Row = dict[str, Any]
Form = dict[str, str]


class Refused(Exception):
    """`kept`: it was refused while it was being done, and not for its form: its key is used up."""

    def __init__(self, status: int, *, code: str | None = None, kept: bool = True, **said: str):
        super().__init__(status, code)
        self.status, self.kept = status, kept
        error = {"type": "invalid_request_error", "message": "the stand-in refuses", **said}
        self.body = {"error": {**error, **({"code": code} if code else {})}}


@dataclass
class Books:
    """One account. `now` gives seconds."""

    now: Callable[[], float]
    account: str = "acct_1CANARY"
    charges_enabled: bool = True
    refunds_end: str = "succeeded"  # the status that a new refund has
    has_money: bool = True  # a refund is paid from the balance
    fee: int = 0  # of each payment
    settles_in: str = ""  # the balance's currency, where it is another one
    rows: dict[str, Row] = field(default_factory=dict)
    endpoints: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    _made: int = 0

    # What the API does.

    def open_session(self, form: Form) -> Row:
        rest = dict(form)
        _want(rest.pop("mode", None) == "payment", "mode")
        for name in ("success_url", "cancel_url"):
            _want(rest.get(name, "").startswith(("http://", "https://")), name)
        amount, currency, name = _one_line(rest)
        until = int(rest.pop("expires_at", self.now() + DAY))
        _want(HALF_HOUR <= until - self.now() <= DAY, "expires_at")
        locale = rest.pop("locale", "auto")
        _want(locale in _locales(), "locale")
        method = rest.pop("payment_intent_data[capture_method]", "automatic")
        allowed = rest.pop("allowed_payment_method_types[0]", None)  # its like before endive: gone
        _want(rest.pop("adaptive_pricing[enabled]", "false") in ("true", "false"), "adaptive")
        plan = {
            "capture_method": method,
            "metadata": _metadata(rest, "payment_intent_data[metadata]"),
            "description": rest.pop("payment_intent_data[description]", None) or name,
        }
        session_id = self._name("cs_test")
        session = {
            "id": session_id,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": False},
            "allowed_payment_method_types": [allowed] if allowed else None,
            "amount_subtotal": amount,
            "amount_total": amount,
            "cancel_url": rest.pop("cancel_url"),
            "client_reference_id": rest.pop("client_reference_id", None),
            "created": int(self.now()),
            "currency": currency,
            "expires_at": until,
            "livemode": False,
            "locale": locale,
            "metadata": _metadata(rest, "metadata"),
            "mode": "payment",
            "payment_intent": None,  # since 2022-08-01 none before somebody tries to pay
            "payment_method_types": [allowed] if allowed else ["card", "alipay"],
            "payment_status": "unpaid",
            "status": "open",
            "success_url": rest.pop("success_url"),
            "url": f"https://checkout.stripe.com/c/pay/{session_id}",
        }
        _want(not rest, next(iter(rest), ""), code="parameter_unknown")
        self.rows[session_id] = session
        self.rows[f"plan of {session_id}"] = plan
        return session

    def expire(self, session_id: str) -> Row:
        """https://docs.stripe.com/api/checkout/sessions/expire: of open ones only."""
        session = self.look(session_id)
        if session["status"] != "open":
            raise Refused(400)
        self._expire(session)
        return session

    def capture(self, intent_id: str, form: Form) -> Row:
        intent = self.look(intent_id)
        if intent["status"] != "requires_capture":
            raise Refused(400, code="payment_intent_unexpected_state")
        amount = int(form.get("amount_to_capture", intent["amount"]))
        _want(0 < amount <= intent["amount"], "amount_to_capture", code="amount_too_large")
        self._take(intent, amount)
        return intent

    def cancel(self, intent_id: str) -> Row:
        """Of a session's intent in `requires_capture` only (api/payment_intents/cancel)."""
        intent = self.look(intent_id)
        if intent["status"] != "requires_capture":
            raise Refused(400, code="payment_intent_unexpected_state")
        self._cancel(intent)
        return intent

    def give_back(self, form: Form) -> Row:
        rest = dict(form)
        intent = self.look(rest.pop("payment_intent", ""))
        taken = intent["amount_received"]
        left = taken - sum(one["amount"] for one in self.refunds_of(intent["id"]) if _counts(one))
        if taken and not left:
            raise Refused(400, code="charge_already_refunded")
        amount = int(rest.pop("amount", left))
        if not 0 < amount <= left:
            raise Refused(400, param="amount")
        told = {
            "metadata": _metadata(rest, "metadata"),
            "reason": rest.pop("reason", None),
            "status": self.refunds_end if self.has_money else "pending",
            "pending_reason": None if self.has_money else "insufficient_funds",
        }
        _want(not rest, next(iter(rest), ""), code="parameter_unknown")
        refund = self._refund(intent, amount, balance_transaction=self._moved(intent)["id"], **told)
        self._tell("refund.created", refund)
        self._tell("charge.refunded", self.rows[intent["latest_charge"]])
        return refund

    def refunds_of(self, intent_id: str) -> list[Row]:
        """The latest first, as every list there."""
        refunds = [row for row in self.rows.values() if row.get("object") == "refund"]
        return [one for one in reversed(refunds) if one["payment_intent"] == intent_id]

    def look(self, name: str) -> Row:
        """Time passes: sessions end, holds run out."""
        row = self.rows.get(name)
        if row is None or "object" not in row:
            raise Refused(404, code="resource_missing", kept=False)
        if row.get("status") == "open" and row["expires_at"] <= self.now():
            self._expire(row)
        elif row.get("status") == "requires_capture" and self._held_until(row) <= self.now():
            self._cancel(row)
        return row

    # What a payer does, and what happens without us.

    def pay(self, session_id: str, *, amount: int | None = None, currency: str = "") -> Row:
        """`amount`, `currency`: what the books then say, as they never should."""
        session = self._open(session_id)
        intent = self._intent(session)
        intent["amount"] = amount or intent["amount"]
        intent["currency"] = currency or intent["currency"]
        session["status"], session["url"] = "complete", None
        if intent["capture_method"] == "manual":
            intent["status"], intent["amount_capturable"] = "requires_capture", intent["amount"]
            self._tell("payment_intent.amount_capturable_updated", intent)
        else:
            session["payment_status"] = "paid"
            self._take(intent, intent["amount"])
        self._tell("checkout.session.completed", session)
        return session

    def fail_to_pay(self, session_id: str) -> None:
        """A card is declined; the session stays open for another try."""
        intent = self._intent(self._open(session_id))
        self._tell("payment_intent.payment_failed", intent)

    def pay_by_bank(self, session_id: str) -> None:
        """A method that tells days later whether the money came."""
        session = self._open(session_id)
        self._intent(session)["status"] = "processing"
        session["status"], session["url"] = "complete", None
        self._tell("checkout.session.completed", session)

    def bank_says(self, session_id: str, *, paid: bool) -> None:
        session = self.look(session_id)
        intent = self.rows[session["payment_intent"]]
        if paid:
            session["payment_status"] = "paid"
            self._take(intent, intent["amount"])
        else:
            intent["status"] = "requires_payment_method"
        said = "succeeded" if paid else "failed"
        self._tell(f"checkout.session.async_payment_{said}", session)

    def fail_refund(self, refund_id: str) -> None:
        """Also one that had succeeded (https://docs.stripe.com/refunds, "failed refunds")."""
        self.rows[refund_id]["status"] = "failed"
        self._tell("refund.failed", self.rows[refund_id])

    def dispute(self, intent_id: str, *, status: str = "needs_response") -> Row:
        """The bank takes the money at once, and Stripe a fee; an inquiry (`warning_…`) nothing."""
        intent = self.rows[intent_id]
        taken = [] if status.startswith("warning_") else [self._moved(intent, fee=1500)]
        dispute = {
            "id": self._name("du"),
            "object": "dispute",
            "amount": intent["amount_received"],
            "balance_transactions": taken,
            "charge": intent["latest_charge"],
            "created": int(self.now()),
            "currency": intent["currency"],
            "evidence_details": {"due_by": int(self.now()) + WEEK},
            "metadata": {},  # nobody's but the dispute's own
            "payment_intent": intent_id,
            "reason": "fraudulent",
            "status": status,
        }
        self.rows[dispute["id"]] = dispute
        self._tell("charge.dispute.created", dispute)
        return dispute

    def decide(self, dispute_id: str, status: str) -> None:
        self.rows[dispute_id]["status"] = status
        self._tell("charge.dispute.closed", self.rows[dispute_id])

    def disputes_of(self, intent_id: str) -> list[Row]:
        rows = [row for row in self.rows.values() if row.get("object") == "dispute"]
        return [one for one in reversed(rows) if one["payment_intent"] == intent_id]

    def make_endpoint(self, form: Form) -> Row:
        """Its secret is told now and never again (api/webhook_endpoints/create)."""
        rest = dict(form)
        url = rest.pop("url", "")
        _want(url.startswith("https://"), "url")
        events = [rest.pop(name) for name in list(rest) if name.startswith("enabled_events[")]
        _want(bool(events), "enabled_events")
        made = {
            "id": self._name("we"),
            "object": "webhook_endpoint",
            "api_version": rest.pop("api_version", None),
            "description": rest.pop("description", None),
            "enabled_events": events,
            "status": "enabled",
            "url": url,
        }
        _want(not rest, next(iter(rest), ""), code="parameter_unknown")
        self.endpoints.append(made)
        return {**made, "secret": f"whsec_{self._name('CANARY')}"}

    def drop_endpoint(self, name: str) -> Row:
        found = [one for one in self.endpoints if one.get("id") == name]
        if not found:
            raise Refused(404, code="resource_missing", kept=False)
        self.endpoints.remove(found[0])
        return {"id": name, "object": "webhook_endpoint", "deleted": True}

    def _moved(self, intent: Row, *, fee: int = 0) -> Row:
        """On the account's balance; a fee is told in the balance's currency."""
        row = {
            "id": self._name("txn"),
            "object": "balance_transaction",
            "amount": intent["amount_received"],
            "currency": self.settles_in or intent["currency"],
            "fee": fee,
        }
        self.rows[row["id"]] = row
        return row

    def _open(self, session_id: str) -> Row:
        session = self.look(session_id)
        assert session["status"] == "open", "the page says that it is over"
        return session

    def _intent(self, session: Row) -> Row:
        if session["payment_intent"]:
            return self.rows[session["payment_intent"]]
        plan = self.rows[f"plan of {session['id']}"]
        intent_id, charge_id = self._name("pi"), self._name("ch")
        intent = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_capturable": 0,
            "amount_received": 0,
            "capture_method": plan["capture_method"],
            "currency": session["currency"],
            "description": plan["description"],
            "latest_charge": charge_id,
            "livemode": False,
            "metadata": plan["metadata"],
            "status": "requires_payment_method",
        }
        card = {"capture_before": int(self.now()) + WEEK, "brand": "visa", "last4": "4242"}
        self.rows[charge_id] = {
            "id": charge_id,
            "object": "charge",
            "amount": intent["amount"],
            "currency": intent["currency"],
            "metadata": dict(plan["metadata"]),  # copied once, when the charge is made
            "payment_intent": intent_id,
            "payment_method_details": {"type": "card", "card": card},
            "balance_transaction": None,
        }
        self.rows[intent_id] = intent
        session["payment_intent"] = intent_id
        return intent

    def _take(self, intent: Row, amount: int) -> None:
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
        charge = self.rows[intent["latest_charge"]]
        charge["balance_transaction"] = self._moved(intent, fee=self.fee)["id"]
        if rest := intent["amount"] - amount:  # "automatically refunded" (…/capture): let go of
            self._refund(intent, rest)
        self._tell("payment_intent.succeeded", intent)

    def _refund(self, intent: Row, amount: int, **told: Any) -> Row:
        row = {
            "id": self._name("re"),
            "object": "refund",
            "amount": amount,
            "charge": intent["latest_charge"],
            "created": int(self.now()),
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "status": "succeeded",
            "balance_transaction": None,  # it moved none, and counts for nothing
        }
        return self.rows.setdefault(row["id"], row | told)

    def _cancel(self, intent: Row) -> None:
        intent.update(status="canceled", amount_capturable=0)
        self._tell("payment_intent.canceled", intent)

    def _expire(self, session: Row) -> None:
        session["status"], session["url"] = "expired", None
        self._tell("checkout.session.expired", session)

    def _held_until(self, intent: Row) -> int:
        charge = self.rows[intent["latest_charge"]]
        return int(charge["payment_method_details"]["card"]["capture_before"])

    def _tell(self, kind: str, about: Row) -> None:
        event = {
            "id": self._name("evt"),
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(self.now()),
            "data": {"object": {**about}},
            "livemode": False,
            "pending_webhooks": 1,
            "type": kind,
        }
        self.events.append(event)

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}_{self._made:024d}"


def _one_line(rest: Form) -> tuple[int, str, str]:
    line = "line_items[0]"
    _want(rest.pop(f"{line}[quantity]", None) == "1", f"{line}[quantity]")
    price = f"{line}[price_data]"
    amount = rest.pop(f"{price}[unit_amount]", "")
    _want(amount.isdigit() and 0 < int(amount) <= 99_999_999, f"{price}[unit_amount]")
    currency = rest.pop(f"{price}[currency]", "")
    _want(len(currency) == 3 and currency.islower(), f"{price}[currency]")
    _want(currency not in ENDS_IN_00 or amount.endswith("00"), f"{price}[unit_amount]")
    _want(currency not in ENDS_IN_0 or amount.endswith("0"), f"{price}[unit_amount]")
    name = rest.pop(f"{price}[product_data][name]", "")
    _want(bool(name), f"{price}[product_data][name]")
    return int(amount), currency, name


def _locales() -> set[str]:
    """Those that the official SDK knows."""
    from stripe.params.checkout import SessionCreateParams  # noqa: PLC0415  # a second of imports

    return set(re.findall(r"'([\w-]+)'", str(SessionCreateParams.__annotations__["locale"])))


def _metadata(rest: Form, name: str) -> dict[str, str]:
    found = {key: value for key, value in rest.items() if key.startswith(f"{name}[")}
    for key in found:
        del rest[key]
    return {key[len(name) + 1 : -1]: value for key, value in found.items()}


def _counts(refund: Row) -> object:
    return refund["status"] not in ("failed", "canceled") and refund["balance_transaction"]


def _want(fits: bool, param: str, *, code: str | None = None) -> None:
    """A form that is refused leaves its key unused (api/idempotent_requests)."""
    if not fits:
        raise Refused(400, code=code, kept=False, param=param)
