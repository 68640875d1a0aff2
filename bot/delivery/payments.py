"""Makes the provider calls that are due: lease in one transaction, call with none open, record."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime

from sqlalchemy.orm import Session

from bot.delivery.bell import Bell, heard
from bot.delivery.gateways import Gateways
from bot.delivery.side_by_side import side_by_side
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.payments import (
    Call,
    PaymentAttempt,
    Refund,
    call_broke,
    calls_due,
    lease,
    record_answer,
)
from data.payments.gateway import Answer, NoAnswer
from integrations.payments import perform

log = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
_CALLS = (PaymentAttempt.__tablename__, Refund.__tablename__)  # rows that say: call the bank


class Cashier:
    """One per process; leases keep two of them from making the same call at once."""

    def __init__(self, database: Database, clock: Clock, gateways: Gateways, bell: Bell) -> None:
        self._database = database
        self._clock = clock
        self._gateways = gateways
        self._bell = bell

    async def run(self) -> None:
        """Until cancelled."""
        with self._bell.listening(*_CALLS) as rung:
            while True:
                rung.clear()
                await self._try_due()
                await heard(rung, _POLL_SECONDS)

    async def drain(self) -> int:
        """Make every call that is due now; gives how many."""
        calls = await asyncio.to_thread(self._lease, None)
        await side_by_side(calls, self._make, self._clock)
        return len(calls)

    async def call_now(self, attempt_id: str) -> None:
        """Somebody waits at the pay page for this attempt; a call that breaks leaves them waiting,
        as one that nobody answers does."""
        calls = await asyncio.to_thread(self._lease, attempt_id)
        with suppress(Exception):  # it is noted
            await side_by_side(calls, self._make, self._clock)

    async def _try_due(self) -> None:
        try:
            await self.drain()
        except Exception:
            log.exception("payment calls")

    async def _make(self, call: Call) -> None:
        try:
            gateway = await self._gateways.of(call.provider, call.account_id)
            answer = await perform(call, gateway) if gateway else NoAnswer("no_gateway")
            await asyncio.to_thread(self._record, call, answer)
        except Exception as error:
            log.exception("payment call %s for %s broke", call.verb, call.subject_id)
            await asyncio.to_thread(self._note_break, call, type(error).__name__)
            raise

    def _lease(self, attempt_id: str | None) -> list[Call]:
        """Mostly nothing is due, and a look takes no lock; an attempt that was begun a moment ago
        needs none."""
        now = self._clock.now()
        if attempt_id is None and not self._is_any_due(now):
            return []
        with self._database.transaction() as session:
            return lease(session, now=now, attempt_id=attempt_id)

    def _is_any_due(self, now: datetime) -> bool:
        with self._database.reading() as session:
            return bool(calls_due(session, now=now))

    def _record(self, call: Call, answer: Answer) -> None:
        def write(session: Session) -> None:
            record_answer(session, call=call, answer=answer, now=self._clock.now())

        self._database.settle(write)

    def _note_break(self, call: Call, error: str) -> None:
        with self._database.transaction() as session:
            call_broke(session, call=call, error=error, now=self._clock.now())
