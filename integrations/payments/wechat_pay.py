"""WeChat Pay v3 behind the Gateway port: a shop's own merchant number, paid in yuan.

At a desk a code is shown (native), on a phone a link leads into the app (h5), inside WeChat its own
bridge asks (jsapi). Our key is its `out_trade_no`; it names a payment only once somebody has paid.

An answer counts when its signature holds, a refusal too: what nobody signed is a doubt, also a 401
(they sign nothing for whom they do not know). After a refusal we ask by our number whether there
is something all the same (doc/v3/merchant/4014959631 wants it of refunds, 2025-09): only where
nothing is, nothing has happened.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TypeVar
from urllib.parse import quote

from data.kernel.errors import Invalid
from data.payments.accounts import Credentials
from data.payments.gateway import (
    BadNotice,
    BalanceTooLow,
    Details,
    Flags,
    NewPayment,
    NewRefund,
    PayBy,
    PaymentRef,
    PaymentStatus,
    ProviderEvent,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnreachable,
    Scene,
    Standing,
)
from integrations.http import Reply, Request
from integrations.payments import wechat_pay_words as words
from integrations.payments.kinds import Finding, Kind, Wiring
from integrations.payments.line import Line
from integrations.payments.wechat_pay_account import FIELDS, Account, read_account
from integrations.payments.wechat_pay_checks import findings
from integrations.payments.wechat_pay_seal import BadSignature, verify

NAME = "wechat_pay"
_ADDRESS = "https://api.mch.weixin.qq.com"
_TRADES, _REFUNDS = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
_BEIJING = timezone(timedelta(hours=8))
_LONGEST_ABOUT = 127  # "characters" of a description; as bytes it fits, whichever they count
_NO_ORDER = "no-such-order"
_OK = 200
_NO_BALANCE = "NOT_ENOUGH"
# Refusals that the same call may outlive: the shop's balance fills up, their busy moment passes,
# and a payment that was just made is at times "not there" for a refund.
_LATER = frozenset(
    {
        _NO_BALANCE,
        "RESOURCE_NOT_EXISTS",
        "BIZ_ERR_NEED_RETRY",
        "BANK_ERROR",
        "FREQUENCY_LIMITED",
        "SYSTEM_ERROR",
    }
)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Way:
    """Where an order is placed, which text of the answer leads to paying, and for how long."""

    path: str
    told: str
    pay_by: PayBy
    life: timedelta = timedelta(hours=2)


_WAYS = {
    Scene.DESKTOP: _Way("native", "code_url", PayBy.QR),
    Scene.PHONE: _Way("h5", "h5_url", PayBy.LINK, timedelta(minutes=5)),
    Scene.WECHAT: _Way("jsapi", "prepay_id", PayBy.JSAPI),
}


class WeChatPay:
    """One merchant. The same order placed again gives a fresh code, link or id."""

    def __init__(self, account: Account, wiring: Wiring) -> None:
        self._account = account
        self._wiring = wiring
        self._line = Line(wiring, _ADDRESS)

    @property
    def name(self) -> str:
        return NAME

    @property
    def flags(self) -> Flags:
        return Flags(currencies=frozenset({words.YUAN}))

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        way = _WAYS[wanted.details.scene]
        reply = await self._ask("POST", f"{_TRADES}/{way.path}", self._order(wanted))
        if reply.status != _OK:
            return await self._after_refusal(_refusal(reply), wanted)
        link = _read(lambda: words.text_of(reply.body, way.told))
        if way.pay_by == PayBy.LINK:
            link += f"&redirect_url={quote(self._wiring.back(wanted.key), safe='')}"
        return ProviderPayment(
            status=PaymentStatus.PENDING,
            amount=wanted.amount,
            provider_ref=None,
            our_ref=wanted.key,
            pay_by=way.pay_by,
            pay_with=link,
            pay_until=self._wiring.clock.now() + way.life,
        )

    async def query(self, payment: PaymentRef) -> ProviderPayment | None:
        reply = await self._ask(
            "GET", f"{_TRADES}/out-trade-no/{payment.key}?mchid={self._account.mchid}"
        )
        if _is_there(reply):
            return _read(lambda: words.payment_of(reply.body, payment))
        return None

    async def capture(self, payment: PaymentRef) -> ProviderPayment:
        raise ProviderRefused("no_holds")

    async def void(self, payment: PaymentRef) -> ProviderPayment:
        raise ProviderRefused("no_holds")

    async def close(self, payment: PaymentRef) -> ProviderPayment:
        """Its answer tells nothing (204 also for a number that it has never heard of), so it is
        asked how the payment stands now."""
        told = {"mchid": self._account.mchid}
        await self._ask("POST", f"{_TRADES}/out-trade-no/{payment.key}/close", told)
        found = await self.query(payment)
        if found is None:
            raise ProviderUnreachable("not_there")
        return found

    async def refund(self, wanted: NewRefund) -> ProviderRefund:
        paid = wanted.payment
        known = paid.provider_ref
        told = {
            **({"transaction_id": known} if known else {"out_trade_no": paid.key}),
            "out_refund_no": wanted.key,
            "notify_url": self._wiring.notify_url,
            "amount": {
                "refund": wanted.amount.minor,
                "total": paid.amount.minor,
                "currency": wanted.amount.currency,
            },
        }
        reply = await self._ask("POST", _REFUNDS, told)
        if reply.status == _OK:
            return _read(lambda: words.refund_of(reply.body))
        if words.code_of(reply.body, reply.status) == _NO_BALANCE:
            raise BalanceTooLow(_NO_BALANCE)
        code = _refusal(reply)
        found = await self.query_refund(wanted)
        if found is None:
            raise ProviderRefused(code)
        return found

    async def query_refund(self, wanted: NewRefund) -> ProviderRefund | None:
        return await self._refund_named(wanted.key)

    async def _refund_named(self, name: str) -> ProviderRefund | None:
        reply = await self._ask("GET", f"{_REFUNDS}/{quote(name, safe='')}")
        return _read(lambda: words.refund_of(reply.body)) if _is_there(reply) else None

    async def look_back(self, payment: PaymentRef, named: Sequence[str]) -> Standing | None:
        """Fees stand in the day's bill alone, and no call lists a payment's refunds: a notice names
        one, or the payment's state tells that there was one."""
        target = f"{_TRADES}/out-trade-no/{payment.key}?mchid={self._account.mchid}"
        reply = await self._ask("GET", target)
        if not _is_there(reply):
            raise ProviderUnreachable("not_there")
        is_touched = _read(lambda: words.is_returned(reply.body))
        refunds = [await self._refund_named(name) for name in named]
        return Standing(
            refunds=tuple(one for one in refunds if one is not None), is_touched=is_touched
        )

    async def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        account = self._account
        try:
            kept = verify(headers, raw, account.platform, now=self._wiring.clock.now())
            told = words.notice_of(raw, account.api_keys)
        except BadSignature as bad:
            raise BadNotice(str(bad)) from None
        except (ValueError, Invalid):
            raise BadNotice("form") from None
        if told is None:
            return None
        if told.mchid != account.mchid or told.appid not in (None, account.appid):
            raise BadNotice("merchant")
        return ProviderEvent(
            told.event_id, told.our_ref, raw, kept, told.claimed, of_payment=told.of_payment
        )

    async def check(self) -> Sequence[Finding]:
        """Asks for a payment that does not exist: whom they know, they tell so, signed."""
        target = f"{_TRADES}/out-trade-no/{_NO_ORDER}?mchid={self._account.mchid}"
        reply = await self._line.send(self._request("GET", target, b""))
        return findings(reply, self._account, self._wiring)

    def shown(self) -> Mapping[str, str]:
        """The serial stands beside the merchant certificate there (API security)."""
        return {"merchant_serial": self._account.signer.serial}

    def bridge(self, prepay_id: str, *, now: datetime) -> dict[str, str]:
        """What the `getBrandWCPayRequest` of WeChat's bridge wants, signed for this moment."""
        stamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
        package = f"prepay_id={prepay_id}"
        return {
            "appId": self._account.appid,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._account.signer.sign(self._account.appid, stamp, nonce, package),
        }

    def _order(self, wanted: NewPayment) -> dict[str, object]:
        """ProviderRefused: it can be told without asking that it will not do."""
        if wanted.authorize_only:
            raise ProviderRefused("no_holds")
        if wanted.amount.currency != words.YUAN:
            raise ProviderRefused("currency")
        details = wanted.details
        until = details.expires_at
        return {
            "appid": self._account.appid,
            "mchid": self._account.mchid,
            "description": _shortened(details.about or wanted.order_id),
            "out_trade_no": wanted.key,
            **({"time_expire": _moment(until)} if until else {}),
            "notify_url": self._wiring.notify_url,
            "amount": {"total": wanted.amount.minor, "currency": words.YUAN},
            **_whom(details),
        }

    async def _after_refusal(self, code: str, wanted: NewPayment) -> ProviderPayment:
        """Paid, closed or placed under this number before: that is what counts."""
        found = await self.query(PaymentRef(wanted.key, None, wanted.amount))
        if found is None:
            raise ProviderRefused(code)
        return found

    async def _ask(
        self, method: str, target: str, told: Mapping[str, object] | None = None
    ) -> Reply:
        """An answer whose signature holds; ProviderUnreachable for any other."""
        body = b"" if told is None else json.dumps(told).encode()
        reply = await self._line.send(self._request(method, target, body))
        now = self._wiring.clock.now()
        try:
            verify(reply.headers, reply.body, self._account.platform, now=now)
        except BadSignature as bad:
            raise ProviderUnreachable(str(bad)) from None
        return reply

    def _request(self, method: str, target: str, body: bytes) -> Request:
        account, now = self._account, self._wiring.clock.now()
        headers = {
            "authorization": account.signer.authorization(method, target, body, now=now),
            "accept": "application/json",
            **({"content-type": "application/json"} if body else {}),
            **({"wechatpay-serial": account.named} if account.named else {}),
        }
        return Request(method, f"{self._line.address}{target}", headers, body)


