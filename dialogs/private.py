"""From a group into the person's own chat: what is private is never said in front of others."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from data.conversations import resume
from data.delivery.outbox import INVITING_CHANNELS, PULL_CHANNELS
from data.kernel.entities import Entities
from data.merchants import ChannelAccount
from data.people import ChannelIdentity, Chat, Person, meet_chat
from data.people.membership import note_heard
from dialogs.house import Stage

# An adapter turns these into its own kind of deep link: into the private chat with us, and into a
# group that the person chooses and we join. One that has no such link leaves the button out.
START_LINK = "tuanzi:start/"
GROUP_LINK = "tuanzi:group/"

_WHO: BindParameter[str] = bindparam("who")
_WHERE: BindParameter[str] = bindparam("where")
_CALLED: BindParameter[str] = bindparam("called")
_NAME_THERE = Entities(
    select(ChannelIdentity.external_id, ChannelIdentity.merchant_id).where(
        ChannelIdentity.person_id == _WHO, ChannelIdentity.account_id == _WHERE
    )
)
_CHAT_CALLED = Entities(select(Chat).where(Chat.account_id == _WHERE, Chat.external_id == _CALLED))


def private_stage(session: Session, *, stage: Stage, now: datetime) -> Stage | None:
    """The same person, who asks for it, in their own chat. None: the messenger lets us write there
    only after they have written to us."""
    if stage.chat.kind == "private":
        return stage
    account, person = stage.account, stage.person
    chat = private_chat(session, account=account, person=person, now=now)
    if chat is None and account.channel in INVITING_CHANNELS:
        chat = _open_chat(session, account, person, now)
    return stage_in(session, stage=stage, chat=chat, now=now) if chat else None


def stage_in(session: Session, *, stage: Stage, chat: Chat, now: datetime) -> Stage:
    conversation = resume(
        session,
        merchant_id=stage.merchant.id,
        chat_id=chat.id,
        person_id=stage.person.id,
        now=now,
    )
    return replace(stage, chat=chat, conversation=conversation)


def private_chat(
    session: Session, *, account: ChannelAccount, person: Person, now: datetime
) -> Chat | None:
    """Their private chat on this account, if we may write there. It is called by their own id."""
    external_id = _identity(session, account, person)
    if external_id is None:
        return None
    (chat,) = _CHAT_CALLED.first(session, where=account.id, called=external_id) or (None,)
    if chat is None and account.channel in PULL_CHANNELS:
        return _open_chat(session, account, person, now)
    return chat if chat is not None and chat.reachable and chat.kind == "private" else None


def _open_chat(
    session: Session, account: ChannelAccount, person: Person, now: datetime
) -> Chat | None:
    """Or open again what they left: they come to us now. None: a group has their name."""
    external_id = _identity(session, account, person)
    if external_id is None:
        return None
    chat = meet_chat(
        session, account=account, external_id=external_id, kind="private", title="", now=now
    )
    if chat.kind != "private":
        return None
    note_heard(session, account=account, external_id=external_id)
    return chat


def _identity(session: Session, account: ChannelAccount, person: Person) -> str | None:
    found = _NAME_THERE.first(session, who=person.id, where=account.id)
    return found[0] if found else None
