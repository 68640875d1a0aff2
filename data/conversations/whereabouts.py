"""Everything a turn stands on, in one look: merchant, person, chat, conversation, live flows.

A turn reads these twice, before its transaction and in it; so it is one statement, made once.
"""

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from data.conversations.models import Conversation
from data.flows import FlowChannel
from data.merchants import Merchant
from data.people import ChannelIdentity, Chat, ChatMember, Person


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a newcomer does not have yet is None."""

    merchant: Merchant
    person: Person | None
    chat: Chat | None
    member: ChatMember | None
    conversation: Conversation | None
    live_sha: str | None


_LOOK = (
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
    row = session.execute(
        _LOOK,
        {"merchant": merchant_id, "account": account_id, "sender": sender, "chat": chat},
    ).one()
    return Whereabouts(*row)
