"""How a merchant's own action is called: in this process, or on the server they connected."""

from dataclasses import dataclass

from data.actions import DueCall, secret_of, server_of
from data.kernel.clock import SystemClock
from data.kernel.database import Database
from data.kernel.encryption import Unreadable
from dialogs.actions.contract import CallFailed, Json, Reason, Transport
from dialogs.actions.packages import Packages
from integrations.action_servers import ActionServer, NoAnswer
from integrations.egress import Egress

_WIRE = SystemClock()  # their clock is not turned with ours


@dataclass(frozen=True, slots=True)
class OverHttp:
    """One call on one server; `key` is the same for each of its tries."""

    server: ActionServer
    key: str

    async def call(self, payload: Json) -> object:
        try:
            return await self.server.call(payload, key=self.key, now=_WIRE.now())
        except NoAnswer as none:
            raise CallFailed(Reason(none.problem.value), none.detail) from None

    def close(self) -> None:
        """Each call has a connection of its own."""


@dataclass(frozen=True, slots=True)
class Transports:
    """What this process has comes first."""

    database: Database
    packages: Packages
    egress: Egress

    def of(self, call: DueCall) -> Transport:
        """CallFailed where the action is nobody's."""
        here = self.packages.transport(call.merchant_id, call.action)
        return here or OverHttp(self._server(call), call.key)

    def _server(self, call: DueCall) -> ActionServer:
        with self.database.reading() as session:
            server = server_of(session, merchant_id=call.merchant_id)
            if server is None or call.action not in server.names:
                raise CallFailed(Reason.UNKNOWN_ACTION, call.action)
            try:
                return ActionServer(server.url, secret_of(session, server), self.egress)
            except Unreadable:
                raise CallFailed(Reason.FORBIDDEN, "secret") from None
