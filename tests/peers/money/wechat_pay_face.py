"""OUR OWN STAND-IN of WeChat Pay's platform, API v3. It is SIMULATED: nobody publishes one.

It signs and verifies with the client that others wrote (wechatpayv3), which also drives it in
test_wechat_pay_sdk.py; what it says and refuses follows the vendor's pages (doc/v3/merchant:
4012791877 native, 4013070356 query, 4014959631 refunds) and, for a close of a number that it has
never heard of (204), what merchants report. Where sources differ it is the harsher one.

Covered: native, h5 and jsapi orders, placed again with the same words or with others; query, close;
refunds once per number, within what was paid, and their four ends; notices, signed and sealed.
Not covered: sub-merchants, combined orders, coupons, bills, /v3/certificates.

`Face` is the hands of a test too: people pay there, notices are made there, and `faults` befall the
next calls. wechat_pay_running.py serves it.
"""

import ipaddress
import json
import re
import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from wechatpayv3.utils import rsa_sign, rsa_verify

from data.kernel.clock import Clock, SystemClock
from tests.peers.money.wechat_pay_keys import API_KEY, KEY_ID, MERCHANT_SERIAL, key, sealed

Json = dict[str, Any]
# The merchant number is bound to the official account of tests/peers/wechat_platform.py.
MCHID, APPID = "1900000109", "wx0123456789abcdef"
_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_AUTHORIZATION = re.compile(r'(\w+)="([^"]*)"')
_WINDOW = timedelta(minutes=5)
_KINDS = {"native": "NATIVE", "h5": "MWEB", "jsapi": "JSAPI"}


