"""May this message still leave? Asked when it is leased, for much may have changed since."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery import sending
from data.delivery.messages import Purpose
from data.delivery.models import OutboxRow
from data.people import Answer, Chat, Verdict, may_contact, may_speak_to_group
from data.people.contact import ALLOWED, QUIET
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
    """Consent may have been taken back since; caps and hours were counted when it was written. What
    others wanted people reminded of is worth waking nobody for, also where it was held up."""
    verdict = _verdict(session, row, chat, now)
    is_nudge_at_night = row.purpose == Purpose.NUDGE and verdict.reason == QUIET
    return verdict.reason if verdict.answer is Answer.NEVER or is_nudge_at_night else None


def _verdict(session: Session, row: OutboxRow, chat: Chat, now: datetime) -> Verdict:
    if row.person_id is not None:
        person, purpose = known_as(session, row.person_id), Purpose(row.purpose)
        return may_contact(session, person=person, chat=chat, purpose=purpose, now=now)
    if row.purpose == Purpose.NUDGE:
        return may_speak_to_group(session, chat=chat, now=now)
    return ALLOWED
