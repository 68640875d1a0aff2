"""Who is in a chat and whether we are: as the messenger reports it, for people we know already.

A forum's topics are chats of their own, named `<group>/<topic>`; what happens to the group
happens to all of them.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from data.kernel.database import table_of
from data.kernel.prepared import Prepared
from data.merchants import ChannelAccount
from data.people.models import ChannelIdentity, Chat, ChatMember

_AFTER_SLASH = chr(ord("/") + 1)
# Compiled once, for every turn runs it (docs/adr/0011).
_THIS_ONE = Prepared(
    update(table_of(Chat))
    .where(
        Chat.account_id == bindparam("account"),
        Chat.external_id == bindparam("chat"),
        Chat.reachable != bindparam("to"),
    )
    .values(reachable=bindparam("to"))
)


def set_reachable(
    session: Session, *, account: ChannelAccount, external_id: str, reachable: bool
) -> None:
    """Blocked or removed, and back again. A chat we never met is none of ours."""
    session.execute(
        update(Chat)
        .where(chat_and_topics(session, account.id, external_id), Chat.reachable.is_not(reachable))
        .values(reachable=reachable)
        .execution_options(synchronize_session=False)
    )


def note_heard(session: Session, *, account: ChannelAccount, external_id: str) -> None:
    """Where somebody speaks to us we can answer. Only a chat that was closed can have topics that
    were closed with it: every turn asks, and nearly always that is all."""
    if _THIS_ONE.run(session, account=account.id, chat=external_id, to=True):
        set_reachable(session, account=account, external_id=external_id, reachable=True)


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
    here = chat_and_topics(session, account.id, chat)
    person_id = (
        select(ChannelIdentity.person_id)
        .where(ChannelIdentity.account_id == account.id, ChannelIdentity.external_id == person)
        .scalar_subquery()
    )
    session.execute(
        update(ChatMember)
        .where(
            ChatMember.chat_id.in_(select(Chat.id).where(here)),
            ChatMember.person_id == person_id,
        )
        .values(left_at=left_at)
        .execution_options(synchronize_session=False)
    )


def chat_and_topics(session: Session, account_id: str, external_id: str) -> ColumnElement[bool]:
    """`external_id` is the messenger's name of the group. By two looks into an index that is in
    the order of bytes; not by LIKE, to which SQLite's small letters are its capitals."""
    in_bytes = "C" if session.get_bind().dialect.name == "postgresql" else "BINARY"
    name = Chat.external_id.collate(in_bytes)
    topics = and_(name >= f"{external_id}/", name < f"{external_id}{_AFTER_SLASH}")
    return (Chat.account_id == account_id) & or_(Chat.external_id == external_id, topics)
