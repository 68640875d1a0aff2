"""The books of PayPal's SIMULATED side: orders, holds, captures, refunds, and what may be done."""

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from data.kernel.clock import Clock

Json = dict[str, Any]
KEEPS = timedelta(days=29)  # a hold
WITHOUT_DECIMALS = {"HUF", "JPY", "TWD"}
CURRENCIES = {*WITHOUT_DECIMALS, "USD", "EUR", "GBP", "HKD"}
_ALPHABET = string.ascii_uppercase + string.digits
API = "https://api-m.sandbox.paypal.com"


class Refusal(Exception):
    def __init__(self, status: int, issue: str) -> None:
        super().__init__(issue)
        self.status, self.issue = status, issue


@dataclass
class Row:
    """A capture, a hold or a refund."""

    id: str
    status: str
    amount: Json
    told: Json
    at: datetime
    breakdown: Json = field(default_factory=dict)  # what of it was the seller's, and PayPal's

    def shown(self) -> Json:
        ours = ("custom_id", "invoice_id")
        told: Json = {name: self.told[name] for name in ours if name in self.told}
        moment = _stamp(self.at)
        named: Json = {"id": self.id, "status": self.status, "amount": self.amount}
        times: Json = {"create_time": moment, "update_time": moment}
        return {**named, **told, **self.breakdown, **times, "links": []}


@dataclass
class Order:
    """`instrument`: what PayPal finds when money is to be taken: `good`, `declined`, `pending`,
    `refused` (no capture at all), `denied` (a capture that failed)."""

    id: str
    told: Json
    at: datetime
    status: str = "PAYER_ACTION_REQUIRED"
    instrument: str = "good"
    touched: int = 0
    holds: list[Row] = field(default_factory=list)
    captures: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)

    @property
    def unit(self) -> Json:
        found: Json = self.told["purchase_units"][0]
        return found

    def shown(self) -> Json:
        rows = {
            "authorizations": self.holds,
            "captures": self.captures,
            "refunds": self.refunds,
        }
        payments = {name: [row.shown() for row in kept] for name, kept in rows.items() if kept}
        unit = {**self.unit, **({"payments": payments} if payments else {})}
        # Two moments of one order differ, also when the test's clock stands still.
        changed = _stamp(self.at + timedelta(seconds=self.touched))
        return {
            **self.minimal(),
            "intent": self.told["intent"],
            "purchase_units": [unit],
            "create_time": _stamp(self.at),
            **({"update_time": changed} if self.touched else {}),
        }

    def minimal(self) -> Json:
        page = f"https://www.sandbox.paypal.com/checkoutnow?token={self.id}"
        itself = {"href": f"{API}/v2/checkout/orders/{self.id}", "rel": "self", "method": "GET"}
        links = [itself, {"href": page, "rel": "payer-action", "method": "GET"}]
        is_done = self.status in {"COMPLETED", "VOIDED"}
        return {
            "id": self.id,
            "status": self.status,
            "links": links[:1] if is_done else links,
        }


