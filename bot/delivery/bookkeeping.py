"""Looks back at what was paid: fees, refunds made at the provider, disputes. A loop of its own, so
that a slow answer to such a question never stands in the way of a payment."""

import asyncio
import logging

from bot.delivery.bell import Bell, heard
from bot.delivery.gateways import Gateways
from bot.delivery.side_by_side import side_by_side
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.payments import Look, PaymentLook, lease_looks, looks_due, record_look
from data.payments.gateway import NoAnswer, Standing
from integrations.payments import look

log = logging.getLogger(__name__)
_POLL_SECONDS = 30
_LOOKS = (PaymentLook.__tablename__,)  # rows that say: a notice hints at something


class Bookkeeper:
    """One per process; leases keep two of them from asking at once."""

    def __init__(self, database: Database, clock: Clock, gateways: Gateways, bell: Bell) -> None:
        self._database = database
        self._clock = clock
        self._gateways = gateways
        self._bell = bell

    async def run(self) -> None:
        """Until cancelled."""
        with self._bell.listening(*_LOOKS) as rung:
            while True:
                rung.clear()
                await self._try_due()
                await heard(rung, _POLL_SECONDS)

    async def drain(self) -> int:
        """Look at everything that is due now; gives how much that was."""
        looks = await asyncio.to_thread(self._lease)
        await side_by_side(looks, self._look, self._clock)
        return len(looks)

    async def _try_due(self) -> None:
        try:
            await self.drain()
        except Exception:
            log.exception("payment looks")

    async def _look(self, wanted: Look) -> None:
        shown = await self._ask(wanted)
        await asyncio.to_thread(self._record, wanted, shown)

    async def _ask(self, wanted: Look) -> Standing | NoAnswer | None:
        gateway = await self._gateways.of(wanted.provider, wanted.account_id)
        if gateway is None:
            return NoAnswer("no_gateway")
        return await look(wanted, gateway) if gateway.flags.can_query else None

    def _lease(self) -> list[Look]:
        now = self._clock.now()
        with self._database.reading() as session:
            if not looks_due(session, now=now):
                return []
        with self._database.transaction() as session:
            return lease_looks(session, now=now)

    def _record(self, wanted: Look, shown: Standing | NoAnswer | None) -> None:
        with self._database.transaction() as session:
            record_look(session, wanted, shown, now=self._clock.now())
