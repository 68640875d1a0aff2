"""Flows that wait for something outside: found by event and object, woken by a job of their chat.

Money, stock and group-buys never depend on a waiting flow: an event nobody awaits is no loss.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from data.conversations.models import Conversation, ConversationWait
from data.delivery.jobs import NewJob, enqueue

WAKE = "wake"  # the job kind; args: conversation_id, event, key, payload, wait
_TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class NewWait:
    """`wait` is the engine's number for it; any of `events` about `key` ends it."""

    wait: int
    events: Sequence[str]
    key: str
    timeout: timedelta


def begin_wait(
    session: Session, *, conversation: Conversation, new: NewWait, now: datetime
) -> None:
    session.execute(
        insert(ConversationWait),
        [
            {
                "conversation_id": conversation.id,
                "wait": new.wait,
                "event": event,
                "merchant_id": conversation.merchant_id,
                "key": new.key,
            }
            for event in new.events
        ],
    )
    args = {"wait": new.wait, "event": _TIMEOUT, "key": new.key, "payload": {}}
    enqueue(session, _wake_job(conversation, args, run_at=now + new.timeout), now=now)


def end_wait(session: Session, *, conversation_id: str, wait: int) -> None:
    session.execute(
        delete(ConversationWait).where(
            ConversationWait.conversation_id == conversation_id, ConversationWait.wait == wait
        )
    )


def tell(
    session: Session, *, event: str, key: str, payload: Mapping[str, Any], now: datetime
) -> None:
    """Something happened to this object: wake every flow that waits for it, in its own lane."""
    found = session.execute(
        select(ConversationWait, Conversation)
        .join(Conversation, Conversation.id == ConversationWait.conversation_id)
        .where(ConversationWait.event == event, ConversationWait.key == key)
    )
    for wait, conversation in found:
        args = {"wait": wait.wait, "event": event, "key": key, "payload": dict(payload)}
        enqueue(session, _wake_job(conversation, args, run_at=now), now=now)


def _wake_job(conversation: Conversation, args: dict[str, Any], *, run_at: datetime) -> NewJob:
    return NewJob(
        lane=f"chat:{conversation.chat_id}",
        kind=WAKE,
        key=f"wake:{conversation.id}:{args['wait']}:{args['event']}",
        run_at=run_at,
        args={"conversation_id": conversation.id, **args},
        merchant_id=conversation.merchant_id,
    )