@dataclass
class Books:
    """Invoice numbers are taken once, as with most accounts."""

    clock: Clock
    orders: dict[str, Order] = field(default_factory=dict)
    refunds_wait: bool = False  # the next refunds are on their way for a while
    disputes: list[Json] = field(default_factory=list)

    def open(self, told: Json) -> Order:
        for unit in told["purchase_units"]:
            _check(unit["amount"])
        order = Order(_name(), told, self.clock.now())
        self.orders[order.id] = order
        return order

    def order(self, name: str) -> Order:
        if name not in self.orders:
            raise Refusal(404, "INVALID_RESOURCE_ID")
        return self.orders[name]

    def take(self, name: str, intent: str) -> Order:
        """Capture, or authorize: once each order."""
        order = self.order(name)
        if order.told["intent"] != intent:
            raise Refusal(422, "ACTION_DOES_NOT_MATCH_INTENT")
        if order.status == "COMPLETED":
            done = "CAPTURED" if intent == "CAPTURE" else "AUTHORIZED"
            raise Refusal(422, f"ORDER_ALREADY_{done}")
        if order.status != "APPROVED":
            raise Refusal(422, "ORDER_NOT_APPROVED")
        if order.instrument == "declined":
            raise Refusal(422, "INSTRUMENT_DECLINED")
        if order.instrument == "refused":
            raise Refusal(422, "PAYER_CANNOT_PAY")
        if intent == "CAPTURE":
            self._refuse_repeated(order.unit.get("invoice_id"))
            states = {"pending": "PENDING", "denied": "DECLINED"}
            status = states.get(order.instrument, "COMPLETED")
            order.captures.append(self._row(status, order.unit["amount"], order.unit))
        else:
            status = "PENDING" if order.instrument == "pending" else "CREATED"
            order.holds.append(self._row(status, order.unit["amount"], order.unit))
        order.status = "COMPLETED"
        order.touched += 1
        return order

    def capture_hold(self, name: str, told: Json) -> Row:
        order, hold = self._hold(name)
        if hold.status == "VOIDED":
            raise Refusal(422, "AUTHORIZATION_VOIDED")
        if hold.status == "CAPTURED":
            raise Refusal(422, "AUTHORIZATION_ALREADY_CAPTURED")
        if self.clock.now() > hold.at + KEEPS:
            raise Refusal(422, "AUTHORIZATION_EXPIRED")
        if _value(told["amount"]) > _value(hold.amount):
            raise Refusal(422, "MAX_CAPTURE_AMOUNT_EXCEEDED")
        if order.instrument == "refused":
            raise Refusal(422, "PAYER_CANNOT_PAY")
        self._refuse_repeated(told.get("invoice_id"))
        status = "PENDING" if order.instrument == "pending" else "COMPLETED"
        made = self._row(status, told["amount"], {**order.unit, **told})
        order.captures.append(made)
        hold.status = "CAPTURED"
        return made

    def void(self, name: str) -> Row:
        _, hold = self._hold(name)
        if hold.status == "VOIDED":
            raise Refusal(422, "PREVIOUSLY_VOIDED")
        if hold.status == "CAPTURED":
            raise Refusal(422, "PREVIOUSLY_CAPTURED")
        hold.status = "VOIDED"
        return hold

    def give_back(self, name: str, told: Json) -> Row:
        order, capture = self._capture(name)
        if capture.status == "PENDING":
            raise Refusal(422, "PENDING_CAPTURE")
        if capture.status == "REFUNDED":
            raise Refusal(422, "CAPTURE_FULLY_REFUNDED")
        given = sum(_value(one.amount) for one in order.refunds if one.status != "FAILED")
        if given + _value(told["amount"]) > _value(capture.amount):
            raise Refusal(422, "REFUND_AMOUNT_EXCEEDED")
        if any(one.told["invoice_id"] == told["invoice_id"] for one in order.refunds):
            raise Refusal(422, "DUPLICATE_INVOICE_ID")
        made = self._row("PENDING" if self.refunds_wait else "COMPLETED", told["amount"], told)
        order.refunds.append(made)
        is_all = given + _value(told["amount"]) == _value(capture.amount)
        capture.status = "REFUNDED" if is_all else "PARTIALLY_REFUNDED"
        return made

    def keep_fee(self, order: Order, value: str) -> None:
        """Of its capture; without `gross_amount` PayPal's document allows none."""
        (capture,) = order.captures
        fee = {"currency_code": capture.amount["currency_code"], "value": value}
        told = {"gross_amount": capture.amount, "paypal_fee": fee}
        capture.breakdown = {"seller_receivable_breakdown": told}

    def give_back_there(self, order: Order, value: str) -> Row:
        """In the dashboard: the refund bears the payment's own numbers."""
        (capture,) = order.captures
        amount = {"currency_code": capture.amount["currency_code"], "value": value}
        made = self._row("COMPLETED", amount, capture.told)
        order.refunds.append(made)
        return made

    def dispute(self, order: Order, **told: Any) -> Json:
        """As Disputes v1 shows one; `told` is what differs."""
        (capture,) = order.captures
        made = {
            "dispute_id": f"PP-R-{_name()}",
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            "status": "WAITING_FOR_SELLER_RESPONSE",
            "dispute_amount": capture.amount,
            "dispute_life_cycle_stage": "CHARGEBACK",
            "seller_response_due_date": _stamp(self.clock.now() + timedelta(days=10)),
            "disputed_transactions": [
                {"seller_transaction_id": capture.id, "invoice_number": capture.told["invoice_id"]}
            ],
            **told,
        }
        self.disputes.append(made)
        return made

    def disputes_of(self, capture_id: str) -> Json:
        """A list shows less than each one does: no outcome."""
        brief = ("dispute_id", "reason", "status", "dispute_amount")
        mine = [
            {name: one[name] for name in brief}
            for one in self.disputes
            if one["disputed_transactions"][0]["seller_transaction_id"] == capture_id
        ]
        return {"items": mine, "links": []}

    def dispute_named(self, name: str) -> Json:
        for one in self.disputes:
            if one["dispute_id"] == name:
                return one
        raise Refusal(404, "INVALID_RESOURCE_ID")

    def refund(self, name: str) -> Row:
        for order in self.orders.values():
            for one in order.refunds:
                if one.id == name:
                    return one
        raise Refusal(404, "INVALID_RESOURCE_ID")

    def _hold(self, name: str) -> tuple[Order, Row]:
        return self._find(name, "holds")

    def _capture(self, name: str) -> tuple[Order, Row]:
        return self._find(name, "captures")

    def _find(self, name: str, where: str) -> tuple[Order, Row]:
        for order in self.orders.values():
            for row in getattr(order, where):
                if row.id == name:
                    return order, row
        raise Refusal(404, "INVALID_RESOURCE_ID")

    def _refuse_repeated(self, invoice: str | None) -> None:
        used = {row.told.get("invoice_id") for one in self.orders.values() for row in one.captures}
        if invoice is not None and invoice in used:
            raise Refusal(422, "DUPLICATE_INVOICE_ID")

    def _row(self, status: str, amount: Json, told: Json) -> Row:
        return Row(_name(), status, amount, told, self.clock.now())


def _check(amount: Json) -> None:
    if amount["currency_code"] not in CURRENCIES:
        raise Refusal(422, "INVALID_CURRENCY_CODE")
    decimals = amount["value"].partition(".")[2]
    if amount["currency_code"] in WITHOUT_DECIMALS and decimals:
        raise Refusal(422, "DECIMALS_NOT_SUPPORTED")
    if len(decimals) > 2:
        raise Refusal(422, "DECIMAL_PRECISION")
    if _value(amount) <= 0:
        raise Refusal(422, "CANNOT_BE_ZERO_OR_NEGATIVE")


def _value(amount: Json) -> Decimal:
    return Decimal(amount["value"])


def _name() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(17))


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
