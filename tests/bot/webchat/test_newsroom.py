"""Who waits is told of their own chat and of no other's, on both databases."""

import asyncio

from sqlalchemy.orm import Session

from bot.delivery.bell import Bell
from bot.opening import open_account
from bot.web.leaving import Leaving
from bot.webchat.doors import Visit
from bot.webchat.history import read_news
from bot.webchat.newsroom import Newsroom
from bot.webchat.sites import Look, Site
from data.delivery import outbox
from data.delivery.messages import OutboundMessage, Text
from data.kernel.database import Database
from data.merchants import ChannelAccount
from data.people import meet_chat
from tests.builders import NOW, a_merchant

_PATIENCE = 10.0


def a_chat(session: Session, account: ChannelAccount, visitor: str) -> str:
    return meet_chat(
        session, account=account, external_id=visitor, kind="private", title="", now=NOW
    ).id


def post(session: Session, account: ChannelAccount, chat_id: str, text: str) -> None:
    letter = outbox.Letter(chat_id, OutboundMessage((Text(text),)))
    origin = outbox.Origin(f"test:{chat_id}:{text}")
    outbox.post(session, [letter], account=account, origin=origin, now=NOW)


def test_only_who_has_news_is_told(each_database: Database) -> None:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        account = open_account(
            session, merchant_id=merchant.id, channel="web", external_id="web-test", now=NOW
        )
        ann, bob = (a_chat(session, account, visitor) for visitor in ("ann", "bob"))
        post(session, account, bob, "before")
    asyncio.run(_told(each_database, account, ann))
    site = Site(account, (), Look(), b"")
    with each_database.reading() as session:
        heard = read_news(session, Visit(site, "ann"), after=None)
        assert [item["messages"][0]["text"] for item in heard.items] == ["now"]
        assert heard.cursor.message > 0
        again = read_news(session, Visit(site, "ann"), after=heard.cursor)
        assert again.items == []
        late = read_news(session, Visit(site, "ann"), after=heard.cursor, again=NOW)
        assert len(late.items) == 1


async def _told(database: Database, account: ChannelAccount, chat_id: str) -> None:
    bell = Bell()
    database.on_commit = bell.ring
    leaving = Leaving(bell)
    newsroom = Newsroom(database, bell, leaving)
    with (
        newsroom.waiting((account.id, "ann")) as ann,
        newsroom.waiting((account.id, "bob")) as bob,
    ):
        running = asyncio.create_task(newsroom.run())
        await asyncio.wait_for(bob.wait(), _PATIENCE)  # a first look takes all of late for news
        ann.clear()
        bob.clear()
        await asyncio.to_thread(_post, database, account, chat_id)
        await asyncio.wait_for(ann.wait(), _PATIENCE)
        assert not bob.is_set(), "what was said to him was said before"
        leaving()
        await asyncio.wait_for(running, _PATIENCE)
        assert bob.is_set(), "whoever waits when the process ends is woken"
    assert newsroom.listeners((account.id, "ann")) == 0


def _post(database: Database, account: ChannelAccount, chat_id: str) -> None:
    with database.transaction() as session:
        post(session, account, chat_id, "now")
