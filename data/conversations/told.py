"""What befell objects outside, kept for a while: a payment may be faster than the turn that begins
to wait for it (docs/adr/0015). Told twice, it is told once."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from data.conversations.models import Conversation, ConversationEvent, ToldEvent
from data.kernel.once import insert_once

# Far longer than any wait that ships (half an hour); a flow that begins to wait for an order of
# another season finds its state in the order itself.
_KEPT = timedelta(days=90)
_SWEEP_EACH = 100  # tellings: often enough to stay small, seldom enough to cost nothing


@dataclass(frozen=True, slots=True)
class News:
    """An event about an object. `once`: which of several times that it may befall this object."""

    event: str
    key: str
    payload: Mapping[str, Any]
    once: str = ""


@dataclass(frozen=True, slots=True)
class Awaited:
    """One event about one object. `lasting`: once it is so it stays so, whenever it was told."""

    event: str
    key: str
    lasting: bool = False


def keep(session: Session, *, merchant_id: str, news: News, now: datetime) -> int | None:
    """Its number, by which later ones are known to be later; None where it was told before."""
    one_at_a_time(session, merchant_id, [news.key])
    number = insert_once(
        session,
        ToldEvent,
        merchant_id=merchant_id,
        event=news.event,
        key=news.key,
        once=news.once,
        payload=dict(news.payload),
        at=now,
    )
    if number is not None and number % _SWEEP_EACH == 0:
        forget_told(session, merchant_id=merchant_id, before=now - _KEPT)
    return number


def latest(
    session: Session,
    *,
    conversation: Conversation,
    awaited: Sequence[Awaited],
    frame: int,
    after: int,
    now: datetime,
) -> ToldEvent | None:
    """The latest that fits, of what the flow `frame` has not heard (`after` is the last it has).

    What stays so counts whenever it was told; what passes (a payment that failed, an answer) only
    since the flow began.
    """
    always = after > 0 or all(one.lasting for one in awaited)
    since = now if always else _began(session, conversation, frame) or now
    fitting = [
        and_(
            ToldEvent.event == one.event,
            ToldEvent.key == one.key,
            *([] if always or one.lasting else [ToldEvent.at >= since]),
        )
        for one in awaited
    ]
    return session.scalar(
        select(ToldEvent)
        .where(
            ToldEvent.merchant_id == conversation.merchant_id,
            ToldEvent.id > after,
            or_(*fitting),
        )
        .order_by(ToldEvent.id.desc())
        .limit(1)
    )


def forget_told(session: Session, *, merchant_id: str, before: datetime) -> None:
    """Nobody begins to wait for this any more."""
    session.execute(
        delete(ToldEvent).where(ToldEvent.merchant_id == merchant_id, ToldEvent.at < before)
    )


def one_at_a_time(session: Session, merchant_id: str, keys: Iterable[str]) -> None:
    """Until this commits nobody else tells of these objects or begins to wait for them: else each
    of the two could look before the other is there to be seen, and the flow would never wake.

    On SQLite only one transaction writes at a time anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    for key in sorted(keys):
        name = hashlib.blake2b(f"told:{merchant_id}:{key}".encode(), digest_size=8).digest()
        number = int.from_bytes(name, "big", signed=True)
        session.execute(select(func.pg_advisory_xact_lock(number)))


def _began(session: Session, conversation: Conversation, frame: int) -> datetime | None:
    """When a flow began; None where it did in this very turn, which is not written down yet."""
    return session.scalar(
        select(ConversationEvent.at)
        .where(
            ConversationEvent.conversation_id == conversation.id,
            ConversationEvent.kind == "flow_started",
            ConversationEvent.frame == frame,
        )
        .order_by(ConversationEvent.id.desc())
        .limit(1)
    )
