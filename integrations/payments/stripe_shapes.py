"""What Stripe says of payments and refunds, as far as we read it, and what that means to us.

intent succeeded          ▸ captured, in any session: money moved
intent requires_capture   ▸ authorized, until the charge's `capture_before`
session expired           ▸ voided
session complete          ▸ intent canceled: voided; requires_payment_method: failed
anything else             ▸ pending
"""

from datetime import UTC, datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.payments.gateway import (
    PayBy,
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnreachable,
    RefundStatus,
)

OUR_KEY = "tuanzi_key"  # in the metadata of whatever we made there

# https://docs.stripe.com/currencies: in its zero-decimal list; MGA has two decimals in ISO 4217.
# ISK and UGX have none there, but "special cases" wants them in hundredths that end in 00.
_WHOLE = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
     "XOF", "XPF"]
)  # fmt: skip
_THOUSANDTHS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])  # the last digit has to be 0
_MOVED = {"succeeded": PaymentStatus.CAPTURED, "requires_capture": PaymentStatus.AUTHORIZED}
_OVER = {"canceled": PaymentStatus.VOIDED, "requires_payment_method": PaymentStatus.FAILED}
_REFUNDS = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
_NO_FUNDS = "insufficient_funds"  # docs.stripe.com/changelog/basil/2025-04-30/refund-pending-reason
Metadata = dict[str, str]


class Card(BaseModel):
    capture_before: int | None = None


class Method(BaseModel):
    card: Card | None = None


class Marked(BaseModel):
    """`our_key` empty: somebody else made it."""

    metadata: Metadata | None = None

    @property
    def our_key(self) -> str:
        return (self.metadata or {}).get(OUR_KEY, "")


class Transaction(BaseModel):
    """Of the account's balance; `fee` is in `currency`, which need not be the payment's."""

    id: str
    fee: int
    currency: str


class Charge(Marked):
    payment_method_details: Method | None = None
    balance_transaction: Transaction | str | None = None


class Intent(Marked):
    """`amount_received` is what was taken: a shop may have captured less by hand."""

    id: str
    status: str
    amount: int
    amount_received: int | None = None
    currency: str
    latest_charge: Charge | str | None = None


class Session(Marked):
    """One visit to Stripe's page; it has no intent before somebody tries to pay."""

    id: str
    status: str | None = None
    url: str | None = Field(default=None, repr=False)
    amount_total: int | None = None
    currency: str | None = None
    client_reference_id: str | None = None
    payment_intent: Intent | str | None = None

    @property
    def intent(self) -> Intent | None:
        return self.payment_intent if isinstance(self.payment_intent, Intent) else None


class Refund(Marked):
    id: str
    status: str | None = None
    pending_reason: str | None = None
    amount: int
    currency: str
    balance_transaction: Transaction | str | None = None


class Refunds(BaseModel):
    data: list[Refund]
    has_more: bool = False


class Evidence(BaseModel):
    due_by: int | None = None


class Dispute(BaseModel):
    """`payment_intent` is all that leads from it to a payment: it has no mark of ours."""

    id: str = ""
    status: str = ""
    amount: int = 0
    currency: str = ""
    reason: str = ""
    payment_intent: str | None = None
    evidence_details: Evidence | None = None
    balance_transactions: list[Transaction] = Field(default_factory=list)


class Disputes(BaseModel):
    data: list[Dispute]


class Account(BaseModel):
    id: str
    charges_enabled: bool | None = None


class Endpoint(BaseModel):
    """Where they call us."""

    id: str = ""
    url: str
    status: str = ""
    enabled_events: list[str] = Field(default_factory=list)


class Endpoints(BaseModel):
    data: list[Endpoint]


def to_stripe(money: Money) -> int:
    """In Stripe's smallest unit; ProviderRefused("amount_unit") for what it cannot express."""
    scaled = money.amount.scaleb(_decimals(money.currency))
    is_odd = money.currency in _THOUSANDTHS and scaled % 10 != 0
    if scaled != scaled.to_integral_value() or is_odd:
        raise ProviderRefused("amount_unit")
    return int(scaled)


def from_stripe(amount: int, currency: str) -> Money:
    """Invalid: no currency of ours, or finer than it goes."""
    code = currency.upper()
    return Money.of(Decimal(amount).scaleb(-_decimals(code)), code)


def payment_shown(session: Session) -> ProviderPayment:
    """ProviderUnreachable: nobody can tell from this what was paid."""
    status = _status(session)
    return ProviderPayment(
        status=status,
        amount=_amount(session, status),
        provider_ref=session.id,
        our_ref=session.client_reference_id,
        pay_by=PayBy.LINK if session.url else None,
        pay_with=session.url,
        hold_until=_hold_until(session) if status == PaymentStatus.AUTHORIZED else None,
    )


def refund_shown(refund: Refund) -> ProviderRefund:
    try:
        amount = from_stripe(refund.amount, refund.currency)
    except Invalid:
        raise ProviderUnreachable("amount") from None
    return ProviderRefund(
        status=_REFUNDS.get(refund.status or "", RefundStatus.PENDING),
        amount=amount,
        provider_ref=refund.id,
        our_ref=refund.our_key or None,
        is_short=refund.status == "pending" and refund.pending_reason == _NO_FUNDS,
    )


def _status(session: Session) -> PaymentStatus:
    intent = session.intent
    if intent is not None and intent.status in _MOVED:
        return _MOVED[intent.status]
    if session.status == "expired":
        return PaymentStatus.VOIDED
    if session.status == "complete" and intent is not None:
        return _OVER.get(intent.status, PaymentStatus.PENDING)
    return PaymentStatus.PENDING


def _amount(session: Session, status: PaymentStatus) -> Money:
    intent = session.intent
    try:
        if intent is None:
            return from_stripe(session.amount_total or 0, session.currency or "")
        was_taken = status == PaymentStatus.CAPTURED and intent.amount_received is not None
        taken = intent.amount_received if was_taken else intent.amount
        return from_stripe(taken or 0, intent.currency)
    except Invalid:
        raise ProviderUnreachable("amount") from None


def _hold_until(session: Session) -> datetime | None:
    charge = session.intent.latest_charge if session.intent else None
    method = charge.payment_method_details if isinstance(charge, Charge) else None
    until = method.card.capture_before if method and method.card else None
    return None if until is None else datetime.fromtimestamp(until, UTC)


def _decimals(currency: str) -> int:
    if currency in _WHOLE:
        return 0
    return 3 if currency in _THOUSANDTHS else 2
