"""Outbox ▸ messenger: in order within a chat, and a slow chat never holds up another.

A row is leased before it is sent, so after a crash it is tried again from the part that was under
way: at least once, and once where the messenger knows our key. Nothing leaves for a chat that a
person has taken over.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

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
from bot.delivery.permission import why_not
from data.conversations.moving import move_chat
from data.delivery import sending
from data.delivery.messages import segment_from_json
from data.delivery.models import OutboxRow, OutboxState
from data.delivery.sending import PAUSED
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.merchants import ChannelAccount
from data.people import Chat
from data.people.membership import set_reachable

log = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
# Past this a crashed courier's message is anybody's; the sending itself is broken off before.
_LEASE = timedelta(seconds=30)
_PATIENCE_SECONDS = 25
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=2), timedelta(minutes=1)
_AFTER_MOVE = timedelta(seconds=1)
# A messenger may be down for hours and nothing is lost; a mistake of ours does not mend itself.
_TRIES_FOR = timedelta(days=1)
_TRIES_OF_OURS = 3
# Telegram counts edits as sends, 20 a minute in a group: one in five seconds leaves room.
EDIT_PAUSE = timedelta(seconds=5)
_EDITS_REMEMBERED = 1_000


class Courier:
    """`channels` by account id; one may join while the courier runs."""

    def __init__(
        self, database: Database, clock: Clock, channels: Mapping[str, Channel], bell: Bell
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._bell = bell
        self._busy: set[str] = set()
        self._edited: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    async def run(self) -> None:
        """Until cancelled; one task a chat, so that order is kept there and nowhere else."""
        with self._bell.listening(OutboxRow.__tablename__) as rung:
            async with asyncio.TaskGroup() as group:
                while True:
                    rung.clear()
                    for row in await self._look():
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

    async def _look(self) -> list[OutboxRow]:
        """A database that is away for a moment must not end the courier."""
        if not self._channels:
            return []  # a shop that is only asked sends nothing: no thread is woken for it
        try:
            return await asyncio.to_thread(self._due)
        except Exception:
            log.exception("outbox")
            return []

    async def _carry(self, row: OutboxRow) -> None:
        try:
            packed = await asyncio.to_thread(self._pack, row)
            if packed is not None:
                await self._deliver(*packed)
        except Exception:
            log.exception("outbox %s", row.id)
        finally:
            self._busy.discard(row.chat_id)
            self._bell.ring({OutboxRow.__tablename__})

    async def _deliver(self, row: OutboxRow, parcel: Parcel) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                names = await self._channels[row.account_id].deliver(parcel)
        except Undeliverable as problem:
            await asyncio.to_thread(self._note_problem, row, problem)
        except TimeoutError:
            await asyncio.to_thread(self._note_problem, row, Undeliverable("TimeoutError"))
        except Exception as error:
            log.exception("outbox %s", row.id)
            await asyncio.to_thread(self._note_mistake, row, type(error).__name__)
        else:
            self._remember_edit(row, parcel)
            await asyncio.to_thread(self._note_sent, row, names)

    def _due(self) -> list[OutboxRow]:
        accounts = list(self._channels)
        with self._database.reading() as session:
            rows = sending.due(session, account_ids=accounts, now=self._clock.now())
        return [row for row in rows if row.chat_id not in self._busy]

    def _pack(self, found: OutboxRow) -> tuple[OutboxRow, Parcel] | None:
        """Lease the row and look once more whether, and where, it may still be said."""
        now = self._clock.now()
        with self._database.transaction() as session:
            if not sending.lease(session, row=found, until=now + _LEASE, now=now):
                return None
            row = session.get_one(OutboxRow, found.id)
            chat = session.get_one(Chat, row.chat_id)
            reason = why_not(session, row, chat, now)
            if reason is not None:
                skipped = OutboxState.SKIPPED
                sending.give_up(session, row_id=row.id, state=skipped, reason=reason)
                return None
            edit_of = sending.live_message(session, row)
            pause = self._pause(row, now) if edit_of else None
            if pause is not None:
                sending.hold_back(session, row_id=row.id, until=pause, reason=PAUSED)
                return None
            return row, self._parcel(row, chat, edit_of)

    def _parcel(self, row: OutboxRow, chat: Chat, edit_of: tuple[str, ...]) -> Parcel:
        return Parcel(
            key=row.key,
            chat=chat.external_id,
            kind=chat.kind,
            segments=tuple(map(segment_from_json, row.segments)),
            reply_to=row.reply_to,
            edit_of=edit_of,
            shown=sending.names_of(row),
            arrived=partial(self._remember_parts, row.id),
        )

    def _pause(self, row: OutboxRow, now: datetime) -> datetime | None:
        """A counter is edited at most every five seconds; the last word is said at once."""
        last = self._edited.get(_live(row))
        final = any(part.get("state") not in (None, "open") for part in row.segments)
        if last is None or final or not now - EDIT_PAUSE < last <= now:
            return None
        return last + EDIT_PAUSE

    def _remember_edit(self, row: OutboxRow, parcel: Parcel) -> None:
        if parcel.edit_of:
            self._edited[_live(row)] = self._clock.now()
            self._edited.move_to_end(_live(row))
        if len(self._edited) > _EDITS_REMEMBERED:
            self._edited.popitem(last=False)

    async def _remember_parts(self, row_id: int, names: tuple[str, ...]) -> None:
        await asyncio.to_thread(self._note_parts, row_id, names)

    def _note_parts(self, row_id: int, names: tuple[str, ...]) -> None:
        with self._database.transaction() as session:
            sending.note_parts(session, row_id=row_id, names=names)

    def _note_sent(self, row: OutboxRow, names: tuple[str, ...]) -> None:
        with self._database.transaction() as session:
            sending.settle(session, row_id=row.id, names=names, now=self._clock.now())

    def _note_mistake(self, row: OutboxRow, error: str) -> None:
        with self._database.transaction() as session:
            if row.attempts >= _TRIES_OF_OURS:
                sending.give_up(session, row_id=row.id, state=OutboxState.FAILED, reason=error)
            else:
                until = self._clock.now() + _FIRST_RETRY
                sending.postpone(session, row_id=row.id, until=until, error=error)

    def _note_problem(self, row: OutboxRow, problem: Undeliverable) -> None:
        now = self._clock.now()
        error = f"{type(problem).__name__} {problem}"
        with self._database.transaction() as session:
            match problem:
                case Throttled(seconds=seconds, shown=names):
                    until = now + timedelta(seconds=seconds)
                    sending.hold_back(
                        session, row_id=row.id, until=until, reason=error, names=names
                    )
                case Migrated(external_id=external_id, shown=names):
                    chat = session.get_one(Chat, row.chat_id)
                    move_chat(
                        session,
                        account_id=row.account_id,
                        before=chat.external_id,
                        after=external_id,
                    )
                    until = now + _AFTER_MOVE
                    sending.postpone(session, row_id=row.id, until=until, error=error, names=names)
                case Unreachable():
                    _close(session, row)
                    sending.give_up(session, row_id=row.id, state=OutboxState.FAILED, reason=error)
                case _:
                    _retry(session, row, problem, now)


def _live(row: OutboxRow) -> tuple[str, str]:
    return row.chat_id, row.coalesce_key or ""


def _close(session: Session, row: OutboxRow) -> None:
    """Blocked, kicked, never started: nothing more leaves for this chat until they are back."""
    account = session.get_one(ChannelAccount, row.account_id)
    chat = session.get_one(Chat, row.chat_id)
    set_reachable(session, account=account, external_id=chat.external_id, reachable=False)


def _retry(session: Session, row: OutboxRow, problem: Undeliverable, now: datetime) -> None:
    error = f"{type(problem).__name__} {problem}"
    if isinstance(problem, Rejected) or now - row.created_at >= _TRIES_FOR:
        sending.give_up(session, row_id=row.id, state=OutboxState.FAILED, reason=error)
        return
    wait = min(_FIRST_RETRY * 2 ** min(row.attempts - 1, 10), _LONGEST_RETRY)
    sending.postpone(session, row_id=row.id, until=now + wait, error=error, names=problem.shown)
