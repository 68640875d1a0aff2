"""Outbox ▸ messenger: in order within a chat, and a slow chat never holds up another.

A row is leased before it is sent, so after a crash it is tried again: at least once, and once
where the messenger knows our key. Nothing leaves for a chat that a person has taken over.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.channels.adapter import (
    Channel,
    Migrated,
    Parcel,
    Rejected,
    Throttled,
    Undeliverable,
    Unreachable,
)
from bot.delivery.bell import Bell, heard
from data.conversations import Conversation, Mode
from data.delivery import outbox
from data.delivery.messages import Purpose, segment_from_json
from data.delivery.models import OutboxRow, OutboxState
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.people import Chat

log = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
_LEASE = timedelta(seconds=60)  # longer than any messenger's time-out
_MOST_TRIES = 8
_FIRST_RETRY = timedelta(seconds=2)
# Telegram counts edits as sends, 20 a minute in a group: one in five seconds leaves room.
EDIT_PAUSE = timedelta(seconds=5)


class Courier:
    """`channels` by account id."""

    def __init__(
        self, database: Database, clock: Clock, channels: Mapping[str, Channel], bell: Bell
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._bell = bell
        self._busy: set[str] = set()
        self._edited: dict[str, datetime] = {}

    async def run(self) -> None:
        """Until cancelled; one task a chat, so that order is kept there and nowhere else."""
        if not self._channels:
            return
        with self._bell.listening() as rung:
            async with asyncio.TaskGroup() as group:
                while True:
                    rung.clear()
                    for row in await asyncio.to_thread(self._due):
                        self._busy.add(row.chat_id)
                        group.create_task(self._carry(row))
                    await heard(rung, _POLL_SECONDS)

    async def drain(self) -> int:
        """Send what is due now, one after the other; gives how many rows were dealt with."""
        rows = await asyncio.to_thread(self._due)
        for row in rows:
            self._busy.add(row.chat_id)
            await self._carry(row)
        return len(rows)

    async def _carry(self, row: OutboxRow) -> None:
        try:
            parcel = await asyncio.to_thread(self._pack, row)
            if parcel is not None:
                await self._deliver(row, parcel)
        except Exception:
            log.exception("outbox %s", row.id)
        finally:
            self._busy.discard(row.chat_id)
            self._bell.ring()

    async def _deliver(self, row: OutboxRow, parcel: Parcel) -> None:
        try:
            external_id = await self._channels[row.account_id].deliver(parcel)
        except Undeliverable as problem:
            await asyncio.to_thread(self._note_problem, row, problem)
            return
        if parcel.edit_of is not None:
            self._edited[row.coalesce_key or ""] = self._clock.now()
        await asyncio.to_thread(self._note_sent, row, external_id or parcel.edit_of)

    def _due(self) -> list[OutboxRow]:
        with self._database.reading() as session:
            rows = outbox.due(session, now=self._clock.now())
        return [
            row
            for row in rows
            if row.chat_id not in self._busy and row.account_id in self._channels
        ]

    def _pack(self, row: OutboxRow) -> Parcel | None:
        """Lease the row and look once more whether it may still be said."""
        now = self._clock.now()
        with self._database.transaction() as session:
            if not outbox.lease(session, row=row, until=now + _LEASE, now=now):
                return None
            chat = session.get_one(Chat, row.chat_id)
            reason = _why_not(session, row, chat, now)
            if reason is not None:
                skipped = OutboxState.SKIPPED
                outbox.give_up(session, row_id=row.id, state=skipped, reason=reason)
                return None
            edit_of = self._edit_of(session, row)
            if edit_of is not None and (pause := self._pause(row, now)) is not None:
                outbox.postpone(session, row_id=row.id, until=pause, error="")
                return None
            return Parcel(
                key=row.key,
                chat=chat.external_id,
                kind=chat.kind,
                segments=tuple(map(segment_from_json, row.segments)),
                reply_to=row.reply_to,
                edit_of=edit_of,
            )

    def _edit_of(self, session: Session, row: OutboxRow) -> str | None:
        if row.coalesce_key is None:
            return None
        shown = outbox.last_sent(session, chat_id=row.chat_id, coalesce_key=row.coalesce_key)
        return shown.external_id if shown else None

    def _pause(self, row: OutboxRow, now: datetime) -> datetime | None:
        """A counter is edited at most every five seconds; the last word is said at once."""
        last = self._edited.get(row.coalesce_key or "")
        final = any(part.get("state") not in (None, "open") for part in row.segments)
        if last is None or final or now - last >= EDIT_PAUSE:
            return None
        return last + EDIT_PAUSE

    def _note_sent(self, row: OutboxRow, external_id: str | None) -> None:
        with self._database.transaction() as session:
            outbox.settle(session, row_id=row.id, external_id=external_id, now=self._clock.now())

    def _note_problem(self, row: OutboxRow, problem: Undeliverable) -> None:
        now = self._clock.now()
        error = f"{type(problem).__name__} {problem}"
        with self._database.transaction() as session:
            match problem:
                case Throttled(seconds=seconds):
                    until = now + timedelta(seconds=seconds)
                    outbox.postpone(session, row_id=row.id, until=until, error=error)
                case Migrated(external_id=external_id):
                    _move_chat(session, row.chat_id, external_id)
                    outbox.postpone(session, row_id=row.id, until=now, error=error)
                case Unreachable():
                    session.execute(
                        update(Chat).where(Chat.id == row.chat_id).values(reachable=False)
                    )
                    outbox.give_up(session, row_id=row.id, state=OutboxState.FAILED, reason=error)
                case _:
                    self._retry(session, row, problem, now)

    def _retry(
        self, session: Session, row: OutboxRow, problem: Undeliverable, now: datetime
    ) -> None:
        error = f"{type(problem).__name__} {problem}"
        if isinstance(problem, Rejected) or row.attempts + 1 >= _MOST_TRIES:
            outbox.give_up(session, row_id=row.id, state=OutboxState.FAILED, reason=error)
            return
        until = now + _FIRST_RETRY * 2**row.attempts
        outbox.postpone(session, row_id=row.id, until=until, error=error)


def _why_not(session: Session, row: OutboxRow, chat: Chat, now: datetime) -> str | None:
    """A code for what forbids it now, or None."""
    if row.not_after is not None and row.not_after <= now:
        return "expired"
    if not chat.reachable:
        return "unreachable"
    if outbox.superseded(session, row):
        return "superseded"
    if row.purpose == Purpose.REPLY and _is_with_a_person(session, row):
        return "with_a_person"
    return None


def _is_with_a_person(session: Session, row: OutboxRow) -> bool:
    """Computed before the takeover, not sent after it; what staff wrote has its own purpose."""
    mode = session.scalar(select(Conversation.mode).where(Conversation.id == row.conversation_id))
    return mode == Mode.HUMAN


def _move_chat(session: Session, chat_id: str, external_id: str) -> None:
    """The group became a supergroup: same chat for us, another name for the messenger."""
    session.execute(update(Chat).where(Chat.id == chat_id).values(external_id=external_id))
