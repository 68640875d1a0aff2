"""A payment in the same moment as the turn that begins to wait for it: one of the two sees the
other, on SQLite and PostgreSQL; with its negative control."""

from functools import partial

from sqlalchemy import func, select, text

from data.conversations import JOBS, WAKE, ConversationWait, ToldEvent
from data.conversations.waits import SPREAD
from data.delivery.models import Job
from data.kernel.database import Database
from tests.builders import NOW, a_merchant
from tests.data.conversations.talks import a_talk
from tests.races import acts
from tests.races.together import all_at_once

ROUNDS = 4


def _people(database: Database) -> tuple[str, str]:
    """A shop and a conversation in it."""
    with database.transaction() as session:
        merchant = a_merchant(session)
        return merchant.id, a_talk(session, merchant).id


def _woken(database: Database) -> list[str]:
    """The objects whose payment wakes the conversation, once all is passed on."""
    with database.transaction() as session:
        for job in session.scalars(select(Job).where(Job.kind == SPREAD)).all():
            JOBS[SPREAD](session, job, NOW)
        jobs = session.scalars(select(Job).where(Job.kind == WAKE)).all()
        return sorted(job.args["key"] for job in jobs if job.args["event"] == "payment_paid")


def test_what_is_told_while_a_turn_begins_to_wait_for_it_wakes_it_exactly_once(
    each_database: Database,
) -> None:
    merchant, talk = _people(each_database)
    keys = [f"ord_{number}" for number in range(ROUNDS)]
    waiting = partial(acts.begin_waiting, talk=talk, keys=keys, now=NOW)
    telling = partial(acts.tell_paid, merchant=merchant, keys=keys, now=NOW)
    assert all_at_once(each_database, [waiting, telling]) == ["ok"] * 2

    assert _woken(each_database) == keys


def test_one_event_told_by_many_at_once_wakes_once(each_database: Database) -> None:
    merchant, talk = _people(each_database)
    waiting = partial(acts.begin_waiting, talk=talk, keys=["ord_1"], now=NOW)
    telling = partial(acts.tell_paid, merchant=merchant, keys=["ord_1"], now=NOW)
    assert all_at_once(each_database, [waiting, *[telling] * 3]) == ["ok"] * 4

    with each_database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ToldEvent)) == 1
    assert _woken(each_database) == ["ord_1"]


def test_control_looking_first_and_writing_then_loses_the_event(each_database: Database) -> None:
    merchant, talk = _people(each_database)
    with each_database.transaction() as session:
        session.execute(text("CREATE TABLE naive (woken INTEGER)"))
        session.execute(text("INSERT INTO naive VALUES (0)"))
    waiting = partial(acts.naive_waiting, talk=talk, merchant=merchant, key="ord_1")
    telling = partial(acts.naive_telling, merchant=merchant, key="ord_1", now=NOW)
    assert all_at_once(each_database, [waiting, telling]) == ["ok"] * 2

    with each_database.reading() as session:
        both = [session.scalar(select(func.count()).select_from(ConversationWait)),
                session.scalar(select(func.count()).select_from(ToldEvent))]  # fmt: skip
        assert both == [1, 1]
        assert session.scalar(text("SELECT woken FROM naive")) == 0
