"""Conversations that the daily round looks at: nobody went on with them, or their version has a way
on to a newer one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from data.conversations.models import Conversation, Mode
from data.flows import ConversationPin


@dataclass(frozen=True, slots=True)
class Search:
    """`after`: the last conversation looked at; a round goes through all of them by pages."""

    merchant_id: str
    idle_since: datetime
    left: Collection[str]
    after: str = ""


def left_behind(session: Session, *, search: Search, limit: int) -> list[Conversation]:
    """Those that a person of the shop has are left alone."""
    idle = Conversation.last_at < search.idle_since
    found = (
        select(ConversationPin.conversation_id)
        .join(Conversation, Conversation.id == ConversationPin.conversation_id)
        .where(
            ConversationPin.merchant_id == search.merchant_id,
            ConversationPin.conversation_id > search.after,
            Conversation.mode == Mode.BOT,
            or_(idle, ConversationPin.sha.in_(set(search.left))),
        )
        .distinct()
        .order_by(ConversationPin.conversation_id)
        .limit(limit)
    )
    ids = list(session.scalars(found))
    rows = select(Conversation).where(Conversation.id.in_(ids)).order_by(Conversation.id)
    return list(session.scalars(rows))


def idle_longest(session: Session, *, merchant_id: str) -> datetime | None:
    """When the last word was said where nobody has said one for longest."""
    return session.scalar(
        select(func.min(Conversation.last_at))
        .join(ConversationPin, ConversationPin.conversation_id == Conversation.id)
        .where(ConversationPin.merchant_id == merchant_id)
    )
