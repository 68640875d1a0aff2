"""Everything a turn stands on, in one look: merchant, person, chat, conversation, live flows.

A turn reads these twice, before its transaction and in it; so it is one statement, made once.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from data.conversations.models import Conversation
from data.conversations.service import begin
from data.conversations.vote_models import Vote
from data.delivery.inbound import InboundEvent
from data.flows import FlowChannel
from data.kernel.entities import Entities
from data.kernel.errors import NotFound
from data.kernel.once import insert_once
from data.merchants import Merchant
from data.people import ChannelIdentity, Chat, ChatMember, Person, introduce, open_chat


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a newcomer does not have yet is None."""

    merchant: Merchant
    person: Person | None
    chat: Chat | None
    member: ChatMember | None
    conversation: Conversation | None
    live_sha: str | None


_LOOK = Entities(
    select(Merchant, Person, Chat, ChatMember, Conversation, FlowChannel.live_sha)
    .select_from(Merchant)
    .outerjoin(FlowChannel, FlowChannel.merchant_id == Merchant.id)
    .outerjoin(
        ChannelIdentity,
        and_(
            ChannelIdentity.account_id == bindparam("account"),
            ChannelIdentity.external_id == bindparam("sender"),
        ),
    )
    .outerjoin(Person, Person.id == ChannelIdentity.person_id)
    .outerjoin(
        Chat,
        and_(Chat.account_id == bindparam("account"), Chat.external_id == bindparam("chat")),
    )
    .outerjoin(ChatMember, and_(ChatMember.chat_id == Chat.id, ChatMember.person_id == Person.id))
    .outerjoin(
        Conversation,
        and_(Conversation.chat_id == Chat.id, Conversation.person_id == Person.id),
    )
    .where(Merchant.id == bindparam("merchant"))
)


def look_around(
    session: Session, *, merchant_id: str, account_id: str, sender: str, chat: str
) -> Whereabouts:
    """`sender` and `chat` are the messenger's ids on this account."""
    row = _LOOK.first(session, merchant=merchant_id, account=account_id, sender=sender, chat=chat)
    if row is None:
        raise NotFound("merchant")
    return Whereabouts(*row)


def make_known(
    session: Session, known: Whereabouts, *, account_id: str, event: InboundEvent, now: datetime
) -> None:
    """A newcomer, a new chat, somebody back after leaving: whatever is missing is made.

    A turn elsewhere may be faster; then its rows stand, and the next look finds those.
    """
    merchant = known.merchant
    person_id = known.person.id if known.person else None
    if known.person and event.sender.locale and _has_only_voted(session, known.person):
        known.person.locale = event.sender.locale
    chat_id = known.chat.id if known.chat else None
    person_id = person_id or introduce(
        session, merchant, account_id=account_id, sender=event.sender, now=now
    )
    chat_id = chat_id or open_chat(
        session, merchant_id=merchant.id, account_id=account_id, chat=event.chat, now=now
    )
    if known.member is not None:
        known.member.left_at = None
    else:
        insert_once(
            session,
            ChatMember,
            chat_id=chat_id,
            person_id=person_id,
            merchant_id=merchant.id,
            joined_at=now,
        )
    if known.conversation is None:
        begin(session, merchant_id=merchant.id, chat_id=chat_id, person_id=person_id, now=now)


def _has_only_voted(session: Session, person: Person) -> bool:
    """Reactions are in no language: such a person was given the shop's. Others may have chosen."""
    voted = select(Vote.id).where(Vote.person_id == person.id)
    spoken = select(Conversation.id).where(Conversation.person_id == person.id)
    return session.scalar(select(voted.exists() & ~spoken.exists())) is True
