"""How long a chat that a person has taken stays silent when no person says anything in it.

A day: a shop sleeps at night, but a customer who asked for a person must not be met with silence
for ever. What staff say begins it anew.
"""

from datetime import datetime, timedelta

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.orm import Session

from data.conversations.models import Conversation, ConversationEvent, Mode
from data.delivery.jobs import NewJob, enqueue
from data.kernel.entities import Entities

HAND_BACK = "hand_back"  # the job kind; args: conversation_id
STAFF_SAID = "staff_said"
PATIENCE = timedelta(hours=24)

_CHAT: BindParameter[str] = bindparam("chat")
_PERSON: BindParameter[str] = bindparam("person")
_MODE = Entities(
    select(Conversation.mode, Conversation.merchant_id).where(
        Conversation.chat_id == _CHAT, Conversation.person_id == _PERSON
    )
)


def expect_staff(
    session: Session, *, conversation: Conversation, until: datetime, now: datetime
) -> None:
    """Look again at this moment; asked twice for the same one, it is done once."""
    job = NewJob(
        lane=f"chat:{conversation.chat_id}",
        kind=HAND_BACK,
        key=f"{HAND_BACK}:{conversation.id}:{until.isoformat()}",
        run_at=until,
        args={"conversation_id": conversation.id},
        merchant_id=conversation.merchant_id,
    )
    enqueue(session, job, now=now)


def is_with_a_person(session: Session, *, chat_id: str, person_id: str) -> bool:
    """Whether somebody of the shop has this chat, so that the bot keeps silent there."""
    mode, _ = _MODE.first(session, chat=chat_id, person=person_id) or (None, None)
    return bool(mode == Mode.HUMAN)


def patience_ends(session: Session, conversation: Conversation) -> datetime | None:
    """When the bot may speak again by itself; None where no person has this chat."""
    if conversation.mode != Mode.HUMAN or conversation.handed_over_at is None:
        return None
    return (last_word(session, conversation) or conversation.handed_over_at) + PATIENCE


def last_word(session: Session, conversation: Conversation) -> datetime | None:
    """When a person of the shop spoke last, if they did since they took the chat."""
    return session.scalar(
        select(func.max(ConversationEvent.at)).where(
            ConversationEvent.conversation_id == conversation.id,
            ConversationEvent.kind == STAFF_SAID,
            ConversationEvent.at >= conversation.handed_over_at,
        )
    )
