"""One person writes from two messengers: a code from one, typed in the other, agreed to in both.

Who typed a code learns nothing of whose it is, and a code that is not good looks like one that
never was (T40).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.kernel.database import changed
from data.kernel.ids import new_id
from data.people.merged import known_as
from data.personal.codes import admit_try, code_hash, forgive_try, new_code
from data.personal.merging import merge
from data.personal.models import LinkState, PersonLink
from data.personal.obstacles import Obstacle, obstacle_between

LINK_LIFE = timedelta(minutes=10)  # as other one-time links (T09), and anew after each step


class Answer(StrEnum):
    """`UNKNOWN`: wrong, used, too old, of another shop; nobody is told which."""

    TYPED = "typed"
    UNKNOWN = "unknown"
    OWN = "own"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Typed:
    answer: Answer
    link_id: str | None = None


def offer_code(session: Session, *, conversation: Conversation, now: datetime) -> str:
    """A fresh code for this person, to be typed elsewhere; an older one is good no more."""
    _end_older(session, conversation.person_id)
    code = new_code()
    session.add(
        PersonLink(
            id=new_id("lnk"),
            merchant_id=conversation.merchant_id,
            person_id=conversation.person_id,
            asked_in=conversation.id,
            code_hash=code_hash(conversation.merchant_id, code),
            state=LinkState.OPEN,
            made_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    session.flush()
    return code


def type_code(session: Session, *, conversation: Conversation, code: str, now: datetime) -> Typed:
    """Somebody types a code here: it is theirs to agree to, and nobody else's any more."""
    merchant_id, chat_id = conversation.merchant_id, conversation.chat_id
    if not admit_try(session, merchant_id=merchant_id, chat_id=chat_id, now=now):
        return Typed(Answer.TOO_MANY)
    this = (
        PersonLink.merchant_id == merchant_id,
        PersonLink.code_hash == code_hash(merchant_id, code),
        PersonLink.state == LinkState.OPEN,
        PersonLink.expires_at > now,
    )
    typed = session.scalar(
        update(PersonLink)
        .where(*this, PersonLink.person_id != conversation.person_id)
        .values(
            state=LinkState.TYPED,
            typed_by=conversation.person_id,
            typed_in=conversation.id,
            expires_at=now + LINK_LIFE,
        )
        .returning(PersonLink.id)
        .execution_options(synchronize_session=False)
    )
    if typed is None:
        own = session.scalar(select(PersonLink.id).where(*this)) is not None
        if own:
            forgive_try(session, merchant_id=merchant_id, chat_id=chat_id)
        return Typed(Answer.OWN if own else Answer.UNKNOWN)
    forgive_try(session, merchant_id=merchant_id, chat_id=chat_id)
    return Typed(Answer.TYPED, typed)


def agree_to_link(
    session: Session, *, conversation: Conversation, link_id: str, now: datetime
) -> PersonLink | None:
    """Yes, said where the code was typed. None: it is too late."""
    theirs = (PersonLink.typed_in == conversation.id, PersonLink.state == LinkState.TYPED)
    if not _turn(session, link_id, LinkState.AGREED, *theirs, now=now):
        return None
    return session.get_one(PersonLink, link_id, populate_existing=True)


def refuse_link(session: Session, *, conversation: Conversation, link_id: str) -> None:
    """No, said in either of the two chats."""
    session.execute(
        update(PersonLink)
        .where(
            PersonLink.id == link_id,
            (PersonLink.typed_in == conversation.id) | (PersonLink.asked_in == conversation.id),
            PersonLink.state != LinkState.JOINED,
        )
        .values(state=LinkState.OVER)
        .execution_options(synchronize_session=False)
    )


def link_asked_of(
    session: Session, *, conversation: Conversation, link_id: str
) -> PersonLink | None:
    """What this conversation is asked to agree to, as it stands."""
    link = session.get(PersonLink, link_id, populate_existing=True)
    return link if link is not None and link.asked_in == conversation.id else None


def join_people(
    session: Session, *, conversation: Conversation, link_id: str, now: datetime
) -> Obstacle | None:
    """Yes, said where the code came from, and that was the last word: the two are one from here on.

    Gives what stands in the way, and then nothing has happened.
    """
    asked = (PersonLink.asked_in == conversation.id, PersonLink.state == LinkState.AGREED)
    if not _turn(session, link_id, LinkState.JOINED, *asked, now=now):
        return Obstacle.TOO_LATE
    kept, gone = _both(session, link_id)
    obstacle = merge(session, kept=kept, gone=gone, link_id=link_id, now=now)
    if obstacle is not None:
        _turn(session, link_id, LinkState.OVER, now=now)
    return obstacle


def obstacle_of(session: Session, *, link_id: str) -> Obstacle | None:
    """What stands in the way as things are now: better said before the question than after it."""
    kept, gone = _both(session, link_id)
    return obstacle_between(session, kept=kept, gone=gone)


def _both(session: Session, link_id: str) -> tuple[str, str]:
    """Who asked and who typed, as they are known now: another link may have been faster."""
    link = session.get_one(PersonLink, link_id, populate_existing=True)
    assert link.typed_by is not None  # noqa: S101  # somebody typed what is agreed to
    return known_as(session, link.person_id).id, known_as(session, link.typed_by).id


def _end_older(session: Session, person_id: str) -> None:
    session.execute(
        update(PersonLink)
        .where(PersonLink.person_id == person_id, PersonLink.state == LinkState.OPEN)
        .values(state=LinkState.OVER)
        .execution_options(synchronize_session=False)
    )


def _turn(
    session: Session, link_id: str, to: LinkState, *when: ColumnElement[bool], now: datetime
) -> bool:
    turned = session.execute(
        update(PersonLink)
        .where(PersonLink.id == link_id, PersonLink.expires_at > now, *when)
        .values(state=to, expires_at=now + LINK_LIFE)
        .execution_options(synchronize_session=False)
    )
    return changed(turned) == 1
