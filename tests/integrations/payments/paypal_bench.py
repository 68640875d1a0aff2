"""What tests of our PayPal client begin with."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from data.kernel.clock import Clock
from data.kernel.money import Money
from data.payments.accounts import Credentials
from data.payments.gateway import Details, NewPayment, NewRefund, PaymentRef, ProviderPayment
from integrations.egress import Egress
from integrations.payments.kinds import Wiring
from integrations.payments.paypal import KIND, PayPal
from tests.peers.money.paypal_face import CLIENT, SECRET, WEBHOOK, Face

NOTIFY = "https://shop.example/webhooks/payments/pac_1"
BACK = "https://shop.example/pay/back"
LOOPBACK = Egress.to("127.0.0.0/8")
TEN = Money(1000, "USD")
KEY, REFUND_KEY, OTHER_REFUND = "a1" * 16, "b2" * 16, "c3" * 16
WANTED = NewPayment(key=KEY, amount=TEN, order_id="ord_1", details=Details(about="Gifts R7"))
HELD = replace(WANTED, authorize_only=True)
_T = TypeVar("_T")


def do(call: Coroutine[Any, Any, _T]) -> _T:
    """Each on a loop of its own, as callers of a gateway may be."""
    return asyncio.run(call)


def credentials(**typed: str) -> Credentials:
    """As a merchant types them in."""
    usual = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "webhook_id": WEBHOOK,
        "mode": "sandbox",
    }
    return KIND.read({**usual, **typed})


def wiring(clock: Clock, address: str | None) -> Wiring:
    return Wiring(clock, LOOPBACK, NOTIFY, BACK, address)


def a_gateway(face: Face, **typed: str) -> PayPal:
    gateway = KIND.open(credentials(**typed), wiring(face.clock, face.url))
    assert isinstance(gateway, PayPal)
    return gateway


def created(gateway: PayPal, wanted: NewPayment = WANTED) -> PaymentRef:
    shown = do(gateway.create_payment(wanted))
    return PaymentRef(wanted.key, shown.provider_ref, wanted.amount)


def paid(gateway: PayPal, face: Face, wanted: NewPayment = WANTED) -> PaymentRef:
    ref = created(gateway, wanted)
    face.approves(wanted.key)
    do(gateway.query(ref))
    return ref


def let_go(ref: PaymentRef) -> PaymentRef:
    return replace(ref, let_go=True)


def looked_at(gateway: PayPal, ref: PaymentRef) -> ProviderPayment:
    shown = do(gateway.query(ref))
    assert shown is not None
    return shown


def back(ref: PaymentRef, minor: int = 1000, key: str = REFUND_KEY) -> NewRefund:
    return NewRefund(key, Money(minor, ref.amount.currency), ref)
