"""May this message still leave? Asked when it is leased, for much may have changed since."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.conversations import Conversation, Mode
from data.delivery import sending
from data.delivery.messages import Purpose
from data.delivery.models import OutboxRow
from data.people import Answer, Chat, Person, may_contact


def why_not(session: Session, row: OutboxRow, chat: Chat, now: datetime) -> str | None:
    """A code for what forbids it now, or None."""
    if row.not_after is not None and row.not_after <= now:
        return "expired"
    if not chat.reachable:
        return "unreachable"
    if sending.superseded(session, row):
        return "superseded"
    if row.purpose == Purpose.REPLY and _was_taken_over(session, row):
        return "with_a_person"
    return _unwanted(session, row, chat, now)


def _was_taken_over(session: Session, row: OutboxRow) -> bool:
    """Thought before a person took over, it is not said after it. What announces that person is
    of the same moment, what they write comes later: both are said."""
    conversation = session.execute(
        select(Conversation.mode, Conversation.handed_over_at).where(
            Conversation.id == row.conversation_id
        )
    ).one_or_none()
    if conversation is None or conversation.mode != Mode.HUMAN:
        return False
    since = conversation.handed_over_at
    return since is None or row.created_at < since


def _unwanted(session: Session, row: OutboxRow, chat: Chat, now: datetime) -> str | None:
    """Consent may have been taken back since; caps and hours were counted when it was written."""
    if row.person_id is None:
        return None
    verdict = may_contact(
        session,
        person=session.get_one(Person, row.person_id),
        chat=chat,
        purpose=Purpose(row.purpose),
        now=now,
    )
    return verdict.reason if verdict.answer is Answer.NEVER else None
