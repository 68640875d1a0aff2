"""Makes the calls of actions that are due: lease in one transaction, call with none open, then take
the answer in another, together with the turn that goes on with it.

Whoever dies in between is followed by another, after the lease, with the same idempotency key.
"""

import asyncio
import logging
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.delivery.action_transports import Transports
from bot.delivery.bell import Bell, heard
from bot.delivery.waking import stage_of
from data.actions import (
    ActionCall,
    DueCall,
    calls_due,
    forget_trouble,
    lease_calls,
    next_try,
    note_trouble,
)
from data.conversations import StaleConversation
from data.kernel.clock import Clock
from data.kernel.database import Database
from dialogs.actions.contract import CallFailed, Reason
from dialogs.answering import take_answer
from dialogs.house import Cause, House

log = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
_FIRST_RETRY = timedelta(seconds=1)
_TRIES = 20  # of taking an answer; the customer's or staff's own turn may come between
# An answer is none of staff's business, and neither is a server that is away for a moment.
_NO_TROUBLE = frozenset({Reason.REFUSED, Reason.TIMEOUT, Reason.UNREACHABLE, Reason.BUSY})


class ActionCaller:
    """One per process; leases keep two of them from making the same call at once."""

    def __init__(
        self, database: Database, clock: Clock, house: House, transports: Transports, bell: Bell
    ) -> None:
        self._database = database
        self._clock = clock
        self._house = house
        self._transports = transports
        self._bell = bell
        self._under_way: Counter[str] = Counter()  # by merchant

    async def run(self) -> None:
        """Until cancelled. One that takes its time holds up no other."""
        with self._bell.listening(ActionCall.__tablename__) as rung:
            async with asyncio.TaskGroup() as group:
                while True:
                    rung.clear()
                    for call in await self._look():
                        group.create_task(self._try(call))
                    await heard(rung, _POLL_SECONDS)

    async def drain(self) -> int:
        """Make every call that is due now; gives how many."""
        calls = await asyncio.to_thread(self._lease)
        await asyncio.gather(*(self._try(call) for call in calls))
        return len(calls)

    async def _look(self) -> list[DueCall]:
        """A database that is away for a moment must not end the caller."""
        try:
            return await asyncio.to_thread(self._lease)
        except Exception:
            log.exception("calls of actions")
            return []

    async def _try(self, call: DueCall) -> None:
        self._under_way[call.merchant_id] += 1
        try:
            answer = await self._call(call)
            await asyncio.to_thread(self._take, call, answer)
        except Exception:  # its lease runs out, and its deadline comes in any case
            log.exception("call of %s", call.action)
        finally:
            self._under_way[call.merchant_id] -= 1

    async def _call(self, call: DueCall) -> object:
        """The answer, or why there is none."""
        try:
            transport = await asyncio.to_thread(self._transports.of, call)
            return await transport.call(call.payload)
        except CallFailed as failed:
            log.warning("call of %s: %s %s", call.action, failed.reason, failed.detail)
            return failed

    def _lease(self) -> list[DueCall]:
        now = self._clock.now()
        with self._database.reading() as session:
            if not calls_due(session, now=now):
                return []
        with self._database.transaction() as session:
            return lease_calls(session, now=now, under_way=self._under_way)

    def _take(self, call: DueCall, answer: object) -> None:
        if isinstance(answer, CallFailed) and self._may_wait(call, answer):
            return
        for _ in range(_TRIES):
            try:
                self._commit(call, answer)
                return
            except StaleConversation:
                continue

    def _may_wait(self, call: DueCall, failed: CallFailed) -> bool:
        """Again after a while, as long as the person's patience lasts."""
        at = self._clock.now() + _FIRST_RETRY * 2 ** (call.attempts - 1)
        if not failed.may_pass or at >= call.deadline:
            return False
        with self._database.transaction() as session:
            next_try(session, call=call, at=at, reason=f"{failed.reason} {failed.detail}")
        return True

    def _commit(self, call: DueCall, answer: object) -> None:
        now = self._clock.now()
        with self._database.transaction() as session:
            stage = stage_of(session, call.conversation_id)
            refused = take_answer(
                session,
                self._house,
                stage=stage,
                call=call,
                answer=answer,
                cause=Cause(f"call:{call.id}", now, call.inbox_id),
            )
            _tell_staff(session, call, refused, now)


def _tell_staff(session: Session, call: DueCall, refused: CallFailed | None, now: datetime) -> None:
    merchant_id, action = call.merchant_id, call.action
    if refused is None:
        forget_trouble(session, merchant_id=merchant_id, action=action)
    elif refused.reason not in _NO_TROUBLE:
        trouble = f"{refused.reason} {refused.detail}".strip()
        note_trouble(session, merchant_id=merchant_id, action=action, trouble=trouble, now=now)
