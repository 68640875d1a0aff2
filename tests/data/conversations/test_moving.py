"""A group gets another id, and somebody has spoken in the new one already: who goes on where."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations import Conversation, resume
from data.conversations.moving import move_chat, moved_to
from data.kernel.database import Database
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat
from tests.builders import NOW, a_merchant, a_person


def _group(session: Session, account: ChannelAccount, name: str) -> Chat:
    chat = Chat(
        id=new_id("cht"),
        merchant_id=account.merchant_id,
        account_id=account.id,
        external_id=name,
        kind="group",
        created_at=NOW,
    )
    session.add(chat)
    session.flush()
    return chat


def _talk(session: Session, chat: Chat, person: str, at: datetime = NOW) -> Conversation:
    shop = chat.merchant_id
    return resume(session, merchant_id=shop, chat_id=chat.id, person_id=person, now=at)


def test_what_waits_in_the_new_group_waits_in_the_one_with_the_history(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        account = ChannelAccount(
            id=new_id("acc"), merchant_id=merchant.id, channel="telegram", external_id="bot",
            settings={}, created_at=NOW,
        )  # fmt: skip
        session.add(account)
        session.flush()
        old, new = _group(session, account, "-1"), _group(session, account, "-100")
        lan, wei = (a_person(session, merchant, name=name).id for name in ("Lan", "Wei"))
        there, here = _talk(session, new, lan), _talk(session, old, lan)
        alone = _talk(session, new, wei)
        before = alone.rev
        move_chat(session, account_id=account.id, before="-1", after="-100", now=NOW)
        session.expire_all()
        assert (old.external_id, old.reachable, new.reachable) == ("-100", True, False)
        assert moved_to(session, there).id == here.id
        assert moved_to(session, here).id == here.id
        assert (alone.chat_id, alone.rev) == (old.id, before + 1)
        assert moved_to(session, alone).id == alone.id
