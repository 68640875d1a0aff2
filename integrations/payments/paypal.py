"""PayPal behind the Gateway port: an order of Orders v2 is a payment, its id the payment's name.

    CREATED, PAYER_ACTION_REQUIRED ──payer agrees──▶ APPROVED ──we capture──▶ COMPLETED
                                                         └────we authorize──▶ a hold, then captured

A payer's consent takes nothing: whoever asks about an APPROVED order takes the money, too. The core
asks when the payer is back, when PayPal calls, and on its schedule; there is no other moment.
Therefore an order that was closed is paid by nobody: no call of PayPal's cancels one, but only we
could take its money, and a payment that is `let_go` is looked at and never taken.

One order is captured or authorized once, whatever the request's id is. The key is the invoice's
number as well, which PayPal takes once for each merchant (unless the account allows repeats), also
long after it has forgotten a request's id: 6 hours for orders, 45 days for holds and refunds.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from data.kernel.locales import Locale
from data.payments.accounts import Credentials
from data.payments.gateway import (
    BalanceTooLow,
    Flags,
    NewPayment,
    NewRefund,
    PaymentRef,
    PaymentStatus,
    ProviderEvent,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnreachable,
    Standing,
)
from integrations.payments.kinds import BadCredentials, Field, Finding, Kind, Mode, Wiring
from integrations.payments.paypal_aftermath import look_back
from integrations.payments.paypal_events import look_at_account, read_event
from integrations.payments.paypal_line import PayPalLine, Refusal
from integrations.payments.paypal_seal import Seal
from integrations.payments.paypal_shapes import (
    CURRENCIES,
    HONOURED,
    TAKEN,
    Capture,
    Order,
    Refund,
    payment_shown,
    refund_shown,
    to_paypal,
)

NAME = "paypal"
_LOCALES = {Locale.EN: "en-US", Locale.ZH_HANS: "zh-CN", Locale.ZH_HANT: "zh-TW"}
_LONGEST_ABOUT = 127  # of a purchase unit's description
_NOT_THERE = 404
_REFUSED = (400, 401, 403, 422)
_REFUND_REFUSED = (400, 422)  # 401 and 403 tell of the account, not of what came of this refund
# Of a request that may be our own earlier one under another answer: look, and decide by what is.
_DONE_BEFORE = frozenset(
    {
        "ORDER_ALREADY_CAPTURED",
        "ORDER_ALREADY_AUTHORIZED",
        "ORDER_COMPLETED_OR_VOIDED",
        "AUTHORIZATION_ALREADY_CAPTURED",
        "MAX_CAPTURE_COUNT_EXCEEDED",
        "PREVIOUSLY_CAPTURED",
        "PREVIOUSLY_VOIDED",
        "DUPLICATE_INVOICE_ID",
        "DUPLICATE_REQUEST_ID",
        "PAYPAL_REQUEST_ID_PREVIOUSLY_USED",
    }
)
# The payer goes back to PayPal's page and chooses something else there.
_STILL_PAYABLE = frozenset(
    {
        "INSTRUMENT_DECLINED",
        "ORDER_NOT_APPROVED",
        "PAYER_ACTION_REQUIRED",
        "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
    }
)
# PayPal takes this payment from this payer neither now nor later; nothing was taken.
_WILL_NOT = frozenset(
    {
        "AUTH_CAPTURE_NOT_ENABLED",
        "AUTHORIZATION_DENIED",
        "COMPLIANCE_VIOLATION",
        "DECLINED_DUE_TO_RELATED_TXN",
        "DOMESTIC_TRANSACTION_REQUIRED",
        "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",
        "ORDER_EXPIRED",
        "PAYEE_BLOCKED_TRANSACTION",
        "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYER_ACCOUNT_RESTRICTED",
        "PAYER_CANNOT_PAY",
        "TRANSACTION_BLOCKED_BY_PAYEE",
        "TRANSACTION_LIMIT_EXCEEDED",
        "TRANSACTION_RECEIVING_LIMIT_EXCEEDED",
        "TRANSACTION_REFUSED",
    }
)
_NO_BALANCE = frozenset({"REFUND_FAILED_INSUFFICIENT_FUNDS", "INSUFFICIENT_FUNDS"})
_HOLD_IS_GONE = frozenset({"AUTHORIZATION_VOIDED", "AUTHORIZATION_EXPIRED"})


class PayPal:
    """One account: a REST app of a merchant."""

    def __init__(self, credentials: Credentials, wiring: Wiring) -> None:
        told = credentials.settings
        if told.get("mode") not in set(Mode):
            raise BadCredentials("mode")
        mode = Mode(told["mode"])
        self._wiring = wiring
        self._webhook_id = str(told.get("webhook_id", ""))
        secret = credentials.secrets["client_secret"]
        self._line = PayPalLine(wiring, mode, credentials.external_id, secret)
        self._seal = Seal(wiring, mode, self._webhook_id)

    @property
    def name(self) -> str:
        return NAME

    @property
    def flags(self) -> Flags:
        return Flags(
            currencies=CURRENCIES,
            can_authorize=True,
            longest_hold=HONOURED,
            can_partial_capture=True,
        )

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        """A refusal is final here: an order whose name we never learnt is captured by nobody."""
        told = _order_wanted(wanted, self._wiring.back(wanted.key))
        try:
            order = await self._line.post(Order, "/v2/checkout/orders", told, key=wanted.key)
        except Refusal as refusal:
            if refusal.issue in _DONE_BEFORE or refusal.status not in _REFUSED:
                raise
            raise ProviderRefused(refusal.issue) from None
        return payment_shown(order)

    async def query(self, payment: PaymentRef) -> ProviderPayment | None:
        """None without PayPal's own name for it: it cannot be asked by our key, and the core makes
        the order again under the same request id."""
        if payment.provider_ref is None:
            return None
        order = await self._find(payment)
        if order is None:
            return _gone(payment)
        if order.is_untouched and payment.let_go:
            return _shown_as(order, PaymentStatus.VOIDED)
        if order.is_untouched and order.status == "APPROVED":
            return await self._take(order, payment)
        return payment_shown(order)

    async def capture(self, payment: PaymentRef) -> ProviderPayment:
        """Of a hold."""
        order = await self._find(payment)
        if order is None:
            return _gone(payment, PaymentStatus.VOIDED)
        if order.hold is None or order.hold.status != "CREATED" or order.capture is not None:
            return payment_shown(order)
        told = {
            "amount": to_paypal(payment.capture or payment.amount),
            "invoice_id": payment.key,
            "final_capture": True,
        }
        path = f"/v2/payments/authorizations/{quote(order.hold.id, safe='')}/capture"
        try:
            made = await self._line.post(Capture, path, told, key=f"{payment.key}-capture")
        except Refusal as refusal:
            if _is_gone(refusal):
                return _shown_as(order, PaymentStatus.VOIDED)
            return await self._after(refusal, order, payment)
        order.unit.payments.captures.append(made)
        return payment_shown(order)

    async def void(self, payment: PaymentRef) -> ProviderPayment:
        """A hold is given up; where there is none it is as with `close`."""
        order = await self._find(payment)
        hold = order.hold if order else None
        if order is None or hold is None or order.capture is not None:
            return await self.close(payment)
        if hold.status not in ("CREATED", "PENDING"):
            return payment_shown(order)
        path = f"/v2/payments/authorizations/{quote(hold.id, safe='')}/void"
        try:
            await self._line.command(path, key=f"{payment.key}-void")
        except Refusal as refusal:
            if not _is_gone(refusal):
                return await self._after(refusal, order, payment)
        return _shown_as(order, PaymentStatus.VOIDED)

    async def close(self, payment: PaymentRef) -> ProviderPayment:
        """Orders v2 has no call for it. Nobody but us can take the money of an order, so that what
        we give up is given up; what is held or taken already is told as it is."""
        order = await self._find(payment) if payment.provider_ref else None
        if order is None:
            return _gone(payment, PaymentStatus.VOIDED)
        if order.is_untouched:
            return _shown_as(order, PaymentStatus.VOIDED)
        return payment_shown(order)

    async def refund(self, wanted: NewRefund) -> ProviderRefund:
        order = await self._order(wanted.payment)
        if order.capture is None or order.capture.status not in TAKEN:
            raise ProviderUnreachable("nothing_captured")  # or not yet: asked again later
        told = {
            "amount": to_paypal(wanted.amount),
            "custom_id": wanted.key,
            "invoice_id": wanted.key,
        }
        path = f"/v2/payments/captures/{quote(order.capture.id, safe='')}/refund"
        try:
            made = await self._line.post(Refund, path, told, key=wanted.key)
        except Refusal as refusal:
            return await self._refused_refund(refusal, wanted)
        return refund_shown(made)

    async def query_refund(self, wanted: NewRefund) -> ProviderRefund | None:
        if wanted.provider_ref is None:
            found = _refund_of(await self._order(wanted.payment), wanted.key)
            return None if found is None else refund_shown(found)
        path = f"/v2/payments/refunds/{quote(wanted.provider_ref, safe='')}"
        return refund_shown(await self._line.get(Refund, path))

    async def look_back(self, payment: PaymentRef, named: Sequence[str]) -> Standing | None:
        return await look_back(self._line, await self._order(payment))

    async def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        kept = await self._seal.verify(raw, headers)
        return read_event(raw, kept)

    async def check(self) -> Sequence[Finding]:
        return await look_at_account(
            self._line, webhook_id=self._webhook_id, notify_url=self._wiring.notify_url
        )

    async def _take(self, order: Order, payment: PaymentRef) -> ProviderPayment:
        """The payer has agreed: capture, or hold. Never another sum than we want, nor for somebody
        else's key: that is shown as it is, and the core sets it aside."""
        if (order.unit.amount, order.our_ref) != (payment.amount, payment.key):
            return payment_shown(order)
        verb = "authorize" if order.intent == "AUTHORIZE" else "capture"
        # The answer to a request id is kept, a decline perhaps too: an order that was changed
        # since (the payer chose another card) gets another one.
        key = f"{payment.key}-{verb}-{order.update_time}"
        try:
            taken = await self._line.post(Order, f"{_path(payment)}/{verb}", {}, key=key)
        except Refusal as refusal:
            return await self._after(refusal, order, payment)
        return payment_shown(taken)

    async def _after(self, refusal: Refusal, order: Order, payment: PaymentRef) -> ProviderPayment:
        """What is so after PayPal did not do what we wanted of this order; raises if in doubt."""
        if refusal.issue in _STILL_PAYABLE:
            return payment_shown(order)
        if refusal.issue in _WILL_NOT:
            return _shown_as(order, PaymentStatus.FAILED)
        if refusal.issue in _DONE_BEFORE:
            now = payment_shown(await self._order(payment))
            if now != payment_shown(order):  # else nobody can tell what was done before
                return now
        raise refusal

    async def _refused_refund(self, refusal: Refusal, wanted: NewRefund) -> ProviderRefund:
        """Our own refund may be what stands in its way, when its first answer was lost."""
        found = _refund_of(await self._order(wanted.payment), wanted.key)
        if found is not None:
            return refund_shown(found)
        if refusal.issue in _NO_BALANCE:
            raise BalanceTooLow(refusal.issue)
        if refusal.status in _REFUND_REFUSED and refusal.issue not in _DONE_BEFORE:
            raise ProviderRefused(refusal.issue)
        raise refusal

    async def _order(self, payment: PaymentRef) -> Order:
        if payment.provider_ref is None:
            raise ProviderUnreachable("order_unknown")
        return await self._line.get(Order, _path(payment))

    async def _find(self, payment: PaymentRef) -> Order | None:
        """None: PayPal has forgotten it, as it does some hours after nobody paid."""
        try:
            return await self._order(payment)
        except Refusal as refusal:
            if refusal.status == _NOT_THERE:
                return None
            raise


