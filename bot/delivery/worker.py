"""The worker: finds lanes with work due and does it, one job of a lane at a time.

A job's handler touches only the database. What must wait for something else (understanding a
message, asking a payment provider) is prepared before the transaction opens.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.delivery.bell import Bell, heard
from data.conversations import StaleConversation
from data.delivery import jobs
from data.delivery.models import Job, Lane
from data.kernel.clock import Clock
from data.kernel.database import Database

log = logging.getLogger(__name__)
# The net under the in-process wake-up: another process may have enqueued.
POLL_SECONDS = 0.25
_LANES_AT_ONCE = 4
_STALE_RETRIES = 5


@dataclass(frozen=True, slots=True)
class JobKind:
    """`prepare` runs first, with no transaction open; what it gives is handed to `run`."""

    run: Callable[[Session, Job, datetime, Any], None]
    prepare: Callable[[Job, datetime], Any] | None = None


class Worker:
    """One per process; it looks again whenever something was committed here."""

    def __init__(
        self, database: Database, clock: Clock, kinds: Mapping[str, JobKind], bell: Bell
    ) -> None:
        self._database = database
        self._clock = clock
        self._kinds = kinds
        self._bell = bell
        self._busy: set[str] = set()

    async def run(self) -> None:
        """Until cancelled. An error in one lane is logged and counted, and stops no other."""
        slots = asyncio.Semaphore(_LANES_AT_ONCE)
        with self._bell.listening(Lane.__tablename__) as rung:
            async with asyncio.TaskGroup() as group:
                while True:
                    rung.clear()
                    for lane in await self._look():
                        await slots.acquire()
                        self._busy.add(lane)
                        group.create_task(self._work(lane, slots))
                    await heard(rung, POLL_SECONDS)

    async def _look(self) -> list[str]:
        """A database that is away for a moment must not end the worker."""
        try:
            return await asyncio.to_thread(self._due)
        except Exception:
            log.exception("lanes")
            return []

    async def _work(self, lane: str, slots: asyncio.Semaphore) -> None:
        try:
            await asyncio.to_thread(self.drain_lane, lane)
        except Exception:
            log.exception("lane %s", lane)
        finally:
            self._busy.discard(lane)
            slots.release()

    def _due(self) -> list[str]:
        with self._database.reading() as session:
            lanes = jobs.due_lanes(session, now=self._clock.now())
        return [lane for lane in lanes if lane not in self._busy]

    async def drain(self) -> int:
        """Do everything that is due now; gives how many jobs ran."""
        return await asyncio.to_thread(self._drain)

    def _drain(self) -> int:
        done = 0
        while lanes := self._due():
            done += sum(self.drain_lane(lane) for lane in lanes)
        return done

    def drain_lane(self, lane: str) -> int:
        done = 0
        while self._do_next(lane):
            done += 1
        return done

    def _do_next(self, lane: str) -> bool:
        now = self._clock.now()
        job = self._next(lane, now)
        if job is None:
            return False
        try:
            self._attempt(job, now)
        except Exception as error:
            log.exception("job %s %s", job.id, job.kind)
            with self._database.transaction() as session:
                jobs.fail(session, job_id=job.id, error=type(error).__name__, now=now)
        return True

    def _next(self, lane: str, now: datetime) -> Job | None:
        """Writers of SQLite come one by one, and this is asked twice for each job: only a lane
        that is due without one is worth the wait, to be put to rest."""
        with self._database.reading() as session:
            is_due, job = jobs.peek(session, lane=lane, now=now)
        if job is not None or not is_due:
            return job
        with self._database.transaction() as session:
            return jobs.claim(session, lane=lane, now=now)

    def _attempt(self, job: Job, now: datetime) -> None:
        kind = self._kinds[job.kind]
        for _ in range(_STALE_RETRIES):
            prepared = kind.prepare(job, now) if kind.prepare else None
            try:
                with self._database.transaction() as session:
                    if jobs.finish(session, job_id=job.id, now=now):
                        kind.run(session, job, now, prepared)
                return
            except StaleConversation:
                continue
        raise StaleConversation(job.lane)
