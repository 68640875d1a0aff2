"""Whether it helped: asked once when a person of the shop gives a chat back, and never again soon.

The answer is an event (`satisfaction_told`), for the shop to count.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.conversations.said import last_started
from dialogs.engine import StartPattern
from dialogs.standing import state_of

PATTERN = "pattern_customer_satisfaction"
PAUSE = timedelta(days=30)  # somebody who needs help twice in a month has said what they think


def asking(session: Session, conversation: Conversation, *, now: datetime) -> StartPattern | None:
    """Not amid an open question: two at once are one too many."""
    if state_of(conversation).stack:
        return None
    last = last_started(session, conversation_id=conversation.id, flow=PATTERN)
    if last is not None and now - last < PAUSE:
        return None
    return StartPattern(PATTERN, {"asked": conversation.rev})