def _order_wanted(wanted: NewPayment, back: str) -> dict[str, Any]:
    """The same words for the same payment, whenever it is asked for."""
    unit = {
        "reference_id": wanted.order_id,
        "custom_id": wanted.key,
        "invoice_id": wanted.key,
        "amount": to_paypal(wanted.amount),
    }
    if wanted.details.about:
        unit["description"] = wanted.details.about[:_LONGEST_ABOUT]
    experience = {
        "locale": _LOCALES[Locale.closest(wanted.details.locale)],
        "shipping_preference": "NO_SHIPPING",  # the shop has the address, and PayPal needs none
        "user_action": "PAY_NOW",
        # A bank transfer on paper takes days, and goods are kept for an hour.
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
        "return_url": back,
        "cancel_url": back,
    }
    return {
        "intent": "AUTHORIZE" if wanted.authorize_only else "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": experience}},
    }


def _path(payment: PaymentRef) -> str:
    return f"/v2/checkout/orders/{quote(payment.provider_ref or '', safe='')}"


def _refund_of(order: Order, key: str) -> Refund | None:
    return next((one for one in order.unit.payments.refunds if one.is_of(key)), None)


def _is_gone(refusal: Refusal) -> bool:
    """The hold is: it was let go, has run out, or PayPal knows of none."""
    return refusal.issue in _HOLD_IS_GONE or refusal.status == _NOT_THERE


def _shown_as(order: Order, status: PaymentStatus) -> ProviderPayment:
    return ProviderPayment(status, order.unit.amount, order.id, order.our_ref)


def _gone(payment: PaymentRef, status: PaymentStatus = PaymentStatus.FAILED) -> ProviderPayment:
    """What cannot be found can be taken by nobody. Not `None`: made again it would have another
    name, and the payer's page would lead to the old one."""
    return ProviderPayment(status, payment.amount, payment.provider_ref, payment.key)


KIND = Kind(
    name=NAME,
    fields=(
        Field("client_id"),
        Field("client_secret", secret=True),
        # PayPal gives it for the address that a connected account has: it is added afterwards.
        Field("webhook_id", optional=True),
        Field("mode", choices=tuple(Mode)),
    ),
    identity="client_id",
    open=PayPal,
    media_types=frozenset({"application/json"}),
)
