"""Calls of actions: made once at a time, ended once for all, and what waits for them set free."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.actions import (
    DEADLINE,
    ActionCall,
    CallState,
    DueCall,
    NewCall,
    begin_call,
    calls_due,
    end_call,
    forget_calls,
    lease_calls,
    next_try,
    wait_for_call,
)
from data.conversations import Conversation
from data.delivery import jobs
from data.delivery.models import Job
from data.kernel.database import Database
from tests.builders import NOW, a_merchant
from tests.data.conversations.talks import a_talk

LANE = "chat:acc:1"
_Result = TypeVar("_Result")


class _NotDone(Exception):
    """Ends the transaction without its effects."""


def test_a_call_is_taken_by_one_caller_and_again_when_its_lease_has_run_out(shop: "Shop") -> None:
    shop.call(1)
    (first,) = shop.lease(NOW)
    assert (first.attempts, first.payload, shop.lease(NOW)) == (1, {"n": 1}, [])
    (again,) = shop.lease(NOW + timedelta(seconds=15))
    assert (again.attempts, again.key) == (2, first.key)


def test_what_comes_in_the_moment_of_the_end_does_not_wait_for_ever(shop: "Shop") -> None:
    """The end is written but not committed: whoever wants to wait must see what becomes of it."""
    shop.call(1)
    job = shop.say("1")
    with ThreadPoolExecutor(1) as other:
        with shop.database.transaction() as session:
            assert end_call(
                session,
                conversation_id=shop.conversation,
                call=1,
                state=CallState.ANSWERED,
                now=NOW,
            )
            waits = other.submit(shop.wait, job)
            with pytest.raises(TimeoutError):
                waits.result(0.2)
        assert waits.result(5) is False
    assert shop.next(NOW) == job


def test_the_end_and_what_begins_to_wait_do_not_lock_each_other_out(shop: "Shop") -> None:
    """One message waits already; the next one wants to, while the end wakes the first."""
    shop.call(1)
    first, second = shop.say("1"), shop.say("2")
    assert shop.wait(first)
    with ThreadPoolExecutor(1) as other:
        with shop.database.transaction() as session:
            assert jobs.finish(session, job_id=second, now=NOW)
            ended = other.submit(shop.end, 1, CallState.ANSWERED)
            with pytest.raises(TimeoutError):
                ended.result(0.2)
            conversation = shop.conversation
            assert wait_for_call(session, conversation_id=conversation, job_id=second, now=NOW)
        assert ended.result(5)
    assert shop.next(NOW) == first


def test_the_answer_and_the_deadline_do_not_lock_each_other_out(shop: "Shop") -> None:
    shop.call(1)
    late = NOW + timedelta(seconds=30)
    with shop.database.reading() as session:
        deadline = session.scalars(select(Job.id).where(Job.kind == DEADLINE)).one()
    with ThreadPoolExecutor(1) as other:
        with shop.database.transaction() as session:
            assert jobs.finish(session, job_id=deadline, now=late)
            answered = other.submit(shop.end, 1, CallState.ANSWERED)
            with pytest.raises(TimeoutError):
                answered.result(0.2)
            failed = CallState.FAILED
            assert end_call(
                session, conversation_id=shop.conversation, call=1, state=failed, now=late
            )
        assert answered.result(5) is False


def test_a_call_ends_once_and_what_comes_later_is_dropped(shop: "Shop") -> None:
    shop.call(1)
    (due,) = shop.lease(NOW)
    assert shop.end(1, CallState.ANSWERED)
    assert not shop.end(1, CallState.FAILED)
    assert not shop.end(2, CallState.ANSWERED)
    shop.retry(due, at=NOW)
    with shop.database.reading() as session:
        call = session.scalars(select(ActionCall)).one()
        job = session.scalars(select(Job).where(Job.kind == DEADLINE)).one()
        assert (call.state, call.payload, call.due_at, job.state) == ("answered", {}, None, "done")
        assert calls_due(session, now=NOW + timedelta(days=1)) == 0


def test_the_same_call_is_begun_once(shop: "Shop") -> None:
    shop.call(1)
    with pytest.raises(Exception, match=r"(?i)unique"):
        shop.call(1)


def test_one_that_was_told_to_wait_is_due_then(shop: "Shop") -> None:
    shop.call(1)
    (due,) = shop.lease(NOW)
    shop.retry(due, at=NOW + timedelta(seconds=2))
    assert shop.lease(NOW + timedelta(seconds=1)) == []
    (again,) = shop.lease(NOW + timedelta(seconds=2))
    shop.retry(due, at=NOW)  # the earlier try has nothing to say any more
    assert shop.lease(NOW + timedelta(seconds=3)) == []
    assert again.attempts == 2


def test_a_shop_with_many_calls_leaves_room_for_another(shop: "Shop") -> None:
    for number in range(1, 8):
        shop.call(number)
    other = shop.neighbour()
    shop.call(1, of=other)
    assert len(shop.lease(NOW, busy=shop.merchant, count=3)) == 2
    taken = [call.merchant_id for call in shop.lease(NOW)]
    assert (taken.count(shop.merchant), len(taken)) == (4, 4)
    assert [call.merchant_id for call in shop.lease(NOW, busy=shop.merchant)] == []


def test_what_waits_comes_back_in_its_order_and_nothing_else_waits(shop: "Shop") -> None:
    shop.call(1)
    first, second, other = shop.say("1"), shop.say("2"), shop.say("from somebody else")
    assert shop.wait(first)
    assert shop.wait(second)
    assert shop.next(NOW) == other
    shop.done(other)
    assert shop.next(NOW) is None
    third = shop.say("3")
    shop.end(1, CallState.ANSWERED)
    assert not shop.wait(third)
    for expected in (first, second, third):
        assert shop.next(NOW) == expected
        shop.done(expected)


def test_what_waits_comes_back_by_itself_after_the_deadline(shop: "Shop") -> None:
    shop.call(1)
    job = shop.say("1")
    shop.wait(job)
    assert shop.next(NOW + timedelta(seconds=34)) is None
    assert shop.next(NOW + timedelta(seconds=35)) == job


def test_what_is_long_over_is_forgotten_in_its_own_shop(shop: "Shop") -> None:
    other = shop.neighbour()
    for number in (1, 2):
        shop.call(number)
        shop.call(number, of=other)
    shop.end(1, CallState.ANSWERED)
    shop.end(1, CallState.FAILED, of=other)
    shop.forget(before=NOW)
    assert len(shop.kept()) == 4, "what ended now is not older than that"
    shop.forget(before=NOW + timedelta(seconds=1))
    assert sorted(shop.kept()) == sorted([(shop.conversation, 2), (other, 1), (other, 2)])
    assert not shop.end(1, CallState.ANSWERED), "and is over as before"
    assert shop.end(2, CallState.ANSWERED), "what was under way stayed"


def test_every_hundredth_call_sweeps(shop: "Shop") -> None:
    shop.call(1)
    shop.end(1, CallState.ANSWERED)
    for number in range(2, 100):
        shop.call(number, at=NOW + timedelta(days=31))
    assert (shop.conversation, 1) in shop.kept()
    shop.call(100, at=NOW + timedelta(days=31))
    assert (shop.conversation, 1) not in shop.kept()
    assert len(shop.kept()) == 99


@pytest.fixture
def shop(each_database: Database) -> "Shop":
    return Shop(each_database)


class Shop:
    """One conversation with a lane; each method is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.conversation = self.neighbour()
        self.merchant = self._do(lambda s: s.get_one(Conversation, self.conversation).merchant_id)

    def neighbour(self) -> str:
        """The conversation of another shop."""
        return self._do(lambda session: a_talk(session, a_merchant(session)).id)

    def call(self, number: int, *, of: str | None = None, at: datetime = NOW) -> None:
        new = NewCall(number, "action_fold", "sha", {"n": number})

        def begin(session: Session) -> str:
            conversation = session.get_one(Conversation, of or self.conversation)
            return begin_call(session, conversation=conversation, new=new, now=at)

        self._do(begin)

    def forget(self, *, before: datetime) -> None:
        self._do(lambda s: forget_calls(s, merchant_id=self.merchant, before=before))

    def kept(self) -> list[tuple[str, int]]:
        return self._do(
            lambda s: [(row.conversation_id, row.call) for row in s.scalars(select(ActionCall))]
        )

    def lease(self, now: datetime, *, busy: str = "", count: int = 4) -> list[DueCall]:
        return self._do(lambda s: lease_calls(s, now=now, under_way={busy: count}))

    def end(self, number: int, state: CallState, *, of: str | None = None) -> bool:
        conversation = of or self.conversation
        return self._do(
            lambda s: end_call(s, conversation_id=conversation, call=number, state=state, now=NOW)
        )

    def retry(self, call: DueCall, *, at: datetime) -> None:
        self._do(lambda s: next_try(s, call=call, at=at, reason="unreachable"))

    def say(self, key: str) -> int:
        job = jobs.NewJob(LANE, "turn", key, NOW, {})

        def enqueued(session: Session) -> int:
            jobs.enqueue(session, job, now=NOW)
            return session.scalars(select(Job.id).where(Job.key == key)).one()

        return self._do(enqueued)

    def wait(self, job: int) -> bool:
        """As the worker does it: the job is being done, and is put back."""

        with suppress(_NotDone), self.database.transaction() as session:
            assert jobs.finish(session, job_id=job, now=NOW)
            if not wait_for_call(session, conversation_id=self.conversation, job_id=job, now=NOW):
                raise _NotDone
            return True
        return False

    def next(self, now: datetime) -> int | None:
        job = self._do(lambda s: jobs.claim(s, lane=LANE, now=now))
        return job.id if job else None

    def done(self, job: int) -> None:
        assert self._do(lambda s: jobs.finish(s, job_id=job, now=NOW))

    def _do(self, act: Callable[[Session], _Result]) -> _Result:
        with self.database.transaction() as session:
            return act(session)
