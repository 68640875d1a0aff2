"""A SIMULATED provider under an existing name, over the bank of the tests: what a shop types in,
what the provider then says of it, and how often it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.app import Tuanzi
from data.payments.accounts import Credentials
from data.payments.gateway import ProviderUnreachable
from integrations.payments import SandboxGateway
from integrations.payments.kinds import (
    BadCredentials,
    Connected,
    Field,
    Finding,
    Kind,
    Mode,
    Wiring,
)

NAME = "paypal"
CANARY = "sk-canary-secret-1"
CHAIN = "-----BEGIN CANARY-----\r\nchain-canary-2\r\n-----END CANARY-----"
GIVEN = {"account": "acct_1", "mode": "sandbox", "key": CANARY, "chain": CHAIN, "cert": "a\r\nb"}
_KEY = "a-secret-of-sixteen-letters"


@dataclass(slots=True)
class MadeUpBank:
    """`away`: it does not answer. `opened`: with which credentials, the last time."""

    findings: Sequence[Finding] = (Finding(True, "key"),)
    away: str = ""
    opened: list[Credentials] = field(default_factory=list)

    def move_in(self, tuanzi: Tuanzi) -> None:
        tuanzi.gateways.kinds = {NAME: self._kind(tuanzi)}

    def _kind(self, tuanzi: Tuanzi) -> Kind:
        def open_account(credentials: Credentials, wiring: Wiring) -> Connected:
            if "wrong" in credentials.secrets["key"]:
                raise BadCredentials("key")
            self.opened.append(credentials)
            return _Account(tuanzi, self, wiring)

        return Kind(
            name=NAME,
            fields=(
                Field("account"),
                Field("mode", choices=tuple(Mode)),
                Field("key", secret=True),
                Field("chain", secret=True, lines=True, optional=True),
                Field("cert", lines=True, optional=True),
            ),
            identity="account",
            open=open_account,
            media_types=frozenset({"application/json"}),
        )


class _Account(SandboxGateway):
    def __init__(self, tuanzi: Tuanzi, bank: MadeUpBank, wiring: Wiring) -> None:
        super().__init__(tuanzi.database, wiring.clock, secret=_KEY)
        self._made_up = bank

    async def check(self) -> Sequence[Finding]:
        if self._made_up.away:
            raise ProviderUnreachable(self._made_up.away)
        return self._made_up.findings
