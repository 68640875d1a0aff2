"""The simulated bank as a shop's own account at a provider, so that the pages are tried with links,
codes and two ways at once. Its books are the bank's; how it hands over is made up here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select

from data.orders import Order
from data.payments.accounts import Credentials, connect_account
from data.payments.gateway import (
    EVERYWHERE,
    Flags,
    NewPayment,
    PayBy,
    PaymentRef,
    ProviderPayment,
    ProviderUnreachable,
    Scene,
)
from integrations.payments import SandboxGateway
from integrations.payments.kinds import Field, Finding, Kind, Wiring
from tests.bot.open_demo import Demo

TARGET = "https://bank.example/pay?order=1&x=2"
CODE = "weixin://wxpay/bizpayurl?pr=s1mul4ted"
KEY = "a-secret-of-sixteen-letters"


@dataclass(frozen=True, slots=True)
class Place:
    """How one made-up provider behaves."""

    name: str
    by: PayBy
    scenes: frozenset[Scene] = EVERYWHERE
    currencies: frozenset[str] = frozenset()
    life: timedelta | None = None
    closes: bool = True

    def kind(self, demo: Demo) -> Kind:
        return Kind(
            name=self.name,
            fields=(Field("account"), Field("key", secret=True)),
            identity="account",
            open=lambda _credentials, wiring: _Account(demo, self, wiring),
            media_types=frozenset({"application/json"}),
        )


class _Account(SandboxGateway):
    def __init__(self, demo: Demo, place: Place, wiring: Wiring) -> None:
        super().__init__(demo.tuanzi.database, wiring.clock, secret=KEY)
        self._place = place
        self.wiring = wiring

    @property
    def name(self) -> str:
        return self._place.name

    @property
    def flags(self) -> Flags:
        return Flags(scenes=self._place.scenes, currencies=self._place.currencies)

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        shown = await super().create_payment(wanted)
        told = CODE if self._place.by is PayBy.QR else TARGET
        life = self._place.life
        until = self.wiring.clock.now() + life if life else None
        return replace(shown, pay_by=self._place.by, pay_with=told, pay_until=until)

    async def close(self, payment: PaymentRef) -> ProviderPayment:
        if self._place.closes:
            return await super().close(payment)
        shown = await self.query(payment)
        if shown is None:
            raise ProviderUnreachable("not_there")
        return shown

    async def check(self) -> Sequence[Finding]:
        return ()


def connect(demo: Demo, *places: Place, merchant_id: str = "") -> list[str]:
    """Accounts of this shop, or of the one that took the order; gives their ids."""
    gateways = demo.tuanzi.gateways
    gateways.kinds = {place.name: place.kind(demo) for place in places}
    with demo.tuanzi.database.transaction() as session:
        if not merchant_id:
            merchant_id = session.scalars(select(Order.merchant_id).limit(1)).one()
        return [
            connect_account(
                session,
                merchant_id=merchant_id,
                provider=place.name,
                credentials=Credentials(f"at-{place.name}", {}, {"key": KEY}),
                by="owner@example.com",
                now=demo.tuanzi.clock.now(),
            ).id
            for place in places
        ]
