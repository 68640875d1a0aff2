"""A messenger is unlinked: its identity is somebody new, without history, who has agreed to nothing
and whom a no still protects."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.conversations.moving import moved_to
from data.delivery.messages import Purpose
from data.delivery.models import OutboxRow, OutboxState
from data.kernel.database import changed
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import ChannelIdentity, Chat, ChatMember, Person
from data.people.merged import known_as
from data.personal.models import MoveKind, PersonMove

_UNASKED = (Purpose.REMINDER, Purpose.MARKETING, Purpose.NUDGE)


@dataclass(frozen=True, slots=True)
class Identity:
    """`chat_id`: their private chat there, if they ever had one."""

    id: int
    channel: str
    chat_id: str | None


def identities_of(session: Session, *, person_id: str) -> list[Identity]:
    """In the order in which we came to know them."""
    rows = session.execute(
        select(ChannelIdentity.id, ChannelAccount.channel, Chat.id)
        .join(ChannelAccount, ChannelAccount.id == ChannelIdentity.account_id)
        .outerjoin(
            Chat,
            (Chat.account_id == ChannelIdentity.account_id)
            & (Chat.external_id == ChannelIdentity.external_id)
            & (Chat.kind == "private"),
        )
        .where(ChannelIdentity.person_id == person_id)
        .order_by(ChannelIdentity.id)
    )
    return [Identity(*row) for row in rows]


def part(session: Session, *, person: Person, identity: Identity, now: datetime) -> bool:
    """All that is open stays with `person`. False: it is theirs no more, or the only one."""
    theirs = select(ChannelIdentity.id).where(ChannelIdentity.person_id == person.id)
    session.scalars(select(Person.id).where(Person.id == person.id).with_for_update()).all()
    if len(session.scalars(theirs).all()) < 2:  # noqa: PLR2004  # one must stay
        return False
    newcomer = _newcomer(session, person, now)
    parted = session.execute(
        update(ChannelIdentity)
        .where(ChannelIdentity.id == identity.id, ChannelIdentity.person_id == person.id)
        .values(person_id=newcomer.id)
        .execution_options(synchronize_session=False)
    )
    if not changed(parted):
        session.delete(newcomer)
        return False
    if identity.chat_id is not None:
        _leave_chat(session, person.id, identity.chat_id, now)
    session.add(
        PersonMove(
            merchant_id=person.merchant_id,
            kind=MoveKind.PARTED,
            person_id=person.id,
            into_id=newcomer.id,
            by=person.id,
            at=now,
        )
    )
    session.flush()
    return True


def _newcomer(session: Session, person: Person, now: datetime) -> Person:
    """Speaks the same language, lives in the same zone; a no and a child's age are no history."""
    newcomer = Person(
        id=new_id("per"),
        merchant_id=person.merchant_id,
        name="",
        locale=person.locale,
        timezone=person.timezone,
        opted_out_at=person.opted_out_at,
        nudges_off_at=person.nudges_off_at,
        minor_since=person.minor_since,
        created_at=now,
    )
    session.add(newcomer)
    session.flush()
    return newcomer


def _leave_chat(session: Session, person_id: str, chat_id: str, now: datetime) -> None:
    """Nothing of theirs is said there any more, and what goes on there is a stranger's."""
    session.execute(
        update(ChatMember)
        .where(ChatMember.chat_id == chat_id, ChatMember.person_id == person_id)
        .values(left_at=now)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.chat_id == chat_id,
            OutboxRow.state == OutboxState.PENDING,
            OutboxRow.purpose.in_(_UNASKED),
        )
        .values(state=OutboxState.SKIPPED, error="parted")
        .execution_options(synchronize_session=False)
    )


def heir_of(session: Session, *, conversation: Conversation) -> Conversation | None:
    """Where what waits in this conversation goes on: here, in the group that has taken its place,
    or, unlinked, in the private chat they were in last. None: nowhere."""
    if not is_parted(session, conversation=conversation):
        return moved_to(session, conversation)
    person = known_as(session, conversation.person_id)
    return session.scalar(
        select(Conversation)
        .join(Chat, Chat.id == Conversation.chat_id)
        .join(
            ChatMember,
            (ChatMember.chat_id == Chat.id) & (ChatMember.person_id == Conversation.person_id),
        )
        .where(
            Conversation.person_id == person.id,
            Chat.kind == "private",
            Chat.reachable.is_(True),
            ChatMember.left_at.is_(None),
        )
        .order_by(Conversation.last_at.desc(), Conversation.id)
        .limit(1)
    )


def is_parted(session: Session, *, conversation: Conversation) -> bool:
    """Whether whoever writes in this private chat is another person by now."""
    chat = session.get_one(Chat, conversation.chat_id)
    member = session.get(ChatMember, (chat.id, conversation.person_id))
    return chat.kind == "private" and member is not None and member.left_at is not None