def _open(credentials: Credentials, wiring: Wiring) -> WeChatPay:
    return WeChatPay(read_account(credentials), wiring)


# 200 without a word is thanks enough (doc/v3/merchant: 200 or 204).
KIND = Kind(
    name=NAME,
    fields=FIELDS,
    identity="mchid",
    open=_open,
    media_types=frozenset({"application/json"}),
    is_told=True,
)


def _refusal(reply: Reply) -> str:
    """The code of a signed refusal; ProviderUnreachable where the same call may work later."""
    code = words.code_of(reply.body, reply.status)
    if code in _LATER:
        raise ProviderUnreachable(code)
    return code


def _is_there(reply: Reply) -> bool:
    """ProviderUnreachable: a question was refused, which says nothing of what was asked about."""
    if reply.status == _OK:
        return True
    code = words.code_of(reply.body, reply.status)
    if code not in words.NOT_THERE:
        raise ProviderUnreachable(code)
    return False


def _read(reading: Callable[[], _T]) -> _T:
    """What they signed, but nobody understands, is a doubt."""
    try:
        return reading()
    except (ValueError, Invalid):
        raise ProviderUnreachable("form") from None


def _whom(details: Details) -> dict[str, object]:
    if details.scene == Scene.PHONE:
        if not details.payer_ip:
            raise ProviderRefused("no_payer_ip")
        scene = {"payer_client_ip": details.payer_ip, "h5_info": {"type": "Wap"}}
        return {"scene_info": scene}
    if details.scene == Scene.WECHAT:
        if not details.payer_ref:
            raise ProviderRefused("no_openid")
        return {"payer": {"openid": details.payer_ref}}
    return {}


def _moment(until: datetime) -> str:
    """RFC 3339, in the time of all their examples."""
    return until.astimezone(_BEIJING).isoformat(timespec="seconds")


def _shortened(about: str) -> str:
    return about.encode(errors="ignore")[:_LONGEST_ABOUT].decode(errors="ignore")
