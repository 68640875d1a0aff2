"""Conversations as the shop reads them: a list, a transcript, and the steps behind each turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from data.conversations import Conversation, ConversationEvent, Mode
from data.delivery.messages import Segment, segment_from_json
from data.delivery.models import OutboxRow
from data.kernel.errors import NotFound
from data.people import Chat, Person

USER_SAID, STAFF_SAID = "user_said", "staff_said"
_MOST_EVENTS = 2_000  # what one page of the inspector can still show
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class ChatView:
    """A conversation with the names people know it by."""

    conversation: Conversation
    person: Person
    chat: Chat


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said: by the customer, by the shop's machine, or by one of its people."""

    who: str  # customer, bot, staff
    at: datetime
    text: str
    segments: Sequence[Segment] = ()
    state: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one moment brought: what was heard, the steps taken, what was said."""

    at: datetime
    inbox_id: int | None
    events: Sequence[ConversationEvent]
    messages: Sequence[OutboxRow]


def list_chats(
    session: Session, *, merchant_id: str, waiting: bool, where: Where
) -> Page[Conversation]:
    """`waiting`: only those a person has to answer."""
    query = select(Conversation).where(Conversation.merchant_id == merchant_id)
    if waiting:
        query = query.where(Conversation.mode == Mode.HUMAN)
    return newest_first(session, query, at=Conversation.last_at, key=Conversation.id, where=where)


def views(
    session: Session, *, merchant_id: str, conversations: Sequence[Conversation]
) -> list[ChatView]:
    ids = [conversation.id for conversation in conversations]
    rows = session.execute(
        select(Conversation, Person, Chat)
        .join(Person, Person.id == Conversation.person_id)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(Conversation.merchant_id == merchant_id, Conversation.id.in_(ids))
    )
    found = {row[0].id: ChatView(*row) for row in rows}
    return [found[each] for each in ids if each in found]


def find_chat(session: Session, *, merchant_id: str, conversation_id: str) -> ChatView:
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.merchant_id != merchant_id:
        raise NotFound("conversation")
    (view,) = views(session, merchant_id=merchant_id, conversations=[conversation])
    return view


def count_waiting(session: Session, *, merchant_id: str) -> int:
    count = session.scalar(
        select(func.count())
        .select_from(Conversation)
        .where(Conversation.merchant_id == merchant_id, Conversation.mode == Mode.HUMAN)
    )
    return count or 0


def transcript(session: Session, view: ChatView) -> list[Line]:
    """The newest lines of both sides, in the order they were said.

    In a group only what concerns this person: other members have conversations of their own.
    """
    mine = ConversationEvent.conversation_id == view.conversation.id
    heard = session.scalars(
        select(ConversationEvent)
        .where(mine, ConversationEvent.kind.in_((USER_SAID, STAFF_SAID)))
        .order_by(ConversationEvent.id.desc())
        .limit(_MOST_LINES)
    )
    said = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.conversation_id == view.conversation.id)
        .where(OutboxRow.key.not_like(f"{STAFF_SAID}:%"))
        .order_by(OutboxRow.id.desc())
        .limit(_MOST_LINES)
    )
    # Within one moment the question comes before its answer: rank 0 before 1, then the row's id.
    lines = [((event.at, 0, event.id), _heard(event)) for event in heard]
    lines += [((row.created_at, 1, row.id), _said(row)) for row in said]
    return [line for _order, line in sorted(lines, key=lambda pair: pair[0])][-_MOST_LINES:]


def turns_of(session: Session, view: ChatView) -> list[Turn]:
    """Everything that happened here, moment by moment, the newest first."""
    events = session.scalars(
        select(ConversationEvent)
        .where(ConversationEvent.conversation_id == view.conversation.id)
        .order_by(ConversationEvent.id.desc())
        .limit(_MOST_EVENTS)
    ).all()
    messages = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.conversation_id == view.conversation.id)
        .order_by(OutboxRow.id.desc())
        .limit(_MOST_EVENTS)
    ).all()
    moments = {(event.at, event.inbox_id) for event in events}
    moments |= {(row.created_at, row.inbox_id) for row in messages}
    return [
        Turn(
            at,
            inbox_id,
            [e for e in reversed(events) if (e.at, e.inbox_id) == (at, inbox_id)],
            [m for m in reversed(messages) if (m.created_at, m.inbox_id) == (at, inbox_id)],
        )
        for at, inbox_id in sorted(moments, key=lambda moment: (moment[0], moment[1] or 0))[::-1]
    ]


def events_after(
    session: Session, *, merchant_id: str, after: int, limit: int
) -> Sequence[ConversationEvent]:
    """What happened in all chats of a shop, from a cursor on."""
    return session.scalars(
        select(ConversationEvent)
        .where(ConversationEvent.merchant_id == merchant_id, ConversationEvent.id > after)
        .order_by(ConversationEvent.id)
        .limit(limit)
    ).all()


def _heard(event: ConversationEvent) -> Line:
    body: dict[str, Any] = event.body
    if event.kind == STAFF_SAID:
        return Line("staff", event.at, str(body.get("text", "")), name=str(body.get("by", "")))
    return Line("customer", event.at, str(body.get("text", "")))


def _said(row: OutboxRow) -> Line:
    segments = [segment_from_json(part) for part in row.segments]
    return Line("bot", row.created_at, "", segments, row.state)
