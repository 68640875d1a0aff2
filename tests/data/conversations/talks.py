"""A conversation of one person in their own chat, without a messenger."""

from sqlalchemy.orm import Session

from data.conversations import Conversation, resume
from data.kernel.ids import new_id
from data.merchants import ChannelAccount, Merchant
from data.people import Chat
from tests.builders import NOW, a_person


def a_talk(session: Session, merchant: Merchant, name: str = "Lan") -> Conversation:
    person = a_person(session, merchant, name=name)
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=merchant.id,
        channel="rest",
        external_id=new_id("door"),
        created_at=NOW,
    )
    session.add(account)
    session.flush()
    chat = Chat(
        id=new_id("cht"),
        merchant_id=merchant.id,
        account_id=account.id,
        external_id=name,
        kind="private",
        created_at=NOW,
    )
    session.add(chat)
    session.flush()
    return resume(session, merchant_id=merchant.id, chat_id=chat.id, person_id=person.id, now=NOW)
