"""Alipay behind the Gateway port: our key is the payment's number there (`out_trade_no`).

    at a desk     a page of Alipay's (trade.page.pay), or a code to be scanned (trade.precreate)
    on a phone    a page of Alipay's that opens its app (trade.wap.pay)
    in WeChat     nothing: WeChat opens no page of Alipay's

There is no trade before somebody has logged in or scanned. Until then Alipay knows nothing of a
payment and cannot close it, while its page can be opened and paid: only the last moment that was
signed into it (`time_expire`) ends that.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.payments.accounts import Credentials
from data.payments.gateway import (
    BadNotice,
    BalanceTooLow,
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
    RefundStatus,
    Scene,
    Standing,
)
from integrations.payments.alipay_checks import look_at_account
from integrations.payments.alipay_line import NOT_THERE, AlipayLine, Refusal, beijing
from integrations.payments.alipay_seal import (
    RSA2,
    SIGN,
    SIGN_TYPE,
    Seal,
    private_key,
    public_key,
    public_text,
    read_form,
    signed_text,
)
from integrations.payments.kinds import BadCredentials, Field, Finding, Kind, Mode, Thanks, Wiring

NAME = "alipay"
# The sandbox moved here in 2023 (open.alipay.com/develop/sandbox/app).
_ADDRESSES = {
    Mode.LIVE: "https://openapi.alipay.com/gateway.do",
    Mode.SANDBOX: "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
}
_PAGE, _CODE = "page", "qr"
_CURRENCY = "CNY"
_NO_BALANCE = "ACQ.SELLER_BALANCE_NOT_ENOUGH"
_LONGEST_OPEN = timedelta(days=15)  # `time_expire`: one minute to fifteen days
_LONGEST_SUBJECT = 128  # of 256 places, and a Han character took two of them in older versions
# "No special characters such as /, = and &"; what else may be one is told nowhere.
_ODD = re.compile(r"[^\w .,:;!?()*#'·，。：；！？、（）【】《》「」-]+")
_FORMS = {"app_id": re.compile(r"[0-9]{16}"), "seller_id": re.compile(r"2088[0-9]{12}")}
_STATES = {
    "WAIT_BUYER_PAY": PaymentStatus.PENDING,
    "TRADE_SUCCESS": PaymentStatus.CAPTURED,
    "TRADE_FINISHED": PaymentStatus.CAPTURED,  # and can be given back no more
    "TRADE_CLOSED": PaymentStatus.VOIDED,
}
_FUNDS = "fund_bill_list"  # where the payer's money came from; told only if asked for


class Alipay:
    """One app of one seller."""

    def __init__(self, credentials: Credentials, wiring: Wiring) -> None:
        told = {**credentials.settings, **credentials.secrets}
        for name, form in _FORMS.items():
            if not form.fullmatch(told.get(name, "")):
                raise BadCredentials(name)
        self._app_id, self._seller_id = told["app_id"], told["seller_id"]
        self._desktop = told["desktop"]
        self._wiring = wiring
        self._seal = _seal(told)
        address = _ADDRESSES[Mode(told["mode"])]
        self._line = AlipayLine(wiring, address, app_id=self._app_id, seal=self._seal)

    @property
    def name(self) -> str:
        return NAME

    @property
    def flags(self) -> Flags:
        scenes = frozenset({Scene.DESKTOP, Scene.PHONE})
        return Flags(scenes=scenes, currencies=frozenset({_CURRENCY}))

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        self._refuse_odd(wanted)
        if wanted.details.scene == Scene.DESKTOP and self._desktop == _CODE:
            return await self._make_code(wanted)
        return _open(wanted, PayBy.LINK, self._page(wanted))

    async def query(self, payment: PaymentRef) -> ProviderPayment | None:
        asked = {"out_trade_no": payment.key, "query_options": [_FUNDS]}
        try:
            return _payment_shown(await self._line.ask("alipay.trade.query", asked))
        except Refusal as refusal:
            if refusal.code != NOT_THERE:
                raise
        return self._not_begun(payment)

    async def capture(self, payment: PaymentRef) -> ProviderPayment:
        raise ProviderRefused("no_holds")

    async def void(self, payment: PaymentRef) -> ProviderPayment:
        raise ProviderRefused("no_holds")

    async def close(self, payment: PaymentRef) -> ProviderPayment:
        """What it is afterwards. Nobody has begun it: it stays open until its last moment."""
        with suppress(Refusal):  # not there, paid or closed already: the question will tell
            await self._line.ask("alipay.trade.close", {"out_trade_no": payment.key})
        shown = await self.query(payment)
        if shown is None:  # and nobody was given a way to it
            return _unbegun(payment, PaymentStatus.VOIDED)
        return shown

    async def refund(self, wanted: NewRefund) -> ProviderRefund:
        """The same `out_request_no` gives back once; that it was called well proves nothing yet."""
        asked = {
            "out_trade_no": wanted.payment.key,
            "refund_amount": _yuan(wanted.amount),
            "out_request_no": wanted.key,
        }
        try:
            told = await self._line.ask("alipay.trade.refund", asked)
        except Refusal as refusal:
            # An earlier try may be what stands in its way: a trade given back whole is closed.
            shown = await self.query_refund(wanted)
            if shown is None and refusal.code == _NO_BALANCE:
                raise BalanceTooLow(refusal.code) from None
            if shown is None:
                raise
            return shown
        _refuse_other(told, out_trade_no=wanted.payment.key)
        if told.get("fund_change") == "Y":
            return _refund(wanted, RefundStatus.SUCCEEDED, wanted.amount)
        shown = await self.query_refund(wanted)
        return shown or _refund(wanted, RefundStatus.PENDING, wanted.amount)

    async def query_refund(self, wanted: NewRefund) -> ProviderRefund | None:
        """None also while it has not come through: asking for it again under its number is right
        then, says Alipay."""
        asked = {"out_trade_no": wanted.payment.key, "out_request_no": wanted.key}
        try:
            told = await self._line.ask("alipay.trade.fastpay.refund.query", asked)
        except Refusal as refusal:
            if refusal.code != NOT_THERE:
                raise
            return None
        if told.get("refund_status") != "REFUND_SUCCESS":
            return None
        _refuse_other(told, out_trade_no=wanted.payment.key, out_request_no=wanted.key)
        return _refund(wanted, RefundStatus.SUCCEEDED, _money(told, "refund_amount"))

    async def look_back(self, payment: PaymentRef, named: Sequence[str]) -> Standing | None:
        """Fees stand in the day's bill alone, and no call lists a trade's refunds: a notice names
        one; and a trade that was paid and is closed was given back whole."""
        asked = {"out_trade_no": payment.key, "query_options": [_FUNDS]}
        told = await self._line.ask("alipay.trade.query", asked)
        _refuse_other(told, out_trade_no=payment.key)
        is_closed = told.get("trade_status") == "TRADE_CLOSED"
        is_paid = _payment_shown(told).status == PaymentStatus.CAPTURED
        wanted = [NewRefund(name, payment.amount, payment) for name in named]
        refunds = [await self.query_refund(one) for one in wanted]
        return Standing(
            refunds=tuple(one for one in refunds if one is not None),
            is_all_returned=is_closed and is_paid,
        )

    async def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        """Nothing in it tells of when it was sent: that each is taken once is what the store of
        notices sees to, by its `notify_id`."""
        try:
            told = read_form(raw)
        except ValueError:
            raise BadNotice("form") from None
        self._refuse_unsigned(told)
        if (told.get("app_id"), told.get("seller_id")) != (self._app_id, self._seller_id):
            raise BadNotice("not_ours")
        if told.get("notify_type") != "trade_status_sync":
            return None
        our_ref, claimed = _claim(told)
        if not (our_ref and told.get("notify_id")):
            raise BadNotice("form")
        return ProviderEvent(
            event_id=told["notify_id"],
            our_ref=our_ref,
            raw=raw,
            headers={},
            claimed=claimed,
            of_payment=told.get("out_trade_no", "") if told.get("gmt_refund") else "",
        )

    def shown(self) -> Mapping[str, str]:
        """To be uploaded at the app, as one line: its key tool writes no header either."""
        return {"public_key": public_text(self._seal.ours)}

    async def check(self) -> Sequence[Finding]:
        return await look_at_account(self._line, self._app_id, self._wiring.notify_url)

    async def _make_code(self, wanted: NewPayment) -> ProviderPayment:
        notify = self._wiring.notify_url
        asked = self._content(wanted)
        try:
            told = await self._line.ask("alipay.trade.precreate", asked, notify_url=notify)
        except Refusal:  # there may be a trade of that number, and it may be paid
            shown = await self.query(PaymentRef(wanted.key, None, wanted.amount))
            if shown is None:
                raise
            return shown
        _refuse_other(told, out_trade_no=wanted.key)
        return _open(wanted, PayBy.QR, str(told.get("qr_code", "")))

    def _page(self, wanted: NewPayment) -> str:
        back = self._wiring.back(wanted.key)
        content = self._content(wanted)
        if wanted.details.scene == Scene.PHONE:
            method = "alipay.trade.wap.pay"
            content |= {"product_code": "QUICK_WAP_WAY", "quit_url": back}
        else:
            method = "alipay.trade.page.pay"
            content |= {"product_code": "FAST_INSTANT_TRADE_PAY"}
        return self._line.page(method, content, notify_url=self._wiring.notify_url, return_url=back)

    def _content(self, wanted: NewPayment) -> dict[str, object]:
        return {
            "out_trade_no": wanted.key,
            "total_amount": _yuan(wanted.amount),
            "subject": _subject(wanted.details.about) or wanted.order_id,
            "time_expire": beijing(self._last_moment(wanted)),
        }

    def _last_moment(self, wanted: NewPayment) -> datetime:
        """Without one it could be paid for ever, and never be given up."""
        now, until = self._wiring.clock.now(), wanted.details.expires_at
        if until is None or until <= now:
            raise ProviderRefused("too_late")
        return min(until, now + _LONGEST_OPEN)

    def _refuse_odd(self, wanted: NewPayment) -> None:
        if wanted.authorize_only:
            raise ProviderRefused("no_holds")
        if wanted.amount.currency != _CURRENCY:
            raise ProviderRefused("currency")
        if wanted.details.scene not in self.flags.scenes:
            raise ProviderRefused("scene")

    def _not_begun(self, payment: PaymentRef) -> ProviderPayment | None:
        """Alipay has no such trade. None: nor has anybody a way to it, so it may be made again."""
        if not payment.is_offered:
            return None
        until = payment.expires_at
        is_over = until is None or until <= self._wiring.clock.now()
        return _unbegun(payment, PaymentStatus.VOIDED if is_over else PaymentStatus.PENDING)

    def _refuse_unsigned(self, told: Mapping[str, str]) -> None:
        if told.get(SIGN_TYPE) != RSA2:
            raise BadNotice("sign_type")
        text = signed_text(told, without=(SIGN, SIGN_TYPE))
        if not self._seal.holds(text, told.get(SIGN, "")):
            raise BadNotice("signature_wrong")


def _seal(told: Mapping[str, str]) -> Seal:
    try:
        ours = private_key(told["private_key"])
    except ValueError:
        raise BadCredentials("private_key") from None
    try:
        theirs = public_key(told["alipay_public_key"])
    except ValueError:
        raise BadCredentials("alipay_public_key") from None
    if theirs.public_numbers() == ours.public_key().public_numbers():
        raise BadCredentials("alipay_public_key")  # what was given to Alipay, not what it gave
    return Seal(ours, theirs)


def _open(wanted: NewPayment, pay_by: PayBy, pay_with: str) -> ProviderPayment:
    if not pay_with:
        raise ProviderUnreachable("not_readable")
    return ProviderPayment(
        status=PaymentStatus.PENDING,
        amount=wanted.amount,
        provider_ref=None,
        our_ref=wanted.key,
        pay_by=pay_by,
        pay_with=pay_with,
    )


def _unbegun(payment: PaymentRef, status: PaymentStatus) -> ProviderPayment:
    return ProviderPayment(status, payment.amount, None, payment.key)


def _payment_shown(told: Mapping[str, Any]) -> ProviderPayment:
    status = _STATES.get(str(told.get("trade_status")))
    if status is None:
        raise ProviderUnreachable("state")
    if status == PaymentStatus.VOIDED and told.get("send_pay_date") and told.get(_FUNDS):
        # It was paid, and given back whole. Of a trade that nobody paid neither is told; what was
        # paid by mistake would be sent for nothing, so one of them is not enough.
        status = PaymentStatus.CAPTURED
    is_paid = status == PaymentStatus.CAPTURED
    return ProviderPayment(
        status=status,
        amount=_money(told, "total_amount"),
        provider_ref=str(told["trade_no"]) if is_paid and told.get("trade_no") else None,
        our_ref=str(told.get("out_trade_no", "")),
    )


def _refund(wanted: NewRefund, status: RefundStatus, amount: Money) -> ProviderRefund:
    """It has no name there but ours."""
    return ProviderRefund(status, amount, provider_ref=wanted.key, our_ref=wanted.key)


def _claim(told: Mapping[str, str]) -> tuple[str, Money | None]:
    """Of which payment or refund it tells, and of which sum. A refund's own sum is not in it:
    `refund_fee` is all that was given back so far. It is told (as 0.00) of unpaid trades too."""
    if told.get("gmt_refund") and told.get("out_biz_no"):
        return told["out_biz_no"], None
    try:
        return told.get("out_trade_no", ""), Money.of(told.get("total_amount", ""), _CURRENCY)
    except Invalid:
        raise BadNotice("form") from None


def _refuse_other(told: Mapping[str, Any], **ours: str) -> None:
    """An answer about something else was signed as well."""
    if any(told.get(name) != value for name, value in ours.items()):
        raise ProviderUnreachable("answer_of_another")


def _money(told: Mapping[str, Any], name: str) -> Money:
    try:
        return Money.of(str(told.get(name)), _CURRENCY)
    except Invalid:
        raise ProviderUnreachable("not_readable") from None


def _yuan(amount: Money) -> str:
    return f"{amount.amount:.2f}"


def _subject(about: str) -> str:
    return " ".join(_ODD.sub(" ", about).split())[:_LONGEST_SUBJECT].strip()


KIND = Kind(
    name=NAME,
    fields=(
        Field("app_id"),
        Field("seller_id"),
        Field("mode", choices=(Mode.LIVE, Mode.SANDBOX)),
        Field("private_key", secret=True, lines=True),
        Field("alipay_public_key", lines=True),
        # First what a shop on the web has its contract for: codes belong to "face to face" payment,
        # which is made for counters, asks for less and is blocked if it is used otherwise.
        Field("desktop", choices=(_PAGE, _CODE)),
    ),
    identity="app_id",
    open=Alipay,
    media_types=frozenset({"application/x-www-form-urlencoded"}),
    thanks=Thanks(b"success"),
    is_told=True,
)
