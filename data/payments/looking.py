"""Looking back at what was paid: fees, refunds made there, disputes. In its own time and by its own
loop, never in the way of a payment.

    captured ──plan_look──▶ due ──lease──▶ leased ──record_look──▶ due again, until nothing is left
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from data.kernel.once import insert_once
from data.kernel.prepared import Prepared
from data.payments.aftercare import aftercare
from data.payments.gateway import NoAnswer, PaymentRef, Standing
from data.payments.models import AttemptState, PaymentAttempt
from data.payments.references import payment_ref
from data.payments.standing_models import PaymentLook

_LEASE = timedelta(minutes=5)  # several calls of 30 s each
_AGAIN = timedelta(hours=6)  # as for a payment that nobody tells of
_STILL_OPEN = timedelta(days=1)
_BATCH = 20
_MOST_NAMED = 20
_DUE = Prepared(
    select(func.count()).select_from(PaymentLook).where(PaymentLook.due_at <= bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Look:
    """One question to be asked, with what it needs. `until`: then it is due for others again."""

    attempt_id: str
    provider: str
    account_id: str | None
    turn: int
    payment: PaymentRef
    named: Sequence[str]
    until: datetime


def plan_look(session: Session, attempt: PaymentAttempt, *, now: datetime) -> None:
    """Its money has come."""
    insert_once(
        session,
        PaymentLook,
        attempt_id=attempt.id,
        merchant_id=attempt.merchant_id,
        due_at=now + aftercare(session).payments[0],
        turn=0,
        looks=0,
        named=[],
    )


def look_soon(session: Session, attempt: PaymentAttempt, *, named: str = "", now: datetime) -> bool:
    """A notice hints at something new. False: its money has not come, as far as we know."""
    if attempt.state != AttemptState.CAPTURED:
        return False
    plan_look(session, attempt, now=now)
    look = session.get_one(PaymentLook, attempt.id, populate_existing=True, with_for_update=True)
    if look.due_at is None or look.due_at > now:
        look.due_at, look.looks = now, look.looks - 1  # it takes the place of none that is planned
    if named and named not in look.named and len(look.named) < _MOST_NAMED:
        look.named = [*look.named, named]
    session.flush()
    return True


def looks_due(session: Session, *, now: datetime) -> int:
    return int(_DUE.scalar(session, now=now))


def lease_looks(session: Session, *, now: datetime) -> list[Look]:
    due = (
        select(PaymentLook, PaymentAttempt)
        .join(PaymentAttempt, PaymentAttempt.id == PaymentLook.attempt_id)
        .where(PaymentLook.due_at <= now)
        .order_by(PaymentLook.due_at, PaymentLook.attempt_id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True, of=PaymentLook)
        .execution_options(populate_existing=True)
    )
    return [_leased(look, attempt, now) for look, attempt in session.execute(due)]


def plan_next(
    session: Session, look: Look, shown: Standing | NoAnswer | None, *, waits: bool, now: datetime
) -> None:
    """After the answer. `waits`: something there is not decided yet."""
    kept = session.get_one(
        PaymentLook, look.attempt_id, populate_existing=True, with_for_update=True
    )
    if kept.turn != look.turn or kept.due_at is None or kept.due_at <= now:
        return  # somebody else looks meanwhile, or a notice has come since
    if isinstance(shown, NoAnswer):
        kept.due_at = now + _AGAIN
    else:
        kept.looks, kept.looked_at = kept.looks + 1, now
        kept.due_at = _following(session, kept, waits, now) if shown is not None else None
    session.flush()


def _following(session: Session, kept: PaymentLook, waits: bool, now: datetime) -> datetime | None:
    planned = aftercare(session).payments
    if kept.looks < len(planned):
        return now + planned[kept.looks]
    return now + _STILL_OPEN if waits else None


def _leased(look: PaymentLook, attempt: PaymentAttempt, now: datetime) -> Look:
    until = now + _LEASE
    look.due_at, look.turn = until, look.turn + 1
    return Look(
        attempt_id=attempt.id,
        provider=attempt.provider,
        account_id=attempt.account_id,
        turn=look.turn,
        payment=payment_ref(attempt),
        named=tuple(look.named),
        until=until,
    )
