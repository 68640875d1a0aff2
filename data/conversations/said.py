"""What one turn said, as its chat will hear it."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from data.conversations.models import ConversationEvent
from data.delivery.models import OutboxRow
from data.kernel.prepared import Prepared
from data.people import Chat
from data.people.membership import chat_and_topics

_SAID = Prepared(
    select(Chat.external_id, OutboxRow.segments, OutboxRow.response, OutboxRow.person_id)
    .join(Chat, Chat.id == OutboxRow.chat_id)
    .where(OutboxRow.inbox_id == bindparam("inbox"))
    .order_by(OutboxRow.id)
)


_LOOKED_THROUGH = 200  # messages: further back people do not scroll to answer one


class Said(NamedTuple):
    """A message, the messenger's name of its chat, the response it was made from, and whom it
    answers (None: everybody there)."""

    chat: str
    segments: list[dict[str, Any]]
    response: str | None
    person_id: str | None


def said_in_turn(session: Session, *, inbox_id: int) -> list[Said]:
    """In the order it was said."""
    return [Said._make(row) for row in _SAID.rows(session, inbox=inbox_id)]


def last_started(session: Session, *, conversation_id: str, flow: str) -> datetime | None:
    """When this flow began here the last time."""
    return session.scalar(
        select(func.max(ConversationEvent.at)).where(
            ConversationEvent.conversation_id == conversation_id,
            ConversationEvent.kind == "flow_started",
            ConversationEvent.flow == flow,
        )
    )


def is_ours(session: Session, *, account_id: str, place: str, name: str) -> bool:
    """Whether the messenger calls a newer message of ours so, in this chat or one of its topics."""
    newest = session.scalars(
        select(OutboxRow.external_id)
        .join(Chat, Chat.id == OutboxRow.chat_id)
        .where(chat_and_topics(session, account_id, place))
        .order_by(OutboxRow.id.desc())
        .limit(_LOOKED_THROUGH)
    )
    return any(name in (names or "").split() for names in newest)
