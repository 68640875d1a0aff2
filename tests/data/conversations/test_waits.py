"""Waits and what is told: who waits is woken once, and hears of what came before, if it fits."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.conversations import (
    JOBS,
    WAKE,
    Awaited,
    Conversation,
    ConversationWait,
    News,
    NewWait,
    ToldEvent,
    begin_wait,
    end_wait,
    forget_told,
    record_events,
    tell,
)
from data.conversations.waits import SPREAD
from data.delivery.jobs import NewJob, enqueue
from data.delivery.models import Job
from data.kernel.database import Database
from data.merchants import Merchant
from tests.builders import NOW, a_merchant
from tests.data.conversations.talks import a_talk

HOUR = timedelta(hours=1)
PAID, FAILED = Awaited("payment_paid", "ord_1", lasting=True), Awaited("payment_failed", "ord_1")


@pytest.fixture
def session(each_database: Database) -> Iterator[Session]:
    with each_database.transaction() as session:
        yield session


@pytest.fixture
def talk(session: Session) -> Conversation:
    return a_talk(session, a_merchant(session))


def wait(
    session: Session,
    talk: Conversation,
    *awaited: Awaited,
    number: int = 5,
    frame: int = 1,
    after: int = 0,
    now: Any = NOW,
) -> None:
    new = NewWait(number, awaited or (PAID,), HOUR, frame, after)
    begin_wait(session, conversation=talk, new=new, now=now)


def told(
    session: Session, talk: Conversation, event: str = "payment_paid", *, once: str = "",
    key: str = "ord_1", now: Any = NOW, **payload: Any,
) -> None:  # fmt: skip
    news = News(event, key, payload, once)
    tell(session, merchant_id=talk.merchant_id, news=news, now=now)


def woken(session: Session, talk: Conversation) -> Sequence[tuple[str, int, Any]]:
    """Event, wait and payload of every waking that is still to come, but for those of the time."""
    for job in session.scalars(select(Job).where(Job.kind == SPREAD, Job.state == "due")):
        JOBS[SPREAD](session, job, NOW)
        job.state = "done"
    jobs = session.scalars(
        select(Job)
        .where(Job.kind == WAKE, Job.state == "due", Job.lane == f"chat:{talk.chat_id}")
        .order_by(Job.id)
    )
    args = [job.args for job in jobs]
    return [(a["event"], a["wait"], a["payload"]) for a in args if a["event"] != "timeout"]


def test_what_is_told_wakes_who_waits_once_however_often_it_is_told(
    session: Session, talk: Conversation
) -> None:
    wait(session, talk)
    told(session, talk, number="1001")
    told(session, talk, number="1001")
    assert woken(session, talk) == [("payment_paid", 5, {"number": "1001"})]
    assert session.scalar(select(func.count()).select_from(ToldEvent)) == 1


def test_what_was_told_before_wakes_as_soon_as_somebody_waits(
    session: Session, talk: Conversation
) -> None:
    told(session, talk, number="1001")
    assert woken(session, talk) == []
    wait(session, talk)
    assert woken(session, talk) == [("payment_paid", 5, {"number": "1001"})]


def test_another_object_another_event_and_another_shop_wake_nobody(
    session: Session, talk: Conversation
) -> None:
    stranger = a_talk(session, a_merchant(session), "Wei")
    told(session, stranger)
    told(session, talk, key="ord_2")
    told(session, talk, "group_buy_reached")
    wait(session, talk)
    told(session, stranger, once="again")
    assert woken(session, talk) == []


def test_the_latest_that_fits_is_heard(session: Session, talk: Conversation) -> None:
    told(session, talk, "payment_failed", once="att_1")
    told(session, talk)
    wait(session, talk, PAID, FAILED)
    assert [event for event, _, _ in woken(session, talk)] == ["payment_paid"]


def test_what_passes_counts_only_since_the_flow_began(session: Session, talk: Conversation) -> None:
    """A payment that failed before somebody asked for a new link is no news to that flow."""
    told(session, talk, "payment_failed", once="att_1", now=NOW - HOUR)
    started = {"kind": "flow_started", "frame": 1}
    record_events(session, talk, [started], inbox_id=None, now=NOW)
    later = NOW + HOUR
    wait(session, talk, PAID, FAILED, now=later)
    assert woken(session, talk) == []
    told(session, talk, "payment_failed", once="att_2", now=later)
    assert len(woken(session, talk)) == 1
    wait(session, talk, PAID, FAILED, number=6, frame=2, now=later + HOUR)  # began in this turn
    wait(session, talk, PAID, FAILED, number=7, now=later + HOUR)  # began before it failed again
    assert [number for _, number, _ in woken(session, talk)] == [5, 7]


def test_what_a_flow_has_heard_does_not_wake_it_again_but_what_came_after_does(
    session: Session, talk: Conversation
) -> None:
    wait(session, talk, PAID, FAILED)
    told(session, talk, "payment_failed", once="att_1")
    heard = session.scalars(select(ToldEvent.id)).one()
    assert [number for _, number, _ in woken(session, talk)] == [5]
    end_wait(session, conversation_id=talk.id, wait=5)
    wait(session, talk, PAID, FAILED, number=6, after=heard)
    assert [number for _, number, _ in woken(session, talk)] == [5]
    end_wait(session, conversation_id=talk.id, wait=6)
    told(session, talk)
    wait(session, talk, PAID, FAILED, number=7, after=heard)
    assert woken(session, talk)[1:] == [("payment_paid", 7, {})]


def test_what_is_spread_late_is_not_in_the_way_of_what_comes_after_it(
    session: Session, talk: Conversation
) -> None:
    """The flow has heard the second failure and passes the first one over; the third is news."""
    for number in (1, 2):
        told(session, talk, "payment_failed", once=f"att_{number}", number=number)
    first, second = session.scalars(select(ToldEvent.id).order_by(ToldEvent.id)).all()
    wait(session, talk, PAID, FAILED, after=second)
    late = NewJob("spread:late", SPREAD, "spread:late", NOW, {"number": first}, talk.merchant_id)
    enqueue(session, late, now=NOW)
    assert [payload["number"] for _, _, payload in woken(session, talk)] == [1]
    told(session, talk, "payment_failed", once="att_3", number=3)
    assert [payload["number"] for _, _, payload in woken(session, talk)] == [1, 3]


def test_a_wait_that_ended_leaves_neither_row_nor_alarm(
    session: Session, talk: Conversation
) -> None:
    wait(session, talk)
    alarm = select(Job.state).where(Job.key == f"wake:{talk.id}:5:timeout")
    assert session.scalar(alarm) == "due"
    end_wait(session, conversation_id=talk.id, wait=5)
    assert session.scalar(alarm) == "done"
    assert session.scalars(select(ConversationWait)).all() == []


def test_waiting_for_the_time_alone_needs_no_row(session: Session, talk: Conversation) -> None:
    begin_wait(session, conversation=talk, new=NewWait(5, (), HOUR), now=NOW)
    assert session.scalars(select(ConversationWait)).all() == []
    assert session.scalars(select(Job.run_at)).one() == NOW + HOUR


def test_two_conversations_that_wait_for_one_team_are_both_woken(
    session: Session, talk: Conversation
) -> None:
    merchant = session.get_one(Merchant, talk.merchant_id)
    other = a_talk(session, merchant, "Wei")
    team = Awaited("group_buy_reached", "team_1", lasting=True)
    wait(session, talk, team)
    wait(session, other, team, number=9)
    told(session, talk, "group_buy_reached", key="team_1", people=3)
    assert [woken(session, one)[0][1] for one in (talk, other)] == [5, 9]


def test_what_is_old_is_forgotten_in_its_own_shop(session: Session, talk: Conversation) -> None:
    other = a_talk(session, a_merchant(session), "Wei")
    for one in (talk, other):
        told(session, one, now=NOW - HOUR)
        told(session, one, once="again")
    forget_told(session, merchant_id=talk.merchant_id, before=NOW)
    kept = session.execute(select(ToldEvent.merchant_id, ToldEvent.once)).all()
    assert sorted(once for shop, once in kept if shop == other.merchant_id) == ["", "again"]
    assert [once for shop, once in kept if shop == talk.merchant_id] == ["again"]


def test_every_hundredth_telling_sweeps(session: Session, talk: Conversation) -> None:
    told(session, talk, now=NOW - timedelta(days=91))
    for number in range(98):
        told(session, talk, "payment_failed", once=str(number))
    count = select(func.count()).select_from(ToldEvent)
    assert session.scalar(count) == 99
    told(session, talk, "payment_failed", once="the hundredth")
    assert session.scalar(count) == 99
