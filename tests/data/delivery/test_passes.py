"""A messenger's word opens one call of ours: the newest of an account, once for a chat."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.delivery import cursors, passes
from data.delivery.passes import LONGEST, Of
from data.delivery.token_models import Pass, PassKind
from data.kernel.database import Database
from data.merchants import ChannelAccount
from data.people import meet_chat
from tests.builders import NOW
from tests.data.delivery.test_channel_tokens import an_account

SOON = NOW + timedelta(minutes=10)


@pytest.fixture
def session(each_database: Database) -> Iterator[Session]:
    with each_database.transaction() as session:
        yield session


@pytest.fixture
def account(session: Session) -> ChannelAccount:
    return an_account(session)


def a_chat(session: Session, account: ChannelAccount, name: str) -> str:
    told = {"external_id": name, "kind": "private", "title": "", "now": NOW}
    return meet_chat(session, account=account, **told).id


def test_the_newest_bell_is_what_counts_and_a_later_one_stays(
    session: Session, account: ChannelAccount
) -> None:
    of = Of(account, PassKind.NEWS)
    for text in ("one", "two"):
        passes.give(session, of=of, text=text, until=SOON, now=NOW)
    seen = passes.newest(session, of=of, now=NOW)
    assert seen is not None
    assert (seen.text, session.scalar(select(func.count(Pass.id)))) == ("two", 1)
    passes.give(session, of=of, text="three", until=SOON, now=NOW)
    passes.done(session, of=of, word=seen)
    later = passes.newest(session, of=of, now=NOW)
    assert later is not None
    passes.done(session, of=of, word=later)
    assert passes.newest(session, of=of, now=NOW) is None


@pytest.mark.parametrize(("text", "after"), [("x" * (LONGEST + 1), 0), ("word", 10)])
def test_that_it_rang_is_true_for_longer_than_its_word(
    session: Session, account: ChannelAccount, text: str, after: int
) -> None:
    of, now = Of(account, PassKind.NEWS), NOW + timedelta(minutes=after)
    passes.give(session, of=of, text=text, until=SOON, now=NOW)
    found = passes.newest(session, of=of, now=now)
    assert found is not None
    assert found.text == ""


def test_a_greeting_is_one_chats_once_and_for_a_while(
    session: Session, account: ChannelAccount
) -> None:
    ann, bob = (Of(account, PassKind.GREETING, a_chat(session, account, name)) for name in "ab")
    passes.give(session, of=ann, text="hers", until=SOON, now=NOW)
    passes.give(session, of=bob, text="his", until=SOON, now=NOW)
    assert passes.use(session, of=ann, now=NOW) == "hers"
    assert passes.use(session, of=ann, now=NOW) is None
    assert passes.use(session, of=bob, now=SOON) is None
    assert passes.newest(session, of=Of(account, PassKind.NEWS), now=NOW) is None


def test_another_accounts_words_are_none_of_ours(session: Session, account: ChannelAccount) -> None:
    theirs = ChannelAccount(
        id="acc_wx2",
        merchant_id=account.merchant_id,
        channel="wecom",
        external_id="wx2",
        settings={},
        created_at=NOW,
    )
    session.add(theirs)
    session.flush()
    of = Of(theirs, PassKind.NEWS)
    passes.give(session, of=of, text="theirs", until=SOON, now=NOW)
    assert passes.newest(session, of=Of(account, PassKind.NEWS), now=NOW) is None


def test_a_cursor_advances_only_from_where_it_was_read(
    session: Session, account: ChannelAccount
) -> None:
    def advance(before: str | None, to: str) -> bool:
        return cursors.advance(session, account=account, before=before, to=to, now=NOW)

    assert advance(None, "c1")
    assert not advance(None, "c0")
    assert advance("c1", "c2")
    assert not advance("c1", "c3")
    assert cursors.position(session, account_id=account.id) == "c2"
    cursors.forget(session, account=account)
    assert cursors.position(session, account_id=account.id) is None
