"""Who is in a chat and whether we are: as the messenger reports it, for people we know already.

A forum's topics are chats of their own, named `<group>/<topic>`; what happens to the group
happens to all of them.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from data.merchants import ChannelAccount
from data.people.models import ChannelIdentity, Chat, ChatMember


def set_reachable(
    session: Session, *, account: ChannelAccount, external_id: str, reachable: bool
) -> None:
    """Blocked or removed, and back again. A chat we never met is none of ours."""
    session.execute(
        update(Chat)
        .where(_chat(account, external_id), Chat.reachable.is_not(reachable))
        .values(reachable=reachable)
        .execution_options(synchronize_session=False)
    )


def note_left(
    session: Session, *, account: ChannelAccount, chat: str, person: str, now: datetime
) -> None:
    """`chat` and `person` are the messenger's names."""
    _note(session, account, chat, person, now)


def note_back(session: Session, *, account: ChannelAccount, chat: str, person: str) -> None:
    """Somebody we know came back; a stranger becomes a member when they speak."""
    _note(session, account, chat, person, None)


def _note(
    session: Session, account: ChannelAccount, chat: str, person: str, left_at: datetime | None
) -> None:
    person_id = (
        select(ChannelIdentity.person_id)
        .where(ChannelIdentity.account_id == account.id, ChannelIdentity.external_id == person)
        .scalar_subquery()
    )
    session.execute(
        update(ChatMember)
        .where(
            ChatMember.chat_id.in_(select(Chat.id).where(_chat(account, chat))),
            ChatMember.person_id == person_id,
        )
        .values(left_at=left_at)
        .execution_options(synchronize_session=False)
    )


def _chat(account: ChannelAccount, external_id: str) -> ColumnElement[bool]:
    topics = Chat.external_id.startswith(f"{external_id}/", autoescape=True)
    return (Chat.account_id == account.id) & or_(Chat.external_id == external_id, topics)
