"""What was said in a visitor's chat, by both sides, in the order it was said.

A line stands in the events of its conversation; one whose turn broke stands only in the inbox, and
the apology names it. On PostgreSQL a row may be committed after one with a higher number: whoever
was told the later one is told the last half minute again, and leaves out what they know.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from bot.api.reads.chats import STAFF_SAID, USER_SAID
from bot.api.rest import shown
from bot.channels.rest import TAP
from bot.web.cursors import Cursor
from bot.webchat.doors import Visit
from data.conversations import Conversation, ConversationEvent, Mode, OfferedOption
from data.delivery.models import InboxRow, OutboxRow, OutboxState
from data.people import Chat

Json = dict[str, Any]
AGAIN = timedelta(seconds=30)  # no turn's transaction lasts longer: SQLite waits 30 s for its lock
_MOST = 200  # what a chat opened anew shows of either side
_Placed = tuple[datetime, int, int]


@dataclass(frozen=True, slots=True)
class News:
    """`human`: a person of the shop has the chat."""

    items: Sequence[Json]
    cursor: Cursor
    human: bool

    def to_json(self) -> Json:
        return {"items": list(self.items), "cursor": str(self.cursor), "human": self.human}


def read_news(
    session: Session, visit: Visit, *, after: Cursor | None, again: datetime | None = None
) -> News:
    """What came after the cursor, and once more what came after `again`; without a cursor, the
    recent past."""
    chat = session.scalar(
        select(Chat).where(
            Chat.account_id == visit.site.account.id, Chat.external_id == visit.visitor
        )
    )
    start = after or Cursor()
    if chat is None:  # nobody has been answered yet
        return News((), start, human=False)
    reader = _Reader(session, visit, chat, start, again)
    conversation = session.scalar(select(Conversation).where(Conversation.chat_id == chat.id))
    events = reader.events(conversation)
    rows = reader.rows()
    items = sorted([*reader.lines(events, rows), *reader.messages(rows)], key=lambda one: one[0])
    return News(
        [item for _, item in items],
        Cursor(
            max((event.id for event in events), default=start.event),
            max((row.id for row in rows), default=start.message),
        ),
        human=conversation is not None and conversation.mode == Mode.HUMAN,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    session: Session
    visit: Visit
    chat: Chat
    after: Cursor
    again: datetime | None

    def events(self, conversation: Conversation | None) -> list[ConversationEvent]:
        """Lines that were heard."""
        if conversation is None:
            return []
        new = self._new(ConversationEvent.id > self.after.event, ConversationEvent.at)
        newest = self.session.scalars(
            select(ConversationEvent)
            .where(
                ConversationEvent.conversation_id == conversation.id,
                ConversationEvent.kind == USER_SAID,
                new,
            )
            .order_by(ConversationEvent.id.desc())
            .limit(_MOST)
        )
        return list(newest)[::-1]

    def rows(self) -> list[OutboxRow]:
        """What the shop said."""
        newest = self.session.scalars(
            select(OutboxRow)
            .where(
                OutboxRow.chat_id == self.chat.id,
                OutboxRow.state == OutboxState.SENT,
                self._new(OutboxRow.id > self.after.message, OutboxRow.created_at),
            )
            .order_by(OutboxRow.id.desc())
            .limit(_MOST)
        )
        return list(newest)[::-1]

    def lines(
        self, events: Sequence[ConversationEvent], rows: Sequence[OutboxRow]
    ) -> Iterator[tuple[_Placed, Json]]:
        heard = {event.inbox_id for event in events}
        unheard = {row.inbox_id: row for row in rows if row.inbox_id not in heard}
        updates = self._updates({*heard, *unheard})
        for event in events:
            update = updates.get(event.inbox_id)
            text = str(event.body.get("text", ""))
            line = self._line(update, text) if update else {"id": f"event:{event.id}", "text": text}
            sealed = bool(event.body.get("private"))
            yield (event.at, 0, event.id), _said(event.at, {**line, "sealed": sealed})
        for inbox_id, row in unheard.items():
            update = updates.get(inbox_id)
            if update is not None and not self._was_heard(update):
                text = str(update.payload.get("message", ""))
                line = {**self._line(update, text), "sealed": not update.payload}
                yield (row.created_at, 0, row.id), _said(row.created_at, line)

    def messages(self, rows: Iterable[OutboxRow]) -> Iterator[tuple[_Placed, Json]]:
        for row in rows:
            message = {
                "kind": "message",
                "id": row.id,
                "at": row.created_at.isoformat(),
                "live": row.coalesce_key,
                "staff": row.key.startswith(f"{STAFF_SAID}:"),
                "messages": shown(row.segments, self.visit.visitor),
            }
            yield (row.created_at, 1, row.id), message

    def _new(self, later: ColumnElement[bool], at: Any) -> ColumnElement[bool]:
        return later if self.again is None else or_(later, at >= self.again)

    def _updates(self, inbox_ids: set[int | None]) -> dict[int | None, InboxRow]:
        """What came in at this door; a chat that was moved here has lines from another."""
        found = self.session.scalars(
            select(InboxRow).where(
                InboxRow.id.in_(one for one in inbox_ids if one is not None),
                InboxRow.account_id == self.visit.site.account.id,
            )
        )
        return {row.id: row for row in found}

    def _was_heard(self, update: InboxRow) -> bool:
        """Its line was told before what the shop goes on saying about it."""
        heard = select(ConversationEvent.id).where(
            ConversationEvent.inbox_id == update.id, ConversationEvent.kind == USER_SAID
        )
        return self.session.scalar(heard.limit(1)) is not None

    def _line(self, update: InboxRow, text: str) -> Json:
        said = str(update.payload.get("message", ""))
        line: Json = {"id": update.event_id.removeprefix(f"{self.visit.visitor}:"), "text": text}
        if said.startswith(TAP):
            token = said.removeprefix(TAP)
            label = select(OfferedOption.label).where(
                OfferedOption.token == token, OfferedOption.chat_id == self.chat.id
            )
            line |= {"text": self.session.scalar(label) or "", "pressed": True}
        if "file" in update.payload:
            line["file"] = update.payload["file"]
        return line


def _said(at: datetime, line: Json) -> Json:
    return {"kind": "said", "at": at.isoformat(), **line}
