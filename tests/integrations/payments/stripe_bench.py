"""What tests of our Stripe client begin with."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from data.kernel.clock import Clock
from data.payments.accounts import Credentials
from integrations.egress import Egress
from integrations.payments.kinds import Wiring
from integrations.payments.stripe import KIND
from tests.peers.money.stripe_face import KEY, SECRET

ACCOUNT = "acct_1CANARY"
NOTIFY = "https://shop.example/webhooks/payments/pac_1"
_T = TypeVar("_T")


def credentials(**typed: str) -> Credentials:
    """As a merchant types them in."""
    usual = {"account": ACCOUNT, "api_key": KEY, "webhook_secret": SECRET}
    return KIND.read({**usual, **typed})


def wiring(address: str, clock: Clock) -> Wiring:
    back = "https://shop.example/pay/back"
    return Wiring(clock, Egress.to("127.0.0.0/8"), NOTIFY, back, address)


def do(call: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(call)
