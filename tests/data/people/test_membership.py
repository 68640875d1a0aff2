"""Whether a chat reaches anybody, and its topics with it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from data.conversations.said import is_ours
from data.conversations.votes import note_reaction
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Reaction, Sender
from data.kernel.database import Database
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat, meet_chat
from data.people.membership import (
    chat_and_topics,
    note_back,
    note_heard,
    note_left,
    set_reachable,
)
from tests.builders import NOW, a_merchant

NAMES = (
    "-1", "-1/7", "-1/8", "-12", "-10", "-1.", "-1:7", "-17/1",
    "!Tea", "!Tea/x", "!tea/x", "!t_a/x", "!tXa/x",
)  # fmt: skip


def a_door(database: Database) -> ChannelAccount:
    with database.transaction() as session:
        more = {"merchant_id": a_merchant(session).id, "channel": "telegram", "external_id": "x"}
        account = ChannelAccount(id=new_id("acc"), settings={}, created_at=NOW, **more)
        session.add(account)
        session.flush()
        for name in NAMES:
            meet_chat(session, account=account, external_id=name, kind="group", title="", now=NOW)
    return account


def closed(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Chat.external_id).where(Chat.reachable.is_(False))))


def test_a_group_is_closed_with_its_topics_and_opened_with_them(each_database: Database) -> None:
    account = a_door(each_database)
    with each_database.transaction() as session:
        for name in ("-1", "!Tea", "!t_a"):
            set_reachable(session, account=account, external_id=name, reachable=False)
    assert closed(each_database) == {"-1", "-1/7", "-1/8", "!Tea", "!Tea/x", "!t_a/x"}
    with each_database.transaction() as session:
        note_heard(session, account=account, external_id="-1")
        note_heard(session, account=account, external_id="!Tea")
    assert closed(each_database) == {"!t_a/x"}


def test_who_speaks_in_a_topic_opens_it_alone_and_an_open_group_opens_nothing(
    database: Database,
) -> None:
    account = a_door(database)
    with database.transaction() as session:
        for name in ("-1/7", "-1/8"):
            set_reachable(session, account=account, external_id=name, reachable=False)
        note_heard(session, account=account, external_id="-1/7")
        note_heard(session, account=account, external_id="-1")
    assert closed(database) == {"-1/8"}


def test_a_turn_in_an_open_group_looks_at_no_other_chat(database: Database) -> None:
    account, asked = a_door(database), list[str]()
    with database.transaction() as session:
        line = session.connection().connection.driver_connection
        assert line is not None
        line.set_trace_callback(asked.append)
        note_heard(session, account=account, external_id="-1")
        line.set_trace_callback(None)
        (change,) = [told for told in asked if told.startswith("UPDATE")]
        (found,) = [row[-1] for row in line.execute(f"EXPLAIN QUERY PLAN {change}")]
    assert "SEARCH chats USING INDEX" in found
    assert "external_id=?" in found


def _closes(session: Session, account: ChannelAccount) -> None:
    set_reachable(session, account=account, external_id="-1", reachable=False)


def _leaves(session: Session, account: ChannelAccount) -> None:
    note_left(session, account=account, chat="-1", person="ann", now=NOW)


def _returns(session: Session, account: ChannelAccount) -> None:
    note_back(session, account=account, chat="-1", person="ann")


def _is_answered(session: Session, account: ChannelAccount) -> None:
    is_ours(session, account_id=account.id, place="-1", name="17")


def _votes(session: Session, account: ChannelAccount) -> None:
    given = Reaction("17", likes=True, told=1)
    event = InboundEvent(
        event_id="1",
        kind=EventKind.REACTION,
        chat=ChatRef("-1", "group", ""),
        sender=Sender("ann", "Ann", "en"),
        reaction=given,
    )
    note_reaction(session, account=account, event=event, now=NOW)


@pytest.mark.parametrize("does", [_closes, _leaves, _returns, _is_answered, _votes])
def test_a_group_is_found_with_its_topics_by_the_index_of_names(
    database: Database, does: Callable[[Session, ChannelAccount], None]
) -> None:
    account, asked = a_door(database), list[str]()
    with database.transaction() as session:
        line = session.connection().connection.driver_connection
        assert line is not None
        line.set_trace_callback(asked.append)
        does(session, account)
        line.set_trace_callback(None)
        (told,) = [one for one in asked if "COLLATE" in one]
        plan = [row[-1] for row in line.execute(f"EXPLAIN QUERY PLAN {told}")]
    chats = [step for step in plan if " chats " in step]
    assert [step for step in chats if "external_id=?" in step]
    assert [step for step in chats if "external_id>? AND external_id<?" in step]
    assert len(chats) == 2, plan


_CROWD = """
    INSERT INTO chats (id, merchant_id, account_id, external_id, kind, title, reachable, created_at)
    SELECT 'cht_' || n, :merchant, :account, 'g' || n, 'group', '', true, now()
    FROM generate_series(1, 5000) AS n"""


def test_on_postgresql_too(postgresql_database: Database) -> None:
    """Of few chats it would rather read them all."""
    account = a_door(postgresql_database)
    with postgresql_database.transaction() as session:
        session.execute(text(_CROWD), {"account": account.id, "merchant": account.merchant_id})
        session.execute(text("ANALYZE chats"))
        found = select(Chat.external_id).where(chat_and_topics(session, account.id, "-1"))
        told = found.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = "\n".join(session.scalars(text(f"EXPLAIN {told}".replace(":", "\\:"))))
        assert set(session.scalars(found)) == {"-1", "-1/7", "-1/8"}
    assert "BitmapOr" in plan
    assert "on ix_chats_in_bytes" in plan
