"""A person of the shop takes a chat over: from that moment the bot says nothing in it."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.actions import let_go
from data.conversations import Conversation, Mode, set_mode
from data.conversations.handing import PATIENCE, expect_staff
from data.delivery.sending import withhold_replies


def hand_over(session: Session, conversation: Conversation, *, now: datetime) -> None:
    """Silent in the outbox too; what announces that person is posted after this."""
    withhold_replies(
        session, chat_id=conversation.chat_id, conversation_id=conversation.id, now=now
    )
    set_mode(session, conversation_id=conversation.id, mode=Mode.HUMAN, now=now)
    let_go(session, conversation_id=conversation.id, now=now)
    expect_staff(session, conversation=conversation, until=now + PATIENCE, now=now)
