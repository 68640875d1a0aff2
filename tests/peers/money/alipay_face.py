"""SIMULATED: a stand-in of Alipay's open gateway over real HTTP. It is not Alipay.

Its signatures are not ours: python-alipay-sdk verifies what it is asked, and signs its answers and
notices. What it says and refuses is anchored on opendocs.alipay.com (methods, error codes), the
models of Alipay's own SDK for Java, and answers that people have published. Where sources differ it
is the harsher one: a second code for the same number is refused; a refund may show late.

It covers page.pay, wap.pay and precreate, query, close, refund and its query, notices; trades that
begin when somebody logs in, end at `time_expire`, close when all is given back; lost answers, 429,
500, HTML, wrong and missing signatures. Not covered: coupons, other currencies, ISV tokens,
certificates. What nobody could look up: whether the live gateway minds how old a page's address is.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from data.kernel.clock import Clock
from tests import calling
from tests.peers.money.alipay_keys import APP_ID, SELLER_ID, Keys, an_sdk, keys

BEIJING = timezone(timedelta(hours=8))
_PAGES = {
    "alipay.trade.page.pay": "FAST_INSTANT_TRADE_PAY",
    "alipay.trade.wap.pay": "QUICK_WAP_WAY",
}
_WAITS, _PAID, _CLOSED = "WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_CLOSED"
Answer = dict[str, Any]


class Refused(Exception):
    """`code` and `sub_code` of the answer."""

    def __init__(self, sub_code: str, code: str = "40004") -> None:
        super().__init__(sub_code)
        self.code, self.sub_code = code, sub_code


@dataclass
class Offer:
    """What may be begun: a page somebody opened, or a code that was made."""

    method: str
    content: Answer
    notify_url: str


@dataclass
class Trade:
    offer: Offer
    trade_no: str
    status: str = _WAITS
    paid_at: datetime | None = None
    given_back: dict[str, tuple[Decimal, datetime]] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return Decimal(self.offer.content["total_amount"])

    @property
    def back(self) -> Decimal:
        return sum((amount for amount, _ in self.given_back.values()), Decimal(0))


@dataclass
class Face:
    """`troubles` befall the next requests, one each: see `Handler`. `lag`: how long a refund takes
    to be seen. `forgets`: a closed trade refuses also what it has done. `poor`: no money to give
    back. `forbidden`: methods that the app may not call."""

    clock: Clock
    shop: Keys = field(default_factory=lambda: keys("shop"))
    own: Keys = field(default_factory=lambda: keys("alipay"))
    troubles: list[str] = field(default_factory=list)
    lag: timedelta = timedelta(0)
    forgets: bool = False
    poor: bool = False
    signs_early: bool = False
    forbidden: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    offers: dict[str, Offer] = field(default_factory=dict)
    trades: dict[str, Trade] = field(default_factory=dict)
    told: int = 0
    address: str = ""

    def __post_init__(self) -> None:
        self.sdk = an_sdk(private=self.own.private, public=self.shop.public)

    # What an app asks.

    def take(self, told: dict[str, str]) -> Answer:
        """The inside of its answer; `Refused` otherwise."""
        self.asked.append(told)
        if told.get("app_id") != APP_ID:
            raise Refused("isv.invalid-app-id", "40002")
        text = "&".join(f"{name}={told[name]}" for name in sorted(told) if name != "sign")
        if told.get("sign_type") != "RSA2" or not self.sdk._verify(text, told.get("sign", "")):
            raise Refused("isv.invalid-signature", "40002")
        method = told["method"]
        if method in self.forbidden:
            raise Refused("isv.insufficient-isv-permissions", "40006")
        content = json.loads(told["biz_content"])
        if method in _PAGES:
            return self._open_page(method, content, told)
        return self._methods()[method](content, told)

    def _methods(self) -> Mapping[str, Callable[[Answer, Mapping[str, str]], Answer]]:
        return {
            "alipay.trade.precreate": self._make_code,
            "alipay.trade.query": self._query,
            "alipay.trade.close": self._close,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._query_refund,
        }

    def _open_page(self, method: str, content: Answer, told: Mapping[str, str]) -> Answer:
        if content["product_code"] != _PAGES[method]:
            raise Refused("ACQ.INVALID_PARAMETER")
        self._offer(method, content, told)
        return {}

    def _make_code(self, content: Answer, told: Mapping[str, str]) -> Answer:
        number = content["out_trade_no"]
        known = self.trades.get(number)
        if known is not None:
            raise Refused("ACQ.TRADE_HAS_SUCCESS" if known.paid_at else "ACQ.TRADE_HAS_CLOSE")
        if number in self.offers:
            raise Refused("ACQ.APPLY_PC_MERCHANT_CODE_ERROR")
        self._offer("alipay.trade.precreate", content, told)
        return {"out_trade_no": number, "qr_code": f"https://qr.alipay.com/bax{number[:16]}"}

    def _offer(self, method: str, content: Answer, told: Mapping[str, str]) -> None:
        if set(content["subject"]) & set("/=&") or len(content["subject"]) > 256:
            raise Refused("ACQ.INVALID_PARAMETER")
        offer = Offer(method, content, told.get("notify_url", ""))
        if self.clock.now() >= _last_moment(offer):
            raise Refused("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR")
        self.offers[content["out_trade_no"]] = offer

    def _query(self, content: Answer, _told: Mapping[str, str]) -> Answer:
        trade = self._trade(content)
        shown: Answer = {
            "buyer_logon_id": "159****5620",
            "buyer_pay_amount": "0.00",  # of pages, also when they were paid
            "out_trade_no": trade.offer.content["out_trade_no"],
            "total_amount": f"{trade.total:.2f}",
            "trade_no": trade.trade_no,
            "trade_status": trade.status,
        }
        if trade.paid_at is not None:
            shown["send_pay_date"] = _beijing(trade.paid_at)
            if "fund_bill_list" in content.get("query_options", ()):
                funds = {"amount": f"{trade.total:.2f}", "fund_channel": "ALIPAYACCOUNT"}
                shown["fund_bill_list"] = [funds]
        return shown

    def _close(self, content: Answer, _told: Mapping[str, str]) -> Answer:
        trade = self._trade(content)
        if trade.status != _WAITS:
            raise Refused("ACQ.REASON_TRADE_STATUS_INVALID")
        trade.status = _CLOSED
        return {"out_trade_no": content["out_trade_no"], "trade_no": trade.trade_no}

    def _refund(self, content: Answer, _told: Mapping[str, str]) -> Answer:
        trade = self._trade(content)
        number, amount = content["out_request_no"], Decimal(content["refund_amount"])
        is_known = number in trade.given_back
        if trade.paid_at is None or (trade.status == _CLOSED and (self.forgets or not is_known)):
            raise Refused("ACQ.TRADE_STATUS_ERROR")
        if is_known and trade.given_back[number][0] != amount:
            raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST")
        if not is_known:
            self._give_back(trade, number, amount)
        return {
            "out_trade_no": content["out_trade_no"],
            "trade_no": trade.trade_no,
            "fund_change": "N" if is_known or self.lag else "Y",
            "refund_fee": f"{trade.back:.2f}",
        }

    def _give_back(self, trade: Trade, number: str, amount: Decimal) -> None:
        if self.poor:
            raise Refused("ACQ.SELLER_BALANCE_NOT_ENOUGH")
        if amount <= 0 or trade.back + amount > trade.total:
            raise Refused("ACQ.REASON_TRADE_REFUND_FEE_ERR")
        trade.given_back[number] = (amount, self.clock.now())
        if trade.back == trade.total:
            trade.status = _CLOSED

    def _query_refund(self, content: Answer, _told: Mapping[str, str]) -> Answer:
        """One that it does not know is no mistake: there is just nothing in the answer."""
        trade = self._trade(content)
        known = trade.given_back.get(content["out_request_no"])
        if known is None or self.clock.now() < known[1] + self.lag:
            return {}
        return {
            "out_request_no": content["out_request_no"],
            "out_trade_no": content["out_trade_no"],
            "refund_amount": f"{known[0]:.2f}",
            "refund_status": "REFUND_SUCCESS",
            "total_amount": f"{trade.total:.2f}",
        }

    def _trade(self, content: Answer) -> Trade:
        trade = self.trades.get(content["out_trade_no"])
        if trade is None:
            raise Refused("ACQ.TRADE_NOT_EXIST")
        if trade.status == _WAITS and self.clock.now() >= _last_moment(trade.offer):
            trade.status = _CLOSED
        return trade

    # The hands of a payer, and of a seller at Alipay's own console.

    def open_page(self, link: str) -> str:
        """As a browser does; gives what it sees."""
        return calling.get(link).text

    def log_in(self, number: str) -> Trade:
        """On an open page, or by scanning: from here on there is a trade."""
        offer = self.offers[number]
        if self.clock.now() >= _last_moment(offer):
            raise Refused("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR")
        count = len(self.trades) + 1
        return self.trades.setdefault(number, Trade(offer, f"20261122220014{count:014d}"))

    def pay(self, number: str) -> Trade:
        trade = self.log_in(number)
        self._trade({"out_trade_no": number})
        if trade.status != _WAITS:
            raise Refused("ACQ.TRADE_HAS_CLOSE")
        trade.status, trade.paid_at = _PAID, self.clock.now()
        return trade

    def give_back(self, number: str, request: str, amount: str) -> None:
        self._give_back(self.trades[number], request, Decimal(amount))

    def notice(self, number: str, *, of_refund: str = "", **other: str) -> bytes:
        """What it tells by itself of a trade, as a form; `other` values are signed too."""
        trade = self.trades[number]
        self.told += 1
        told = {
            "app_id": APP_ID,
            "auth_app_id": APP_ID,
            "buyer_id": "2088602239987604",
            "charset": "utf-8",
            "notify_id": f"2026112201222{self.told:021d}",
            "notify_time": _beijing(self.clock.now()),
            "notify_type": "trade_status_sync",
            "out_trade_no": number,
            "seller_id": SELLER_ID,
            "subject": trade.offer.content["subject"],
            "total_amount": f"{trade.total:.2f}",
            "trade_no": trade.trade_no,
            "trade_status": trade.status,
            "version": "1.0",
        }
        if trade.paid_at is None:
            told["refund_fee"] = "0.00"
        if of_refund:
            when = _beijing(self.clock.now())
            told |= {"gmt_refund": f"{when}.536", "out_biz_no": of_refund}
            told["refund_fee"] = f"{trade.back:.2f}"
        return self.signed_form({**told, **other})

    def signed_form(self, told: Mapping[str, str]) -> bytes:
        text = "&".join(f"{name}={told[name]}" for name in sorted(told))
        sign = self.sdk._sign(text)
        return urlencode({**told, "sign": sign, "sign_type": "RSA2"}).encode()


class Handler(BaseHTTPRequestHandler):
    """Troubles: `lost` (acts, then hangs up), `busy` and `system_error` (acts, then says that it
    does not know), `forged`, `unsigned`, `html`, `429`, `500`."""

    face: Face

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def log_message(self, format: str, *args: object) -> None:
        """Tests have nothing to read in it."""

    def _answer(self, body: bytes) -> None:
        pairs = [*parse_qsl(urlsplit(self.path).query), *parse_qsl(body.decode())]
        told = dict(pairs)
        assert len(told) == len(pairs), "a parameter twice"
        trouble = self.face.troubles.pop(0) if self.face.troubles else ""
        if trouble.isdigit():
            self._say(int(trouble), b"no")
            return
        inside, is_known = self._inside(told)
        if trouble == "lost":
            self.close_connection = True
            return
        if trouble == "html" or told["method"] in _PAGES:
            self._say(200, f"<html>{inside.get('sub_code', '')}</html>".encode("gbk"))
            return
        if trouble == "busy":
            inside = {"code": "20000", "sub_code": "isp.unknow-error"}
        elif trouble == "system_error":
            inside = {"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}
        self._say(
            200, self._sealed(told["method"], inside, "" if is_known else "unsigned", trouble)
        )

    def _inside(self, told: dict[str, str]) -> tuple[Answer, bool]:
        try:
            return {"code": "10000", "msg": "Success", **self.face.take(told)}, True
        except Refused as refused:
            inside = {"code": refused.code, "sub_code": refused.sub_code, "sub_msg": "无效/{}"}
            return inside, refused.sub_code != "isv.invalid-app-id"

    def _sealed(self, method: str, inside: Answer, *troubles: str) -> bytes:
        plain = json.dumps(inside, ensure_ascii=False, separators=(",", ":"))
        text = plain.replace("/", "\\/")
        sign = self.face.sdk._sign(plain if self.face.signs_early else text)
        if "forged" in troubles:
            sign = an_sdk(private=keys("forger").private, public=keys("shop").public)._sign(text)
        name = f"{method.replace('.', '_')}_response"
        ending = "" if "unsigned" in troubles else f',"sign":"{sign}"'
        return f'{{"{name}":{text}{ending}}}'.encode()

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "text/html;charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(face: Face) -> Iterator[Face]:
    handler = type("FaceHandler", (Handler,), {"face": face})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    face.address = f"http://127.0.0.1:{server.server_port}/gateway.do"
    try:
        yield face
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _last_moment(offer: Offer) -> datetime:
    told = offer.content.get("time_expire")
    if told is None:
        return datetime.max.replace(tzinfo=BEIJING)
    return datetime.strptime(told, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def _beijing(moment: datetime) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
