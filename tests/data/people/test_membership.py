"""Whether a chat reaches anybody, and its topics with it."""

from sqlalchemy import select

from data.kernel.database import Database
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat, meet_chat
from data.people.membership import note_heard, set_reachable
from tests.builders import NOW, a_merchant

NAMES = ("-1", "-1/7", "-1/8", "-12", "!Tea", "!Tea/x", "!tea/x", "!t_a/x", "!tXa/x")


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
