"""Two people in a shop who may turn out to be one, each in a chat of their own."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.merchants import Merchant
from data.people import ChannelIdentity, Chat, ChatMember, Person
from tests.builders import NOW, a_merchant
from tests.data.conversations.talks import a_talk


@dataclass(frozen=True, slots=True)
class Twins:
    """`kept` and `gone`: whose conversations these are, as long as they are two."""

    merchant: Merchant
    one: Conversation
    other: Conversation
    kept: str
    gone: str


def twins(session: Session, merchant: Merchant | None = None) -> Twins:
    merchant = merchant or a_merchant(session)
    one, other = (a_known_talk(session, merchant, name) for name in ("Ann", "Annie"))
    return Twins(merchant, one, other, one.person_id, other.person_id)


def a_known_talk(session: Session, merchant: Merchant, name: str) -> Conversation:
    """Of somebody whom the messenger knows, too."""
    talk = a_talk(session, merchant, name)
    chat = session.get_one(Chat, talk.chat_id)
    here = {"merchant_id": merchant.id, "person_id": talk.person_id}
    session.add(ChannelIdentity(account_id=chat.account_id, external_id=name, **here))
    session.add(ChatMember(chat_id=chat.id, joined_at=NOW, **here))
    session.flush()
    return talk


def people(session: Session, pair: Twins) -> tuple[Person, Person]:
    return session.get_one(Person, pair.kept), session.get_one(Person, pair.gone)
