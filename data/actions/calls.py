"""Calls of actions as steps: begun by a turn, leased and made with no transaction open, ended once.

    begin_call ──▶ due ──lease_calls──▶ under way ──end_call──▶ answered | failed
                    ▲─────next_try──────────┘└── nobody ended it before the lease ran out ──▶ due

Its deadline is a job: whatever happens to the process that calls, the conversation goes on. What
is said to the conversation meanwhile waits in its lane (`wait_for_call`) until the call is over.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from data.actions.models import ActionCall, CallState
from data.conversations import Conversation
from data.delivery import jobs
from data.kernel.database import changed

DEADLINE = "call_deadline"  # the job kind; args: conversation_id, call
LONGEST = timedelta(seconds=30)  # a person waits, and their flow: our decision
_LEASE = timedelta(seconds=15)  # three times what one try may take (security design, T18)
_AT_ONCE = 4  # of one merchant: a server that hangs takes no place from another's
_BATCH = 40
_LATER = timedelta(seconds=5)
# As long as what was said before them (security design, section 4); and as told events are swept:
# often enough to stay small, seldom enough to cost nothing.
_KEPT = timedelta(days=30)
_SWEEP_EACH = 100  # calls


@dataclass(frozen=True, slots=True)
class NewCall:
    call: int
    action: str
    version: str
    payload: dict[str, Any]
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True)
class DueCall:
    """A call that is ours to make until its lease runs out."""

    id: int
    merchant_id: str
    conversation_id: str
    call: int
    action: str
    version: str
    payload: dict[str, Any]
    inbox_id: int | None
    attempts: int
    deadline: datetime

    @property
    def key(self) -> str:
        """The same for every try of this call, and for no other call."""
        return f"{self.conversation_id}:{self.call}"


def begin_call(session: Session, *, conversation: Conversation, new: NewCall, now: datetime) -> str:
    """Gives the idempotency key."""
    deadline = now + LONGEST
    row = ActionCall(
        merchant_id=conversation.merchant_id,
        conversation_id=conversation.id,
        call=new.call,
        action=new.action,
        version=new.version,
        inbox_id=new.inbox_id,
        payload=new.payload,
        due_at=now,
        deadline=deadline,
        created_at=now,
    )
    session.add(row)
    session.flush()
    key = f"{conversation.id}:{new.call}"
    job = jobs.NewJob(
        lane=f"call:{conversation.id}",
        kind=DEADLINE,
        key=_deadline_key(row.id),
        run_at=deadline,
        args={"conversation_id": conversation.id, "call": new.call},
        merchant_id=conversation.merchant_id,
    )
    jobs.enqueue(session, job, now=now)
    if row.id % _SWEEP_EACH == 0:
        forget_calls(session, merchant_id=conversation.merchant_id, before=now - _KEPT)
    return key


def forget_calls(session: Session, *, merchant_id: str, before: datetime) -> None:
    """Those that were over before then; one that is under way stays, however old."""
    session.execute(
        delete(ActionCall)
        .where(ActionCall.merchant_id == merchant_id, ActionCall.ended_at < before)
        .execution_options(synchronize_session=False)
    )


def calls_due(session: Session, *, now: datetime) -> int:
    count = select(func.count()).select_from(ActionCall).where(ActionCall.due_at <= now)
    return session.scalar(count) or 0


def lease_calls(
    session: Session, *, now: datetime, under_way: Mapping[str, int] = MappingProxyType({})
) -> list[DueCall]:
    """Calls that are due and now ours, a few of each merchant together with those that they have
    under way."""
    busy = [merchant for merchant, count in under_way.items() if count >= _AT_ONCE]
    place = func.row_number().over(
        partition_by=ActionCall.merchant_id, order_by=(ActionCall.due_at, ActionCall.id)
    )
    due = (ActionCall.due_at <= now, ActionCall.merchant_id.not_in(busy))
    ranked = select(ActionCall.id, place.label("place")).where(*due).subquery()
    found = session.scalars(
        select(ActionCall)
        .join(ranked, ranked.c.id == ActionCall.id)
        .where(ranked.c.place <= _AT_ONCE)
        .order_by(ActionCall.due_at, ActionCall.id)
        .limit(_BATCH)
        .execution_options(populate_existing=True)
    )
    places = Counter(under_way)
    taken = []
    for call in found:
        if places[call.merchant_id] < _AT_ONCE and _take(session, call, now):
            places[call.merchant_id] += 1
            taken.append(_as_due(call))
    return taken


def _take(session: Session, call: ActionCall, now: datetime) -> bool:
    won = session.execute(
        update(ActionCall)
        .where(ActionCall.id == call.id, ActionCall.attempts == call.attempts, _is_open())
        .values(attempts=ActionCall.attempts + 1, due_at=now + _LEASE)
        .execution_options(synchronize_session=False)
    )
    return bool(changed(won))


def _as_due(call: ActionCall) -> DueCall:
    return DueCall(
        id=call.id,
        merchant_id=call.merchant_id,
        conversation_id=call.conversation_id,
        call=call.call,
        action=call.action,
        version=call.version,
        payload=call.payload,
        inbox_id=call.inbox_id,
        attempts=call.attempts + 1,
        deadline=call.deadline,
    )


def next_try(session: Session, *, call: DueCall, at: datetime, reason: str) -> None:
    """It may succeed later; if somebody else has taken it meanwhile, that is theirs to say."""
    session.execute(
        update(ActionCall)
        .where(ActionCall.id == call.id, ActionCall.attempts == call.attempts, _is_open())
        .values(due_at=at, reason=reason[:120])
    )


def end_call(
    session: Session,
    *,
    conversation_id: str,
    call: int,
    state: CallState,
    now: datetime,
    reason: str = "",
) -> bool:
    """Exactly one end counts; False: it is over already, and this comes too late.

    Its jobs and their lanes are locked before the call itself, as by a worker that does one of
    them: else each could hold what the other wants.
    """
    found = session.scalar(
        select(ActionCall.id).where(
            ActionCall.conversation_id == conversation_id, ActionCall.call == call, _is_open()
        )
    )
    if found is None:
        return False
    jobs.cancel(session, key=_deadline_key(found))
    jobs.lock_held(session, held_for=_held_for(conversation_id))
    ended = session.execute(
        update(ActionCall)
        .where(ActionCall.id == found, _is_open())
        .values(state=state, reason=reason[:120], payload={}, due_at=None, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    if not changed(ended):
        return False
    let_go(session, conversation_id=conversation_id, now=now)
    return True


def wait_for_call(session: Session, *, conversation_id: str, job_id: int, now: datetime) -> bool:
    """Put what was said aside until the call is over; False: it is over.

    The row's lock decides: whoever ends the call finds the job, or the job finds the end.
    """
    deadline = session.scalar(
        select(ActionCall.deadline)
        .where(ActionCall.conversation_id == conversation_id, _is_open())
        .with_for_update()
    )
    if deadline is None:
        return False
    until = max(deadline, now) + _LATER  # by then the deadline's own job has run
    jobs.hold(session, job_id=job_id, held_for=_held_for(conversation_id), until=until)
    return True


def let_go(session: Session, *, conversation_id: str, now: datetime) -> None:
    """What waited is said now, in the order in which it came."""
    jobs.release(session, held_for=_held_for(conversation_id), now=now)


def _is_open() -> Any:
    return ActionCall.state == CallState.CALLING


def _held_for(conversation_id: str) -> str:
    return f"call:{conversation_id}"


def _deadline_key(call_id: int) -> str:
    return f"{DEADLINE}:{call_id}"
