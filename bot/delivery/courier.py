"""Outbox ▸ messenger: in order within a chat, and a slow chat never holds up another.

A row is leased before it is sent, so after a crash it is tried again from the part that was under
way: at least once, and once where the messenger knows our key. Nothing leaves for a chat that a
person has taken over.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.channels.adapter import Channel, Parcel, Undeliverable
from bot.delivery.another_chat import AnotherChat
from bot.delivery.bell import Bell, heard
from bot.delivery.outcomes import Arrived, Outcomes
from bot.delivery.permission import UNREACHABLE, why_not
from bot.delivery.unheard import keep_shut_out
from bot.delivery.voting import cards_among
from data.delivery import sending
from data.delivery.held_models import HeldCall
from data.delivery.messages import GroupBuyCard, segment_from_json
from data.delivery.models import OutboxRow, OutboxState
from data.delivery.sending import PAUSED
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.entities import Entities
from data.people import Chat
from dialogs.notices.bills import BILL as PAID_BILL
from dialogs.pool_card import RESPONSE as POOL_CARD
from dialogs.split_card import RESPONSE as SPLIT_CARD

log = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
# Past this a crashed courier's message is anybody's; the sending itself is broken off before.
_LEASE = timedelta(seconds=30)
_PATIENCE_SECONDS = 25
# Leased in one transaction: more of them would keep turns waiting for the writer.
_TOGETHER = 16
# Telegram counts edits as sends, 20 a minute in a group: one in five seconds leaves room.
EDIT_PAUSE = timedelta(seconds=5)
_EDITS_REMEMBERED = 1_000
# As it is now, and where it goes: compiled once (docs/adr/0011).
_LEASED = Entities(
    select(OutboxRow, Chat)
    .join(Chat, Chat.id == OutboxRow.chat_id)
    .where(OutboxRow.id == bindparam("this"))
)
Packed = tuple[OutboxRow, Parcel]


class Courier:
    """`channels` by account id; one may join while the courier runs."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channels: Mapping[str, Channel],
        bell: Bell,
        another_chat: AnotherChat | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._bell = bell
        self._busy: set[str] = set()
        self._outcomes = Outcomes(database, clock, another_chat)
        self._edited: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    async def run(self) -> None:
        """Until cancelled; one task a chat, so that order is kept there and nowhere else."""
        with self._bell.listening(OutboxRow.__tablename__, HeldCall.__tablename__) as rung:
            async with asyncio.TaskGroup() as group:
                while True:
                    rung.clear()
                    for row, parcel in await self._look():
                        group.create_task(self._carry(row, parcel))
                    await heard(rung, _POLL_SECONDS)

    async def drain(self) -> int:
        """Send what is due now, one after the other; gives how many rows were dealt with."""
        rows = await asyncio.to_thread(self._due)
        for row in rows:
            for packed in await asyncio.to_thread(self._pack, [row]):
                await self._carry(*packed)
        return len(rows)

    async def _look(self) -> list[Packed]:
        """A database that is away for a moment must not end the courier."""
        if not self._channels:
            return []  # a shop that is only asked sends nothing: no thread is woken for it
        try:
            rows = (await asyncio.to_thread(self._due))[:_TOGETHER]
            packed = await asyncio.to_thread(self._pack, rows) if rows else []
        except Exception:
            log.exception("outbox")
            return []
        self._busy.update(row.chat_id for row, _ in packed)
        return packed

    async def _carry(self, row: OutboxRow, parcel: Parcel) -> None:
        try:
            await self._deliver(row, parcel)
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
            await self._outcomes.note(row, problem)
        except TimeoutError:
            await self._outcomes.note(row, Undeliverable("TimeoutError"))
        except Exception as error:
            log.exception("outbox %s", row.id)
            await self._outcomes.note(row, error)
        else:
            self._remember_edit(row, parcel)
            cards = cards_among(names, parcel, self._channels[row.account_id].can(parcel.kind))
            await self._outcomes.note(row, Arrived(names, cards))

    def _due(self) -> list[OutboxRow]:
        accounts = list(self._channels)
        with self._database.reading() as session:
            rows = sending.due(session, account_ids=accounts, now=self._clock.now())
        return [row for row in rows if row.chat_id not in self._busy]

    def _pack(self, rows: Sequence[OutboxRow]) -> list[Packed]:
        """Together; where that fails each alone, so that one of them holds up no other."""
        try:
            return self._pack_together(rows)
        except Exception:
            if len(rows) > 1:
                return [packed for row in rows for packed in self._pack([row])]
            log.exception("outbox %s", [row.id for row in rows])
            return []

    def _pack_together(self, rows: Sequence[OutboxRow]) -> list[Packed]:
        now = self._clock.now()
        with self._database.transaction() as session:
            return [one for row in rows if (one := self._pack_one(session, row, now)) is not None]

    def _pack_one(self, session: Session, found: OutboxRow, now: datetime) -> Packed | None:
        """Lease the row and look once more whether, and where, it may still be said."""
        if not sending.lease(session, row=found, until=now + _LEASE, now=now):
            return None
        row, chat = _LEASED.rows(session, this=found.id)[0]
        reason, edit_of = why_not(session, row, chat, now), None
        if reason is None:
            edit_of = self._edit_of(session, row, chat)
        if edit_of is None:
            skipped, why = OutboxState.SKIPPED, reason or "no_milestone"
            sending.give_up(session, row_id=row.id, state=skipped, reason=why)
            if why == UNREACHABLE:
                keep_shut_out(session, row, now)
            return None
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
            live=row.coalesce_key is not None,
            edit_of=edit_of,
            shown=sending.names_of(row),
            purpose=row.purpose,
            arrived=partial(self._remember_parts, row.id),
        )

    def _edit_of(self, session: Session, row: OutboxRow, chat: Chat) -> tuple[str, ...] | None:
        """The parts it takes the place of, none if it is a message of its own. None: no message
        can be changed here, and this state is not worth another one."""
        before = sending.live_message(session, row)
        if before is None:
            return ()
        if self._channels[row.account_id].can(chat.kind).edits:
            return sending.names_of(before)
        return () if _is_worth_telling(row, since=before) else None

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


def _is_worth_telling(row: OutboxRow, *, since: OutboxRow) -> bool:
    """Where nothing can be changed: a card's milestones; of a present's and of a common order's,
    that it takes no more. That a bill is paid its receipt tells."""
    earlier, later = _card(since), _card(row)
    if earlier is not None and later is not None:
        return later.is_milestone(since=earlier)
    if row.response == PAID_BILL:
        return False
    return row.response not in (POOL_CARD, SPLIT_CARD) or _buttons(row) != _buttons(since)


def _buttons(row: OutboxRow) -> list[str]:
    return [one["title"] for part in row.segments for one in part.get("options", ())]


def _card(row: OutboxRow) -> GroupBuyCard | None:
    segments = map(segment_from_json, row.segments)
    return next((one for one in segments if isinstance(one, GroupBuyCard)), None)


def _live(row: OutboxRow) -> tuple[str, str]:
    return row.chat_id, row.coalesce_key or ""
