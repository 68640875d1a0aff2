"""The doors at which providers call us, each with the same list of calls that must not get in.

Our route, rows and gateways are the real ones. Every provider is its SIMULATED stand-in, with a
clock of its own: what it signs is genuine but for what a test does to it. Two providers have no
such door: Telegram tells of money among its updates (test_webhooks.py), the simulated bank is ours.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from httpx import Response
from sqlalchemy import func, select

from data.delivery.models import Job
from data.kernel.clock import Clock, TurnableClock
from data.kernel.money import Money
from data.payments.account_models import PaymentAccount
from data.payments.accounts import Credentials, connect_account
from data.payments.gateway import Details, NewPayment, ProviderPayment, Scene
from data.payments.models import PaymentNotice
from integrations.egress import Egress
from integrations.payments import KINDS
from tests.bot.client import TestClient
from tests.bot.conftest import ADDRESS, Street
from tests.integrations.payments import alipay_shop, paypal_bench
from tests.peers.money import (
    alipay_face,
    paypal_face,
    stripe_face,
    wechat_pay_running,
    wechat_pay_shop,
)

KEY = "a1" * 16
_SOON = timedelta(minutes=6)  # past what a stamp may be off by
_FORM = "application/x-www-form-urlencoded"
_Shown = ProviderPayment
_STRIPE = {"api_key": stripe_face.KEY, "webhook_secret": stripe_face.SECRET}


@dataclass(frozen=True, slots=True)
class Call:
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Provider:
    """`pays`: what was begun is paid there, and this is how it is told. `signature`: the header it
    stands in; empty: it stands in the form. `stale`: a call so old is not believed; None: its calls
    tell no time, and one is taken once by its name."""

    name: str
    currency: str
    running: Callable[[Clock], AbstractContextManager[Any]]
    credentials: Callable[[Any], Credentials]
    pays: Callable[[Any, _Shown], Call]
    signature: str
    stale: timedelta | None = _SOON


def _by_stripe(face: Any, _: _Shown) -> Call:
    face.books.pay(face.session_of(KEY))
    return Call(*face.signed(face.told("checkout.session.completed")))


def _by_wechat(face: Any, _: _Shown) -> Call:
    face.pays(KEY)
    call = face.paid_notice(KEY)
    return Call(call.body, call.headers)


def _by_alipay(face: Any, shown: _Shown) -> Call:
    face.open_page(shown.pay_with)
    face.pay(KEY)
    return Call(face.notice(KEY), {"Content-Type": f"{_FORM}; charset=utf-8"})


def _by_paypal(face: Any, _: _Shown) -> Call:
    call = face.order_call(face.approves(KEY))
    return Call(call.body, call.headers)


PROVIDERS = (
    Provider(
        "stripe",
        "CNY",
        stripe_face.running_stripe,
        lambda face: KINDS["stripe"].read({**_STRIPE, "account": face.books.account}),
        _by_stripe,
        "Stripe-Signature",
    ),
    Provider(
        "wechat_pay",
        "CNY",
        wechat_pay_running.running_face,
        lambda _: wechat_pay_shop.credentials(),
        _by_wechat,
        "Wechatpay-Signature",
    ),
    Provider(
        "alipay",
        "CNY",
        lambda clock: alipay_face.serving(alipay_face.Face(clock)),
        lambda _: alipay_shop.credentials(),
        _by_alipay,
        "",
        None,
    ),
    Provider(
        "paypal",
        "USD",
        paypal_face.running_face,
        lambda _: paypal_bench.credentials(),
        _by_paypal,
        "Paypal-Transmission-Sig",
        timedelta(days=4, minutes=1),
    ),
)


@dataclass(frozen=True, slots=True)
class Door:
    """A payment that was begun and paid there, and nobody here has been told."""

    street: Street
    provider: Provider
    face: Any
    theirs: TurnableClock
    account: str
    shown: _Shown

    def genuine(self) -> Call:
        return self.provider.pays(self.face, self.shown)

    def post(self, call: Call) -> Response:
        client = TestClient(self.street.site, base_url=ADDRESS)
        path = f"/webhooks/payments/{self.account}"
        answer: Response = client.post(path, content=call.body, headers=dict(call.headers))
        return answer

    def turn_ours(self, by: timedelta) -> None:
        clock = self.street.tuanzi.clock
        assert isinstance(clock, TurnableClock)
        clock.advance(by)

    def kept(self) -> SimpleNamespace:
        """What calls have left behind here."""
        with self.street.tuanzi.database.reading() as session:
            return SimpleNamespace(
                refused=session.get_one(PaymentAccount, self.account).refused,
                notices=session.scalar(select(func.count()).select_from(PaymentNotice)),
                jobs=session.scalar(select(func.count()).select_from(Job)),
            )


@pytest.fixture
def door(request: pytest.FixtureRequest, street: Street) -> Iterator[Door]:
    provider: Provider = request.param
    tuanzi = street.tuanzi
    theirs = TurnableClock(tuanzi.clock.now())
    with provider.running(theirs) as face:
        tuanzi.gateways.egress = Egress.to("127.0.0.0/8")
        tuanzi.gateways.public_url = "https://shop.example"
        address = face.address if provider.name == "alipay" else face.url
        tuanzi.gateways.addresses = {provider.name: address}
        with tuanzi.database.transaction() as session:
            account = connect_account(
                session,
                merchant_id=street.ours.merchant,
                provider=provider.name,
                credentials=provider.credentials(face),
                by="owner",
                now=tuanzi.clock.now(),
            ).id
        shown = asyncio.run(_begin(street, provider, account))
        yield Door(street, provider, face, theirs, account, shown)


async def _begin(street: Street, provider: Provider, account: str) -> _Shown:
    gateway = await street.tuanzi.gateways.of(provider.name, account)
    assert gateway is not None
    until = street.tuanzi.clock.now() + timedelta(hours=1)
    about = Details(about="团子 1001", scene=Scene.PHONE, payer_ip="203.0.113.7", expires_at=until)
    wanted = NewPayment(
        key=KEY, amount=Money(1000, provider.currency), order_id="ord_1", details=about
    )
    return await gateway.create_payment(wanted)


def _with(door: Door, call: Call, change: Callable[[str], str | None]) -> Call:
    """The same call under another signature; None: under none."""
    if door.provider.signature:
        headers = {name.title(): value for name, value in call.headers.items()}
        told = change(headers.pop(door.provider.signature))
        more = {} if told is None else {door.provider.signature: told}
        return replace(call, headers={**headers, **more})
    form = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
    told = change(form.pop("sign"))
    return replace(call, body=urlencode(form | ({} if told is None else {"sign": told})).encode())


def _from_the_future(door: Door) -> Call:
    door.theirs.advance(_SOON)
    return door.genuine()


def _replayed(door: Door) -> Call:
    call = door.genuine()
    assert door.provider.stale is not None
    door.turn_ours(door.provider.stale)
    return call


def _unsigned(door: Door) -> Call:
    return _with(door, door.genuine(), lambda _: None)


def _wrongly_signed(door: Door) -> Call:
    """In the right form: letters of its end are small instead of large."""
    return _with(door, door.genuine(), lambda told: told[:-24] + told[-24:].swapcase())


def _truncated(door: Door) -> Call:
    call = door.genuine()
    return replace(call, body=call.body[:-1])


def _ten_megabytes(door: Door) -> Call:
    call = door.genuine()
    return replace(call, body=call.body + b" " * 10_000_000)


def _of_another_kind(door: Door) -> Call:
    call = door.genuine()
    return replace(call, headers={**call.headers, "Content-Type": "text/plain"})


@pytest.mark.parametrize("door", PROVIDERS, ids=lambda one: one.name, indirect=True)
def test_what_a_provider_signs_is_kept_once_however_often_it_comes(door: Door) -> None:
    call = door.genuine()
    before = door.kept()
    assert [door.post(call).status_code for _ in range(2)] == [200, 200]
    after = door.kept()
    assert (after.notices, after.jobs) == (before.notices + 1, before.jobs + 1)
    assert after.refused == 0


_REFUSED = {
    _from_the_future: 400,
    _replayed: 400,
    _unsigned: 400,
    _wrongly_signed: 400,
    _truncated: 400,
    _ten_megabytes: 413,
    _of_another_kind: 415,
}
CASES = [
    pytest.param(provider, made, status, id=f"{provider.name}{made.__name__}")
    for provider in PROVIDERS
    for made, status in _REFUSED.items()
    if provider.stale is not None or made not in (_from_the_future, _replayed)
]


@pytest.mark.parametrize(("door", "made", "status"), CASES, indirect=["door"])
def test_what_must_not_get_in_is_refused_and_counted_and_changes_nothing(  # T01, T02, T24
    door: Door, made: Callable[[Door], Call], status: int
) -> None:
    call = made(door)
    before = door.kept()
    assert door.post(call).status_code == status
    assert door.kept() == SimpleNamespace(**{**vars(before), "refused": 1})


def test_the_simulated_bank_has_no_such_door(street: Street) -> None:
    client = TestClient(street.site, base_url=ADDRESS)
    assert client.post("/webhooks/payments/sandbox", json={}).status_code == 404
    too_long = client.post("/webhooks/payments/sandbox", content=b" " * 2_000_000)
    assert too_long.status_code == 413
