"""One provider's API from here: calls over TLS to its own host, each on a connection of its own.

A shop makes few of them, and a gateway that keeps none open belongs to no event loop and to no
thread. Whoever holds the idempotency key decides about another try.
"""

import httpx

from data.payments.gateway import ProviderUnreachable
from integrations.http import Caller, Reply, Request, Unreachable
from integrations.payments.kinds import Wiring

_TOO_MANY, _SERVER_ERRORS = 429, 500


class Line:
    """`address`: where the provider is, unless the wiring names another place."""

    def __init__(self, wiring: Wiring, address: str) -> None:
        self.address = (wiring.address or address).rstrip("/")
        self._egress = wiring.egress

    async def send(self, request: Request) -> Reply:
        """Whatever the provider answered, its refusals too. ProviderUnreachable: we cannot tell
        whether it acted (no answer, one that nobody can read, 429, 5xx)."""
        caller = Caller({httpx.URL(self.address).host}, egress=self._egress)
        try:
            reply = await caller.send(request)
        except Unreachable as silence:
            raise ProviderUnreachable(str(silence)) from None
        finally:
            await caller.close()
        if reply.status == _TOO_MANY or reply.status >= _SERVER_ERRORS:
            raise ProviderUnreachable(f"status_{reply.status}")
        return reply
