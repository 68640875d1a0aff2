"""What PayPal's Orders v2 and Payments v2 say, as far as it concerns us, and what that means.

Field names, states and limits are those of PayPal's published OpenAPI documents
(paypal/paypal-rest-api-specifications: checkout_orders_v2, payments_payment_v2).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, PlainValidator

from data.kernel.errors import Invalid
from data.kernel.money import Money, exponent
from data.payments.gateway import (
    PayBy,
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnreachable,
    RefundStatus,
)

# PayPal's table of currency codes. It has CNY and INR for accounts inside those countries alone,
# and nobody is paid that way from abroad: they are left out. BRL and MYR are for accounts inside
# Brazil and Malaysia too, where a shop with such prices stands.
CURRENCIES = frozenset(
    {
        *("AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY"),
        *("MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
    }
)
_WHOLE = frozenset({"HUF", "JPY", "TWD"})  # "does not support decimals"; ISO 4217 has two but JPY
HONOURED = timedelta(days=3)  # of an authorization; later a capture may fail at any time
_T = TypeVar("_T")

_TO_BE_PAID = frozenset({"CREATED", "SAVED", "APPROVED", "PAYER_ACTION_REQUIRED"})
_P = PaymentStatus
_ORDERS = {**dict.fromkeys(_TO_BE_PAID, _P.PENDING), "VOIDED": _P.VOIDED}
_HOLDS = {
    "CREATED": _P.AUTHORIZED,
    "PENDING": _P.PENDING,
    "DENIED": _P.FAILED,
    "VOIDED": _P.VOIDED,
    "EXPIRED": _P.VOIDED,
}
_CAPTURES = {  # the best first: a capture that was declined may have another one beside it
    "COMPLETED": _P.CAPTURED,
    "PARTIALLY_REFUNDED": _P.CAPTURED,  # money that came and went again came
    "REFUNDED": _P.CAPTURED,
    "PENDING": _P.PENDING,
    "DECLINED": _P.FAILED,
    "FAILED": _P.FAILED,
}
_BEST = list(_CAPTURES)
TAKEN = frozenset(status for status, meant in _CAPTURES.items() if meant is _P.CAPTURED)
_REFUNDS = {
    "COMPLETED": RefundStatus.SUCCEEDED,
    "PENDING": RefundStatus.PENDING,
    "FAILED": RefundStatus.FAILED,
    "CANCELLED": RefundStatus.FAILED,
}


class Amount(BaseModel):
    currency_code: str
    value: str = Field(max_length=32, pattern=r"^(-?[0-9]+|-?[0-9]*[.][0-9]+)$")


def to_paypal(money: Money) -> dict[str, str]:
    """In major units. ProviderRefused: PayPal has no such currency, or no such fraction of it."""
    if money.currency not in CURRENCIES:
        raise ProviderRefused("currency")
    amount = money.amount
    decimals = 0 if money.currency in _WHOLE else exponent(money.currency)
    if round(amount, decimals) != amount:
        raise ProviderRefused("amount_has_fractions")
    return {"currency_code": money.currency, "value": f"{amount:.{decimals}f}"}


def _money(told: object) -> Money:
    amount = Amount.model_validate(told)
    try:
        return Money.of(amount.value, amount.currency_code)
    except Invalid as error:
        raise ValueError(error.detail) from None


Sum = Annotated[Money, PlainValidator(_money)]


class Link(BaseModel):
    rel: str
    href: str


class Breakdown(BaseModel):
    """`paypal_fee` is in the payment's currency; another one than the account's is converted
    afterwards, and that costs nothing here."""

    paypal_fee: Sum | None = None


class Capture(BaseModel):
    id: str
    status: str
    amount: Sum
    seller_receivable_breakdown: Breakdown | None = None


class Authorization(BaseModel):
    id: str
    status: str
    amount: Sum
    create_time: AwareDatetime | None = None

    @property
    def honoured_until(self) -> datetime | None:
        return self.create_time + HONOURED if self.create_time else None


class Refund(BaseModel):
    id: str
    status: str
    amount: Sum
    custom_id: str | None = None
    invoice_id: str | None = None
    seller_payable_breakdown: Breakdown | None = None

    def is_of(self, key: str) -> bool:
        return key in (self.custom_id, self.invoice_id)


class Payments(BaseModel):
    authorizations: list[Authorization] = Field(default_factory=list)
    captures: list[Capture] = Field(default_factory=list)
    refunds: list[Refund] = Field(default_factory=list)


class Unit(BaseModel):
    """The one purchase unit that our orders have."""

    amount: Sum
    custom_id: str | None = None
    invoice_id: str | None = None
    payments: Payments = Field(default_factory=Payments)


class Order(BaseModel):
    id: str
    status: str
    intent: str = ""
    update_time: str = ""
    purchase_units: list[Unit] = Field(min_length=1, max_length=1)
    links: list[Link] = Field(default_factory=list)

    @property
    def unit(self) -> Unit:
        return self.purchase_units[0]

    @property
    def our_ref(self) -> str | None:
        return self.unit.invoice_id or self.unit.custom_id

    @property
    def capture(self) -> Capture | None:
        """The one that tells how it stands."""
        found = self.unit.payments.captures
        return min(found, key=lambda one: _rank(one.status), default=None)

    @property
    def hold(self) -> Authorization | None:
        return next(iter(self.unit.payments.authorizations), None)

    @property
    def is_untouched(self) -> bool:
        """Nothing was taken, held or tried: whatever the payer agreed to, we have not begun."""
        return self.status in _TO_BE_PAID and self.capture is None and self.hold is None

    @property
    def page(self) -> str | None:
        """Where its payer agrees, as long as that makes sense."""
        if not self.is_untouched:
            return None
        pages = {link.rel: link.href for link in self.links}
        return pages.get("payer-action") or pages.get("approve")


def payment_shown(order: Order) -> ProviderPayment:
    """A capture says most, then a hold, then the order itself."""
    page = order.page
    status, amount, until = _standing(order)
    return ProviderPayment(
        status=status,
        amount=amount,
        provider_ref=order.id,
        our_ref=order.our_ref,
        pay_by=PayBy.LINK if page else None,
        pay_with=page,
        hold_until=until,
    )


def refund_shown(refund: Refund) -> ProviderRefund:
    return ProviderRefund(
        status=_known(_REFUNDS, refund.status),
        amount=refund.amount,
        provider_ref=refund.id,
        our_ref=refund.custom_id or refund.invoice_id,
    )


def _standing(order: Order) -> tuple[PaymentStatus, Money, datetime | None]:
    capture, hold = order.capture, order.hold
    if capture is not None:
        return _known(_CAPTURES, capture.status), capture.amount, None
    if hold is not None:
        until = hold.honoured_until if hold.status == "CREATED" else None
        return _known(_HOLDS, hold.status), hold.amount, until
    return _known(_ORDERS, order.status), order.unit.amount, None


def _known(states: Mapping[str, _T], status: str) -> _T:
    """A state that we never heard of, or one without what must go with it, tells nothing."""
    if status not in states:
        raise ProviderUnreachable("state_unknown")
    return states[status]


def _rank(status: str) -> int:
    return _BEST.index(status) if status in _BEST else len(_BEST)
