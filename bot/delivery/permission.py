"""May this message still leave? Asked when it is leased, for much may have changed since."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery import sending
from data.delivery.messages import Purpose
from data.delivery.models import OutboxRow
from data.people import Answer, Chat, may_contact
from data.people.merged import known_as

UNREACHABLE = "unreachable"


def why_not(session: Session, row: OutboxRow, chat: Chat, now: datetime) -> str | None:
    """A code for what forbids it now, or None."""
    if row.not_after is not None and row.not_after <= now:
        return "expired"
    if not chat.reachable:
        return UNREACHABLE
    if sending.superseded(session, row):
        return "superseded"
    return _unwanted(session, row, chat, now)


def _unwanted(session: Session, row: OutboxRow, chat: Chat, now: datetime) -> str | None:
    """Consent may have been taken back since; caps and hours were counted when it was written."""
    if row.person_id is None:
        return None
    verdict = may_contact(
        session,
        person=known_as(session, row.person_id),
        chat=chat,
        purpose=Purpose(row.purpose),
        now=now,
    )
    return verdict.reason if verdict.answer is Answer.NEVER else None
