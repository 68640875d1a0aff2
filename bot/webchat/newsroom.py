"""Who waits for news of which chat: after a commit one look finds the chats that have some.

A thousand visitors may listen while one is spoken with; without this each of them would ask the
database after every commit of the shop.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.delivery.bell import Bell, heard
from bot.web.cursors import Cursor
from bot.web.leaving import GOODBYE, Leaving
from data.conversations import Conversation, ConversationEvent
from data.delivery.models import OutboxRow
from data.kernel.database import Database
from data.people import Chat

log = logging.getLogger(__name__)
# Rows of another transaction that were numbered before those we saw and committed after them.
_LATE = 500
_PAUSE = 0.02  # commits that follow each other closely are looked at together
_LOOK_SECONDS = 15.0
Address = tuple[str, str]  # account, visitor


class Newsroom:
    """One per process."""

    def __init__(self, database: Database, bell: Bell, leaving: Leaving) -> None:
        self._database = database
        self._bell = bell
        self._leaving = leaving
        self._waiting: defaultdict[Address, set[asyncio.Event]] = defaultdict(set)
        self._seen: set[tuple[str, int]] = set()
        self._newest = Cursor()

    async def run(self) -> None:
        """Until cancelled; when the process ends, whoever waits is woken to see it."""
        tables = (OutboxRow.__tablename__, ConversationEvent.__tablename__, GOODBYE)
        with self._bell.listening(*tables) as rung:
            while not self._leaving.now:
                rung.clear()
                for address in await self._look():
                    self._tell(address)
                await heard(rung, _LOOK_SECONDS)
                await asyncio.sleep(_PAUSE)
        for address in tuple(self._waiting):
            self._tell(address)

    @contextmanager
    def waiting(self, address: Address) -> Iterator[asyncio.Event]:
        """An event that is set when this chat has news; clear it before you look."""
        news = asyncio.Event()
        self._waiting[address].add(news)
        try:
            yield news
        finally:
            self._waiting[address].discard(news)
            if not self._waiting[address]:
                del self._waiting[address]

    def listeners(self, address: Address) -> int:
        return len(self._waiting.get(address, ()))

    def _tell(self, address: Address) -> None:
        for news in self._waiting.get(address, ()):
            news.set()

    async def _look(self) -> set[Address]:
        if not self._waiting:
            self._newest, self._seen = Cursor(), set()  # or the next one would look at all since
            return set()
        try:
            return await asyncio.to_thread(self._find)
        except Exception:  # a database that is away for a moment; each listener looks by itself too
            log.exception("newsroom")
            return set()

    def _find(self) -> set[Address]:
        with self._database.reading() as session:
            since = self._newest
            if since == Cursor():
                self._newest = since = _now(session)
            rows = _rows(session, Cursor(since.event - _LATE, since.message - _LATE))
        fresh = {row[:2]: row[2] for row in rows if row[:2] not in self._seen}
        events = [number for kind, number, _ in rows if kind == "event"]
        messages = [number for kind, number, _ in rows if kind == "message"]
        self._newest = Cursor(
            max(events, default=since.event), max(messages, default=since.message)
        )
        self._seen = {row[:2] for row in rows}
        return set(fresh.values())


def _now(session: Session) -> Cursor:
    event = session.scalar(select(func.max(ConversationEvent.id))) or 0
    return Cursor(event, session.scalar(select(func.max(OutboxRow.id))) or 0)


def _rows(session: Session, since: Cursor) -> list[tuple[str, int, Address]]:
    said = session.execute(
        select(OutboxRow.id, Chat.account_id, Chat.external_id)
        .join(Chat, Chat.id == OutboxRow.chat_id)
        .where(OutboxRow.id > since.message)
    )
    happened = session.execute(
        select(ConversationEvent.id, Chat.account_id, Chat.external_id)
        .join(Conversation, Conversation.id == ConversationEvent.conversation_id)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(ConversationEvent.id > since.event)
    )
    return [
        *(("message", number, (account, chat)) for number, account, chat in said),
        *(("event", number, (account, chat)) for number, account, chat in happened),
    ]
