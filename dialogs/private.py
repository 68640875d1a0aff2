"""From a group into the person's own chat: what is private is never said in front of others."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.conversations import resume
from data.delivery.outbox import PULL_CHANNELS
from data.merchants import ChannelAccount
from data.people import ChannelIdentity, Chat, Person, meet_chat
from dialogs.house import Stage

START_LINK = "tuanzi:start/"  # an adapter turns this into its own kind of deep link


def private_stage(session: Session, *, stage: Stage, now: datetime) -> Stage | None:
    """The same person in their own chat, or None: the messenger lets us write there only after
    they have written to us."""
    if stage.chat.kind == "private":
        return stage
    chat = private_chat(session, account=stage.account, person=stage.person, now=now)
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
    external_id = session.scalar(
        select(ChannelIdentity.external_id).where(
            ChannelIdentity.person_id == person.id, ChannelIdentity.account_id == account.id
        )
    )
    if external_id is None:
        return None
    chat = session.scalar(
        select(Chat).where(Chat.account_id == account.id, Chat.external_id == external_id)
    )
    if chat is None and account.channel in PULL_CHANNELS:
        return meet_chat(
            session, account=account, external_id=external_id, kind="private", title="", now=now
        )
    return chat if chat is not None and chat.reachable else None
