"""A shop's app at the stand-in of Alipay, and what its tests ask for again and again."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from data.kernel.money import Money
from data.payments.accounts import Credentials
from data.payments.gateway import Details, NewPayment, NewRefund, PaymentRef, Scene
from integrations.egress import Egress
from integrations.payments.alipay import KIND, Alipay
from integrations.payments.kinds import Wiring
from tests.builders import NOW
from tests.peers.money.alipay_face import Face
from tests.peers.money.alipay_keys import APP_ID, SELLER_ID, keys

NOTIFY_URL = "https://shop.example/webhooks/payments/pac_1"
UNTIL = NOW + timedelta(minutes=30)
SUM = Money(9900, "CNY")
WANTED = NewPayment(
    key="0123456789abcdef0123456789abcdef",
    amount=SUM,
    order_id="ord_1",
    details=Details(about="团子礼物铺 · ord_1", scene=Scene.PHONE, expires_at=UNTIL),
)
REF = PaymentRef(WANTED.key, None, SUM, is_offered=True, expires_at=UNTIL)
BACK = NewRefund(key="f" * 32, amount=SUM, payment=REF)


def typed(**other: str) -> dict[str, str]:
    """What a merchant types in."""
    told = {
        "app_id": APP_ID,
        "seller_id": SELLER_ID,
        "mode": "sandbox",
        "private_key": keys("shop").private,
        "alipay_public_key": keys("alipay").public,
        "desktop": "page",
    }
    return {**told, **other}


def credentials(**other: str) -> Credentials:
    return KIND.read(typed(**other))


def wiring(face: Face, *, notify_url: str = NOTIFY_URL) -> Wiring:
    return Wiring(
        clock=face.clock,
        egress=Egress.to("127.0.0.0/8"),
        notify_url=notify_url,
        return_url="https://shop.example/pay/back",
        address=face.address,
    )


def an_alipay(face: Face, **other: str) -> Alipay:
    return Alipay(credentials(**other), wiring(face))


def at(scene: Scene) -> NewPayment:
    return replace(WANTED, details=replace(WANTED.details, scene=scene))


def do(call: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(call)


def parameters(link: str | None) -> Mapping[str, str]:
    return dict(parse_qsl(urlsplit(link or "").query))
