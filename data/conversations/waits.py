"""Flows that wait for something outside: found by event and object, woken by a job of their chat.

Money, stock and group-buys never depend on a waiting flow: an event nobody awaits is no loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from data.conversations.models import Conversation, ConversationWait, ToldEvent
from data.conversations.told import Awaited, News, keep, latest, one_at_a_time
from data.delivery.jobs import JobRunner, NewJob, cancel, enqueue
from data.delivery.models import Job
from data.kernel.entities import Entities
from data.kernel.prepared import Prepared

SPREAD = "spread"  # the job kind; args: number
WAKE = "wake"  # the job kind; args: conversation_id, wait, event, key, payload, number
_TIMEOUT = "timeout"

_EVENT: BindParameter[str] = bindparam("event")
_KEY: BindParameter[str] = bindparam("key")
_WHOSE: BindParameter[str] = bindparam("whose")
_AWAITED = (
    ConversationWait.event == _EVENT,
    ConversationWait.key == _KEY,
    ConversationWait.merchant_id == _WHOSE,
)
_ANYBODY = Prepared(select(ConversationWait.wait).where(*_AWAITED).limit(1))
_WAITING = Entities(
    select(ConversationWait.wait, Conversation)
    .join(Conversation, Conversation.id == ConversationWait.conversation_id)
    .where(*_AWAITED)
    .order_by(Conversation.chat_id)  # each enqueuing locks a lane: all in the same order
)


@dataclass(frozen=True, slots=True)
class NewWait:
    """`wait` is the engine's number for it; any of `awaited` ends it. `frame` is the flow that
    waits, `after` the number of the event that woke it last."""

    wait: int
    awaited: Sequence[Awaited]
    timeout: timedelta
    frame: int = 0
    after: int = 0


def begin_wait(
    session: Session, *, conversation: Conversation, new: NewWait, now: datetime
) -> None:
    """From here on an event about the object wakes the flow, and so does one that came early."""
    late = _Waking(conversation, new.wait, News(_TIMEOUT, "", {}))
    late.enqueue(session, run_at=now + new.timeout, now=now)
    if not new.awaited:
        return
    one_at_a_time(session, conversation.merchant_id, {one.key for one in new.awaited})
    session.execute(
        insert(ConversationWait),
        [
            {
                "conversation_id": conversation.id,
                "wait": new.wait,
                "event": one.event,
                "merchant_id": conversation.merchant_id,
                "key": one.key,
            }
            for one in new.awaited
        ],
    )
    early = latest(
        session,
        conversation=conversation,
        awaited=new.awaited,
        frame=new.frame,
        after=new.after,
        now=now,
    )
    if early is not None:
        news = News(early.event, early.key, early.payload)
        _Waking(conversation, new.wait, news, early.id).enqueue(session, run_at=now, now=now)


def end_wait(session: Session, *, conversation_id: str, wait: int) -> None:
    session.execute(
        delete(ConversationWait).where(
            ConversationWait.conversation_id == conversation_id, ConversationWait.wait == wait
        )
    )
    cancel(session, key=_job_key(conversation_id, wait, _TIMEOUT))


def tell(session: Session, *, merchant_id: str, news: News, now: datetime) -> None:
    """Something happened to this object: wake every flow that waits for it, in its own lane, and
    keep it for those that come to wait later.

    By a job of its own: whoever tells has locked the object, and a turn that has locked its lane
    may want the object too.
    """
    number = keep(session, merchant_id=merchant_id, news=news, now=now)
    if number is None or not _ANYBODY.rows(session, **_about(merchant_id, news)):
        return
    job = NewJob(
        lane=f"{SPREAD}:{number}",
        kind=SPREAD,
        key=f"{SPREAD}:{number}",
        run_at=now,
        args={"number": number},
        merchant_id=merchant_id,
    )
    enqueue(session, job, now=now)


def _spread(session: Session, job: Job, now: datetime) -> None:
    told = session.get(ToldEvent, job.args["number"])
    if told is None:  # swept
        return
    news = News(told.event, told.key, told.payload)
    for wait, conversation in _WAITING.rows(session, **_about(told.merchant_id, news)):
        _Waking(conversation, wait, news, told.id).enqueue(session, run_at=now, now=now)


JOBS: dict[str, JobRunner] = {SPREAD: _spread}


def _about(merchant_id: str, news: News) -> dict[str, str]:
    return {"event": news.event, "key": news.key, "whose": merchant_id}


@dataclass(frozen=True, slots=True)
class _Waking:
    """One event on its way to one wait: it gets there once."""

    conversation: Conversation
    wait: int
    news: News
    number: int = 0

    def enqueue(self, session: Session, *, run_at: datetime, now: datetime) -> None:
        args: dict[str, Any] = {
            "conversation_id": self.conversation.id,
            "wait": self.wait,
            "event": self.news.event,
            "key": self.news.key,
            "payload": dict(self.news.payload),
            "number": self.number,
        }
        job = NewJob(
            lane=f"chat:{self.conversation.chat_id}",
            kind=WAKE,
            key=_job_key(self.conversation.id, self.wait, self.news.event, self.number),
            run_at=run_at,
            args=args,
            merchant_id=self.conversation.merchant_id,
        )
        enqueue(session, job, now=now)


def _job_key(conversation_id: str, wait: int, event: str, number: int = 0) -> str:
    """One that comes late and is passed over must not stand in the way of a newer one."""
    told = f":{number}" if number else ""
    return f"{WAKE}:{conversation_id}:{wait}:{event}{told}"
