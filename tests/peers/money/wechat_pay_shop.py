"""A shop's account at WeChat Pay's stand-in, and the clients that speak for it: ours, theirs."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from wechatpayv3 import WeChatPay as TheirClient
from wechatpayv3 import WeChatPayType

from data.kernel.clock import Clock
from data.kernel.money import Money
from data.payments.accounts import Credentials
from data.payments.gateway import Details, NewPayment, NewRefund, PaymentRef, Scene
from integrations.egress import Egress
from integrations.payments.kinds import Wiring
from integrations.payments.wechat_pay import KIND, WeChatPay
from tests.builders import NOW
from tests.peers.money.wechat_pay_face import APPID, MCHID, Face
from tests.peers.money.wechat_pay_keys import (
    API_KEY,
    KEY_ID,
    MERCHANT_SERIAL,
    private_pem,
    public_pem,
)

LOOPBACK = Egress.to("127.0.0.0/8")
NOTIFY = "https://shop.example/webhooks/payments/pac_1"
BACK = "https://shop.example/pay/back"
TEN = Money(1000, "CNY")
KEY, REFUND_KEY = "a1" * 16, "b2" * 16
ABOUT = Details(about="团子礼物铺 R7", expires_at=NOW + timedelta(minutes=30))
WANTED = NewPayment(key=KEY, amount=TEN, order_id="ord_1", details=ABOUT)
REF = PaymentRef(KEY, None, TEN)
GIVE_BACK = NewRefund(key=REFUND_KEY, amount=TEN, payment=REF)
_T = TypeVar("_T")


def do(call: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(call)


def typed(**changed: str) -> dict[str, str]:
    """What the merchant types in."""
    return {
        "mchid": MCHID,
        "appid": APPID,
        "api_v3_key": API_KEY.decode(),
        "merchant_key": private_pem("merchant"),
        "merchant_serial": MERCHANT_SERIAL,
        "platform_key": public_pem("platform"),
        "platform_key_id": KEY_ID,
        **changed,
    }


def credentials(**changed: str) -> Credentials:
    return KIND.read(typed(**changed))


def wiring(clock: Clock, *, address: str | None = None, notify_url: str = NOTIFY) -> Wiring:
    return Wiring(clock, LOOPBACK, notify_url, BACK, address)


def a_gateway(face: Face, told: Credentials | None = None) -> WeChatPay:
    gateway = KIND.open(told or credentials(), wiring(face.clock, address=face.url))
    assert isinstance(gateway, WeChatPay)
    return gateway


def their_client(face: Face, **changed: Any) -> TheirClient:
    """The client that others wrote. It has no option for another address (2.0.4)."""
    told = {
        "wechatpay_type": WeChatPayType.NATIVE,
        "mchid": MCHID,
        "private_key": private_pem("merchant"),
        "cert_serial_no": MERCHANT_SERIAL,
        "appid": APPID,
        "apiv3_key": API_KEY.decode(),
        "notify_url": NOTIFY,
        "public_key": public_pem("platform"),
        "public_key_id": KEY_ID,
        "timeout": 30,
    }
    client = TheirClient(**{**told, **changed})
    client._core._gate_way = face.url
    return client


def on(scene: Scene, **details: Any) -> NewPayment:
    told = Details(about="R7", scene=scene, **details)
    return NewPayment(key=KEY, amount=TEN, order_id="ord_1", details=told)
