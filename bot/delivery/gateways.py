"""The gateway of each payment: the house's own by their names, a shop's by its account there."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.encryption import Unreadable
from data.payments.account_models import PaymentAccount
from data.payments.accounts import OVERLAP, accounts_of, credentials_of
from data.payments.gateway import Flags, Gateway, Scene
from data.payments.sandbox_bank import SANDBOX
from integrations.egress import Egress
from integrations.payments.kinds import BadCredentials, Connected, Kind, Wiring

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Gateways:
    """`house`: the simulated bank, and what messengers take. `addresses`: where a provider is to be
    found instead of its own place (tests)."""

    database: Database
    clock: Clock
    public_url: str
    kinds: Mapping[str, Kind]
    egress: Egress = field(default_factory=Egress)
    addresses: Mapping[str, str] = field(default_factory=dict)
    house: dict[str, Gateway] = field(default_factory=dict)
    _made: dict[str, tuple[object, Connected]] = field(default_factory=dict)

    async def of(self, provider: str, account_id: str | None) -> Gateway | None:
        """None: there is none, or what opens it cannot be read."""
        if account_id is None:
            return self.house.get(provider)
        return await asyncio.to_thread(self._of_account, account_id)

    def open(self, session: Session, account: PaymentAccount) -> Connected | None:
        """None: the house's key for its secrets is lost, or they are of no use."""
        state = self._state(account)
        made = self._made.get(account.id)
        if made is not None and made[0] == state:
            return made[1]
        try:
            credentials = credentials_of(session, account, now=self.clock.now())
            gateway = self.kinds[account.provider].open(credentials, self.wiring(account))
        except (Unreadable, BadCredentials, KeyError) as problem:
            log.error("payment account %s: %s", account.id, type(problem).__name__)
            return None
        self._made[account.id] = (state, gateway)
        return gateway

    def ways(
        self, session: Session, *, merchant_id: str, scene: Scene, currency: str
    ) -> list[PaymentAccount]:
        """Through which of its accounts a shop is paid from there, in that currency."""
        return [
            account
            for account in accounts_of(session, merchant_id=merchant_id)
            if account.enabled and self._takes(session, account, scene, currency)
        ]

    def ways_to_pay(self, session: Session, merchant_id: str) -> list[str]:
        """The providers through which this shop can be paid, the simulated bank among them; else
        "none"."""
        mine = accounts_of(session, merchant_id=merchant_id)
        found = [one.provider for one in mine if one.enabled and self.open(session, one)]
        return [*found, *(name for name in self.house if name == SANDBOX)] or ["none"]

    def longest_hold(self, session: Session, merchant_id: str) -> timedelta | None:
        """For how long money of this shop's buyers can be reserved at least: the shortest of what
        its providers that can do it give. None: none of them can."""
        mine = accounts_of(session, merchant_id=merchant_id)
        opened = [self.open(session, account) for account in mine if account.enabled]
        flags = [one.flags for one in (*opened, *self.house.values()) if one is not None]
        holds = [one.longest_hold for one in flags if one.can_authorize]
        return min((hold for hold in holds if hold is not None), default=None)

    def wiring(self, account: PaymentAccount) -> Wiring:
        return Wiring(
            clock=self.clock,
            egress=self.egress,
            notify_url=f"{self.public_url}/webhooks/payments/{account.id}",
            return_url=f"{self.public_url}/pay/back",
            address=self.addresses.get(account.provider),
        )

    def _of_account(self, account_id: str) -> Gateway | None:
        with self.database.reading() as session:
            account = session.get(PaymentAccount, account_id)
            return None if account is None else self.open(session, account)

    def _takes(
        self, session: Session, account: PaymentAccount, scene: Scene, currency: str
    ) -> bool:
        gateway = self.open(session, account)
        return gateway is not None and suits(gateway.flags, scene, currency)

    def _state(self, account: PaymentAccount) -> object:
        """What a gateway was made of: the account as it is, with its secrets before or without."""
        rotated = account.rotated_at
        return account.version, rotated is not None and self.clock.now() < rotated + OVERLAP


def suits(flags: Flags, scene: Scene, currency: str) -> bool:
    return scene in flags.scenes and (not flags.currencies or currency in flags.currencies)
