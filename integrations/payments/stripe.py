"""Stripe behind the Gateway port: a Checkout Session is a payment, its id the payment's name there.

No payment can be found there by our key: making it again under the same key gives the same one.
Commands (capture, cancel, expire) carry no key: an intent's state lets each happen once, and a kept
answer would hide what came later. After each of them we look at what is so.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from data.payments.accounts import Credentials
from data.payments.gateway import (
    BalanceTooLow,
    Flags,
    NewPayment,
    NewRefund,
    PaymentRef,
    ProviderEvent,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnreachable,
    Standing,
)
from integrations.payments.kinds import BadCredentials, Enrolled, Field, Finding, Kind, Wiring
from integrations.payments.stripe_aftermath import EXPANDED, look_back, refunds_of
from integrations.payments.stripe_checks import look_at_account
from integrations.payments.stripe_endpoints import drop_endpoints, make_endpoint
from integrations.payments.stripe_events import claim_of, disputed_intent, is_aftermath, read_event
from integrations.payments.stripe_line import Refusal, StripeLine
from integrations.payments.stripe_shapes import (
    OUR_KEY,
    Intent,
    Refund,
    Session,
    payment_shown,
    refund_shown,
    to_stripe,
)
from integrations.payments.stripe_signature import HEADER, verify

log = logging.getLogger(__name__)
NAME = "stripe"
# Visa, Mastercard, Amex and Discover, for what a customer starts; `capture_before` says it exactly.
_HOLD = timedelta(days=7)
_SHORTEST, _LONGEST = timedelta(minutes=30), timedelta(hours=24)  # of a session, from its making
_SLACK = timedelta(minutes=2)  # between our clock and theirs, and for the way there
_LOCALES = {"en": "en", "zh-Hans": "zh", "zh-Hant": "zh-TW"}
_FORMS = {
    "api_key": re.compile(r"(?:sk|rk)_(?:live|test)_\w+"),
    "webhook_secret": re.compile(r"whsec_\S+"),
    "account": re.compile(r"acct_\w+"),
}
_SIGNED_WITH = "webhook_secret"
_NO_BALANCE = "balance_insufficient"  # of a refund, where it is not left pending instead
_NOT_THERE = 404


class StripeGateway:
    """One account. `before`: webhook secrets that were replaced a short while ago."""

    def __init__(self, credentials: Credentials, wiring: Wiring) -> None:
        told = {**credentials.settings, **credentials.secrets}
        for name, form in _FORMS.items():
            is_left = name == _SIGNED_WITH and not told.get(name)  # until there is an endpoint
            if not is_left and not form.fullmatch(told.get(name, "")):
                raise BadCredentials(name)
        self._wiring = wiring
        self._account = credentials.external_id
        self._api_key = credentials.secrets["api_key"]
        # An empty one would verify whatever was signed with nothing.
        secrets = [told.get(_SIGNED_WITH, ""), credentials.before.get(_SIGNED_WITH, "")]
        self.is_enrolled = bool(secrets[0])
        self._secrets = [secret for secret in secrets if secret]
        self._line = StripeLine(wiring, self._api_key)

    @property
    def name(self) -> str:
        return NAME

    @property
    def flags(self) -> Flags:
        return Flags(can_authorize=True, longest_hold=_HOLD, can_partial_capture=True)

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        told = self._session_wanted(wanted)
        path = "/v1/checkout/sessions"
        session, is_replay = await self._line.post(Session, path, told, key=wanted.key)
        if is_replay:  # as it was then; somebody may have paid since
            session = await self._session(PaymentRef(wanted.key, session.id, wanted.amount))
        return payment_shown(session)

    async def query(self, payment: PaymentRef) -> ProviderPayment | None:
        if payment.provider_ref is None:
            return None
        return payment_shown(await self._session(payment))

    async def capture(self, payment: PaymentRef) -> ProviderPayment:
        intent = (await self._session(payment)).intent
        if intent is not None and intent.status == "requires_capture":
            told = {}
            if payment.capture is not None:  # the rest is let go with it
                told["amount_to_capture"] = str(to_stripe(payment.capture))
            path = f"/v1/payment_intents/{quote(intent.id, safe='')}/capture"
            await self._command(Intent, path, told)
        return payment_shown(await self._session(payment))

    async def void(self, payment: PaymentRef) -> ProviderPayment:
        """A hold is let go; Stripe allows that of a session's intent in this state only."""
        intent = (await self._session(payment)).intent
        if intent is None or intent.status != "requires_capture":
            return await self.close(payment)
        await self._command(Intent, f"/v1/payment_intents/{quote(intent.id, safe='')}/cancel")
        return payment_shown(await self._session(payment))

    async def close(self, payment: PaymentRef) -> ProviderPayment:
        """Only an open session can be expired; who has paid in between has paid."""
        await self._command(Session, f"{_path(payment)}/expire")
        return payment_shown(await self._session(payment))

    async def refund(self, wanted: NewRefund) -> ProviderRefund:
        amount = to_stripe(wanted.amount)
        intent = await self._paid_intent(wanted.payment)
        told = {
            "payment_intent": intent.id,
            "amount": str(amount),
            f"metadata[{OUR_KEY}]": wanted.key,
        }
        try:
            made, is_replay = await self._line.post(Refund, "/v1/refunds", told, key=wanted.key)
        except Refusal as refusal:
            # Keys are forgotten after a day, and then our own refund is what stands in its way.
            found = await self._find_refund(intent, wanted.key)
            if found is None and refusal.code == _NO_BALANCE:
                raise BalanceTooLow(refusal.code) from None
            if found is None:
                raise
            return refund_shown(found)
        return refund_shown(await self._refund(made.id) if is_replay else made)

    async def query_refund(self, wanted: NewRefund) -> ProviderRefund | None:
        if wanted.provider_ref is not None:
            return refund_shown(await self._refund(wanted.provider_ref))
        intent = await self._paid_intent(wanted.payment)
        found = await self._find_refund(intent, wanted.key)
        return None if found is None else refund_shown(found)

    async def look_back(self, payment: PaymentRef, named: Sequence[str]) -> Standing | None:
        try:
            session = await self._line.get(Session, _path(payment), {"expand[0]": EXPANDED})
            intent = session.intent
            return None if intent is None else await look_back(self._line, intent)
        except Refusal as refusal:
            raise _not_told(refusal) from None

    async def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        header = {name.lower(): value for name, value in headers.items()}.get(HEADER, "")
        verify(raw, header, secrets=self._secrets, now=self._wiring.clock.now())
        event = read_event(raw)
        if event.account not in (None, self._account):
            return None
        claim, disputed = claim_of(event), disputed_intent(event)
        our_ref = claim.our_ref if claim else await self._key_of(disputed)
        if not our_ref:
            return None
        return ProviderEvent(
            event_id=event.id,
            our_ref=our_ref,
            raw=raw,
            headers={HEADER: header},
            claimed=claim.claimed if claim else None,
            of_payment=our_ref if is_aftermath(event) else "",
        )

    async def check(self) -> Sequence[Finding]:
        return await look_at_account(
            self._line,
            api_key=self._api_key,
            account=self._account,
            notify_url=self._wiring.notify_url,
            has_secret=self.is_enrolled,
        )

    async def enrol(self) -> Enrolled | None:
        """A secret is told once, when its endpoint is made: a new secret is a new endpoint."""
        made = await make_endpoint(self._line, self._wiring.notify_url)
        return Enrolled(made.id, {_SIGNED_WITH: made.secret}) if made else None

    async def leave_others(self, name: str) -> None:
        await drop_endpoints(self._line, self._wiring.notify_url, but=name)

    def _session_wanted(self, wanted: NewPayment) -> dict[str, str]:
        about = wanted.details.about or wanted.order_id
        back = self._wiring.back(wanted.key)
        told = {
            "mode": "payment",
            "client_reference_id": wanted.key,
            f"metadata[{OUR_KEY}]": wanted.key,
            f"payment_intent_data[metadata][{OUR_KEY}]": wanted.key,
            "payment_intent_data[description]": about,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": wanted.amount.currency.lower(),
            "line_items[0][price_data][unit_amount]": str(to_stripe(wanted.amount)),
            "line_items[0][price_data][product_data][name]": about,
            "adaptive_pricing[enabled]": "false",  # the shop named its price, in its currency
            "locale": _LOCALES.get(wanted.details.locale, "auto"),
            "success_url": back,
            "cancel_url": back,
        }
        if wanted.authorize_only:
            told["payment_intent_data[capture_method]"] = "manual"
            told["allowed_payment_method_types[0]"] = "card"  # nothing else can be held everywhere
        ends = self._ends(wanted.details.expires_at)
        return told if ends is None else {**told, "expires_at": str(int(ends.timestamp()))}

    def _ends(self, order_ends: datetime | None) -> datetime | None:
        """When the session ends if nobody closes it, which is done at the order's end. It lives for
        half an hour at least, and a repeat under the same key must name the same moment: so it is
        counted from the order's end, before which every try is made, and not from now. None is
        Stripe's own end, after a day: the longest that can be asked for."""
        if order_ends is None:
            return None
        ends = order_ends + _SHORTEST + _SLACK
        return ends if ends <= self._wiring.clock.now() + _LONGEST - _SLACK else None

    async def _session(self, payment: PaymentRef) -> Session:
        asked = {"expand[0]": "payment_intent.latest_charge"}
        try:
            return await self._line.get(Session, _path(payment), asked)
        except Refusal as refusal:
            raise _not_told(refusal) from None

    async def _paid_intent(self, payment: PaymentRef) -> Intent:
        intent = (await self._session(payment)).intent
        if intent is None:
            raise ProviderRefused("not_paid")
        return intent

    async def _command(
        self, shape: type[Intent | Session], path: str, told: Mapping[str, str] | None = None
    ) -> None:
        """A refusal tells that it is in no state for that: the caller looks which one it is in."""
        try:
            await self._line.post(shape, path, told or {})
        except Refusal as refusal:
            log.warning("stripe did not: %s", refusal)

    async def _refund(self, refund_id: str) -> Refund:
        try:
            return await self._line.get(Refund, f"/v1/refunds/{quote(refund_id, safe='')}")
        except Refusal as refusal:
            raise _not_told(refusal) from None

    async def _find_refund(self, intent: Intent, key: str) -> Refund | None:
        try:
            found = await refunds_of(self._line, intent.id)
        except Refusal as refusal:
            raise _not_told(refusal) from None
        return next((refund for refund in found if refund.our_key == key), None)

    async def _key_of(self, intent_id: str | None) -> str:
        """Our key of a disputed payment; empty where it is none of ours."""
        if intent_id is None:
            return ""
        try:
            path = f"/v1/payment_intents/{quote(intent_id, safe='')}"
            intent = await self._line.get(Intent, path)
        except Refusal as refusal:
            if refusal.status == _NOT_THERE:
                return ""
            raise _not_told(refusal) from None
        return intent.our_key


def _path(payment: PaymentRef) -> str:
    if payment.provider_ref is None:
        raise ProviderUnreachable("no_reference")  # whether there is one, nobody could say
    return f"/v1/checkout/sessions/{quote(payment.provider_ref, safe='')}"


def _not_told(refusal: Refusal) -> ProviderUnreachable:
    """What was there once is not gone: the key is another account's, or good for nothing now."""
    return ProviderUnreachable(str(refusal))


KIND = Kind(
    name=NAME,
    fields=(
        Field("account"),
        Field("api_key", secret=True),
        Field(_SIGNED_WITH, secret=True, optional=True),  # else we make the endpoint ourselves
    ),
    identity="account",
    open=StripeGateway,
    media_types=frozenset({"application/json"}),
)
