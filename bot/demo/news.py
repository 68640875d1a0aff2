"""What the page does not know yet, in the order it happened: lines, messages, what they wrote."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.api.rest import shown
from bot.channels.rest import TAP
from bot.demo.cast import web_account
from bot.demo.moments import Json, Moment, rows_of, steps_of, understood_in
from bot.web.cursors import Cursor
from data.conversations import Conversation, ConversationEvent, OfferedOption
from data.delivery.models import InboxRow, OutboxRow, OutboxState
from data.people import ChannelIdentity, Chat

_AGO = 400  # a page opened anew is told the last so many messages
_LOOKED_INTO = 15  # and sees the insides of the last so many moments


@dataclass(frozen=True, slots=True)
class News:
    """`items` are (kind, body) pairs: said, message, turn."""

    cursor: Cursor
    items: Sequence[tuple[str, Json]]


@dataclass(frozen=True, slots=True)
class _Reader:
    """`chats`: the names of the chats the page shows, by id."""

    session: Session
    account_id: str
    chats: dict[str, str]
    people: dict[str, str]

    def items(self, moment: Moment, *, insides: bool) -> Iterator[tuple[str, Json]]:
        for event in moment.events:
            if event.kind == "user_said":
                yield "said", self._line(event)
        for row in moment.said:
            yield "message", self._message(row)
        if insides:
            yield "turn", self._turn(moment)

    def _line(self, event: ConversationEvent) -> Json:
        conversation = self.session.get_one(Conversation, event.conversation_id)
        update = self.session.get(InboxRow, event.inbox_id) if event.inbox_id else None
        return {
            "id": update.event_id if update else f"event:{event.id}",
            "who": self.people.get(conversation.person_id, ""),
            "chat": self.chats[conversation.chat_id],
            "text": self._label(update) if event.body["pressed"] else event.body["text"],
            "pressed": event.body["pressed"],
            "private": event.body["private"],
            "at": event.at.isoformat(),
        }

    def _label(self, update: InboxRow | None) -> str:
        token = str(update.payload.get("message", "")).removeprefix(TAP) if update else ""
        pressed = select(OfferedOption.label).where(OfferedOption.token == token)
        return self.session.scalar(pressed) or ""

    def _message(self, row: OutboxRow) -> Json:
        chat = self.chats[row.chat_id]
        return {
            "id": row.id,
            "chat": chat,
            "at": row.created_at.isoformat(),
            "live": row.coalesce_key,
            "purpose": row.purpose,
            "to": self.people.get(row.person_id or ""),
            "messages": shown(row.segments, chat),
        }

    def _turn(self, moment: Moment) -> Json:
        line = next((self._line(e) for e in moment.events if e.kind == "user_said"), None)
        return {
            "at": moment.at.isoformat(),
            "line": line,
            "conversation": moment.events[0].conversation_id if moment.events else None,
            "understood": understood_in(moment),
            "steps": steps_of(moment),
            "rows": rows_of(self.session, moment),
            "messages": [self._summary(row) for row in moment.said],
        }

    def _summary(self, row: OutboxRow) -> Json:
        kinds = [part["type"] for part in row.segments]
        return {
            "chat": self.chats[row.chat_id],
            "response": row.response,
            "kinds": {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
            "live": row.coalesce_key is not None,
        }


def read_news(session: Session, *, chats: Sequence[str], after: Cursor | None) -> News:
    """Everything of these chats after the cursor; without one, the recent past."""
    account = web_account(session)
    reader = _Reader(
        session,
        account.id,
        dict(_named(session, Chat.id, Chat.external_id, Chat.account_id == account.id)),
        dict(
            _named(
                session,
                ChannelIdentity.person_id,
                ChannelIdentity.external_id,
                ChannelIdentity.account_id == account.id,
            )
        ),
    )
    wanted = [chat_id for chat_id, name in reader.chats.items() if name in chats]
    start = after or _recent(session)
    events = _events(session, wanted, start)
    said = _said(session, wanted, start)
    moments = _moments(events, said)
    items = [
        item
        for number, moment in enumerate(moments, 1)
        for item in reader.items(moment, insides=number > len(moments) - _LOOKED_INTO)
    ]
    cursor = Cursor(
        max((event.id for event in events), default=start.event),
        max((row.id for row in said), default=start.message),
    )
    return News(cursor, items)


def _named(session: Session, key: Any, name: Any, where: Any) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in session.execute(select(key, name).where(where))]


def _recent(session: Session) -> Cursor:
    newest = session.scalar(select(func.max(OutboxRow.id))) or 0
    first = max(0, newest - _AGO)
    since = select(OutboxRow.created_at).where(OutboxRow.id == first).scalar_subquery()
    before = select(func.max(ConversationEvent.id)).where(ConversationEvent.at <= since)
    return Cursor(session.scalar(before) or 0, first)


def _events(session: Session, chats: Sequence[str], after: Cursor) -> Sequence[ConversationEvent]:
    return session.scalars(
        select(ConversationEvent)
        .join(Conversation, Conversation.id == ConversationEvent.conversation_id)
        .where(Conversation.chat_id.in_(chats), ConversationEvent.id > after.event)
        .order_by(ConversationEvent.id)
    ).all()


def _said(session: Session, chats: Sequence[str], after: Cursor) -> Sequence[OutboxRow]:
    return session.scalars(
        select(OutboxRow)
        .where(
            OutboxRow.chat_id.in_(chats),
            OutboxRow.id > after.message,
            OutboxRow.state == OutboxState.SENT,
        )
        .order_by(OutboxRow.id)
    ).all()


def _moments(events: Sequence[ConversationEvent], said: Sequence[OutboxRow]) -> list[Moment]:
    """Rows of one transaction carry one moment, whatever tables they stand in."""
    times = sorted({event.at for event in events} | {row.created_at for row in said})
    return [
        Moment(
            at,
            [event for event in events if event.at == at],
            [row for row in said if row.created_at == at],
        )
        for at in times
    ]