class Refusal(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass
class Order:
    kind: str
    told: Json
    state: str = "NOTPAY"
    transaction_id: str = ""
    links: int = 0

    @property
    def total(self) -> int:
        return int(self.told["amount"]["total"])


@dataclass
class GivenBack:
    number: str
    refund_id: str
    order: Order
    amount: int
    status: str = "PROCESSING"


@dataclass(frozen=True)
class Call:
    """A notice as it goes over the wire."""

    body: bytes
    headers: dict[str, str]


@dataclass
class Face:
    """`faults`: what befalls the next calls, one each: `lost` (it acts, then cuts the line), `500`
    and `429` (it does nothing), `refuse:403:NOT_ENOUGH`, or something about the answer's signature:
    `unsigned`, `wrong`, `probe`, `old`, `future`, `other_serial`."""

    clock: Clock = field(default_factory=SystemClock)
    serial: str = KEY_ID
    signs_with: RSAPrivateKey = field(default_factory=lambda: key("platform"))
    orders: dict[str, Order] = field(default_factory=dict)
    refunds: dict[str, GivenBack] = field(default_factory=dict)
    faults: "deque[str]" = field(default_factory=deque)
    calls: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)  # serials in Wechatpay-Serial of requests
    ahead: timedelta = timedelta()  # its clock before ours, as the Date header tells
    meanwhile: Callable[[], object] = object  # what happens before the next answer leaves
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # — the hands of a test —

    def pays(self, number: str, *, total: int | None = None) -> Order:
        """Somebody pays; `total`: another sum than was ordered (it never does that)."""
        order = self.orders[number]
        assert order.state == "NOTPAY", order.state
        order.state, order.transaction_id = "SUCCESS", f"42000{secrets.token_hex(10)}"
        if total is not None:
            order.told["amount"]["total"] = total
        return order

    def ends(self, refund: str, status: str) -> None:
        self.refunds[refund].status = status

    def paid_notice(self, number: str, **changed: Any) -> Call:
        trade = self._trade(number, self.orders[number])
        return self.notice("TRANSACTION.SUCCESS", {**trade, **changed})

    def refund_notice(self, number: str) -> Call:
        refund = self.refunds[number]
        shown = self._refund(refund)
        status = shown.pop("status")
        told = {"mchid": MCHID, **shown, "refund_status": status}
        told["amount"] = {
            "total": refund.order.total,
            "refund": refund.amount,
            "payer_total": refund.order.total,
            "payer_refund": refund.amount,
        }
        return self.notice(f"REFUND.{status}", told)

    def notice(
        self, event: str, told: Json, *, at: datetime | None = None, api_key: bytes = API_KEY
    ) -> Call:
        kind = event.partition(".")[0].lower()
        document = {
            "id": f"EV-{secrets.token_hex(12)}",
            "create_time": self.clock.now().isoformat(timespec="seconds"),
            "event_type": event,
            "summary": "支付成功",
            "resource_type": "encrypt-resource",
            "resource": sealed(json.dumps(told), kind, api_key),
        }
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = self.signature(body, at=at) | {"Content-Type": "application/json"}
        return Call(body, headers)

    def signature(
        self, body: bytes, *, at: datetime | None = None, key: RSAPrivateKey | None = None
    ) -> dict[str, str]:
        stamp, nonce = str(int((at or self.clock.now()).timestamp())), secrets.token_hex(16)
        signed = rsa_sign(key or self.signs_with, f"{stamp}\n{nonce}\n{body.decode()}\n")
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": signed,
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    # — what a merchant calls —

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "Answer":
        with self._lock:
            fault = self.faults.popleft() if self.faults else ""
            self.calls.append(f"{method} {target}")
            self.asked_for.append(headers.get("Wechatpay-Serial", ""))
            if fault in {"429", "500"}:
                code = {"429": "FREQUENCY_LIMITED", "500": "SYSTEM_ERROR"}[fault]
                return self._signed(int(fault), {"code": code, "message": "…"})
            if not self._is_theirs(method, target, headers, body):
                return Answer(401, b'{"code":"SIGN_ERROR","message":"..."}', {})
            try:
                if fault.startswith("refuse:"):
                    _, status, code = fault.split(":")
                    raise Refusal(int(status), code)
                told = self._act(method, target, json.loads(body) if body else {})
            except Refusal as refusal:
                told = {"code": refusal.code, "message": "…"}
                return self._signed(refusal.status, told, fault)
            return self._signed(200 if told else 204, told, fault)

    def _act(self, method: str, target: str, told: Json) -> Json:
        parts = urlsplit(target)
        path = parts.path.removeprefix("/v3/").split("/")
        match [method, *path]:
            case ["POST", "pay", "transactions", kind] if kind in _KINDS:
                return self._place(kind, told)
            case ["GET", "pay", "transactions", "out-trade-no", number]:
                _want(parse_qs(parts.query).get("mchid") == [MCHID])
                return self._trade(number, self._order(number))
            case ["POST", "pay", "transactions", "out-trade-no", number, "close"]:
                _want(told.get("mchid") == MCHID)
                return self._close(number)
            case ["POST", "refund", "domestic", "refunds"]:
                return self._give_back(told)
            case ["GET", "refund", "domestic", "refunds", number]:
                if number not in self.refunds:
                    raise Refusal(404, "RESOURCE_NOT_EXISTS")
                return self._refund(self.refunds[number])
        raise Refusal(404, "NOT_FOUND")

    def _place(self, kind: str, told: Json) -> Json:
        _check_order(kind, told)
        number = told["out_trade_no"]
        order = self.orders.setdefault(number, Order(kind, told))
        if order.state == "CLOSED":
            raise Refusal(400, "ORDER_CLOSED")
        if order.state != "NOTPAY":
            raise Refusal(400, "ORDERPAID")
        if (order.kind, order.told) != (kind, told):
            raise Refusal(403, "OUT_TRADE_NO_USED")
        order.links += 1
        link = f"{secrets.token_hex(8)}{order.links}"
        return {
            "native": {"code_url": f"weixin://wxpay/bizpayurl?pr={link}"},
            "h5": {"h5_url": f"https://wx.tenpay.com/checkmweb?prepay_id={link}&package=1"},
            "jsapi": {"prepay_id": f"wx{link}"},
        }[kind]

    def _order(self, number: str) -> Order:
        if number not in self.orders:
            raise Refusal(404, "ORDER_NOT_EXIST")
        return self.orders[number]

    def _close(self, number: str) -> Json:
        order = self.orders.get(number)
        if order is not None and order.state not in {"NOTPAY", "CLOSED"}:
            raise Refusal(400, "ORDERPAID")
        if order is not None:
            order.state = "CLOSED"
        return {}

    def _trade(self, number: str, order: Order) -> Json:
        shown: Json = {
            "appid": APPID,
            "mchid": MCHID,
            "out_trade_no": number,
            "trade_state": order.state,
            "trade_state_desc": "…",
            "promotion_detail": [],
        }
        if not order.transaction_id:  # an unpaid one is told without its sum
            return {**shown, "amount": {"payer_currency": "CNY"}}
        return {
            **shown,
            "transaction_id": order.transaction_id,
            "trade_type": _KINDS[order.kind],
            "bank_type": "OTHERS",
            "success_time": self.clock.now().isoformat(timespec="seconds"),
            "payer": {"openid": order.told.get("payer", {}).get("openid", "o_somebody")},
            "amount": {
                "total": order.total,
                "payer_total": order.total,
                "currency": "CNY",
                "payer_currency": "CNY",
            },
        }

    def _give_back(self, told: Json) -> Json:
        order = self._paid(told)
        number, amount = str(told["out_refund_no"]), told["amount"]
        _want(amount["total"] == order.total and amount["currency"] == "CNY")
        known = self.refunds.get(number)
        if known is None:
            before = [one.amount for one in self.refunds.values() if one.order is order]
            if amount["refund"] + sum(before) > order.total:
                raise Refusal(400, "INVALID_REQUEST")
            refund_id = f"50300{secrets.token_hex(10)}"
            known = self.refunds[number] = GivenBack(number, refund_id, order, amount["refund"])
            order.state = "REFUND"
        elif known.amount != amount["refund"]:
            raise Refusal(400, "INVALID_REQUEST")
        return self._refund(known)

    def _paid(self, told: Json) -> Order:
        for number, order in self.orders.items():
            wanted = (number, order.transaction_id)
            if order.transaction_id and (
                told.get("out_trade_no") == wanted[0] or told.get("transaction_id") == wanted[1]
            ):
                return order
        raise Refusal(404, "RESOURCE_NOT_EXISTS")

    def _refund(self, refund: GivenBack) -> Json:
        numbers = {id(order): number for number, order in self.orders.items()}
        return {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.number,
            "transaction_id": refund.order.transaction_id,
            "out_trade_no": numbers[id(refund.order)],
            "channel": "ORIGINAL",
            "user_received_account": "…",
            "create_time": self.clock.now().isoformat(timespec="seconds"),
            "status": refund.status,
            "amount": {"total": refund.order.total, "refund": refund.amount, "currency": "CNY"},
        }

    def _is_theirs(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bool:
        scheme, _, rest = headers.get("Authorization", "").partition(" ")
        told = dict(_AUTHORIZATION.findall(rest))
        if scheme != "WECHATPAY2-SHA256-RSA2048" or len(told) != 5:
            return False
        age = abs(self.clock.now().timestamp() - int(told["timestamp"]))
        lines = (f"{method}\n{target}\n{told['timestamp']}", told["nonce_str"], body.decode())
        is_known = (told["mchid"], told["serial_no"]) == (MCHID, MERCHANT_SERIAL)
        signed = rsa_verify(*lines, told["signature"], key("merchant").public_key())
        return is_known and age < _WINDOW.total_seconds() and bool(signed)

    def _signed(self, status: int, told: Json, fault: str = "") -> "Answer":
        body = json.dumps(told, ensure_ascii=False).encode() if told else b""
        by: dict[str, Callable[[], dict[str, str]]] = {
            "unsigned": dict,
            "wrong": lambda: self.signature(body, key=key("stranger")),
            "probe": lambda: (
                self.signature(body)
                | {"Wechatpay-Signature": f"WECHATPAY/SIGNTEST/{secrets.token_hex(40)}"}
            ),
            "old": lambda: self.signature(body, at=self.clock.now() - _WINDOW),
            "future": lambda: self.signature(body, at=self.clock.now() + _WINDOW),
            "other_serial": lambda: self.signature(body) | {"Wechatpay-Serial": "5157F09EFDC096DE"},
        }
        headers = by.get(fault, lambda: self.signature(body))()
        return Answer(status, body, headers, is_lost=fault == "lost")


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]
    is_lost: bool = False


def _check_order(kind: str, told: Json) -> None:
    if (told.get("mchid"), told.get("appid")) != (MCHID, APPID):
        raise Refusal(400, "APPID_MCHID_NOT_MATCH")
    about, until = told.get("description", ""), told.get("time_expire")
    _want(0 < len(about.encode()) <= 127)
    _want(_NUMBER.fullmatch(told.get("out_trade_no", "")) is not None)
    where = urlsplit(told.get("notify_url", ""))
    _want(where.scheme == "https" and not where.query)
    amount = told.get("amount", {})
    _want(type(amount.get("total")) is int and amount["total"] > 0)
    _want(amount.get("currency", "CNY") == "CNY")
    _want(until is None or datetime.fromisoformat(until).tzinfo is not None)
    _want(kind != "jsapi" or bool(told.get("payer", {}).get("openid")))
    if kind == "h5":
        scene = told.get("scene_info", {})
        _want(bool(scene.get("h5_info", {}).get("type")))
        ipaddress.ip_address(scene["payer_client_ip"])


def _want(is_so: bool) -> None:
    if not is_so:
        raise Refusal(400, "PARAM_ERROR")
