"""How a split order moves: every change is one conditional UPDATE whose row count decides.

Locks are always taken in this order, so that nobody waits in a circle: whoever opens one or joins ▸
an order that is there ▸ stock ▸ the shop's order number ▸ a new order ▸ part ▸ split order ▸ jobs
in lanes of their own.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, null, select
from sqlalchemy.orm import Session

from data.delivery.jobs import enqueue_once
from data.kernel.facts import announce
from data.kernel.moving import as_it_is, change_where, locked, turn_row
from data.orders.share_states import GIVEN, LIVE, SHARE_MOVES, ShareState
from data.split_orders.facts import (
    PartLost,
    SplitCancelled,
    SplitEnd,
    SplitFact,
    SplitFailed,
    SplitOrdered,
)
from data.split_orders.models import SplitOrder, SplitPart, SplitState, SplitStep

CLOSE = "split_close"  # a part of one that came to nothing
SETTLE = "split_settle"  # a part of one that is ordered
# What decides: somebody has paid, and together they have paid enough.
ENOUGH = and_(SplitOrder.people > 0, SplitOrder.paid_minor >= SplitOrder.minimum_minor)


def split_now(session: Session, split_id: str) -> SplitOrder:
    """It as the database has it, not as this session remembers it."""
    return as_it_is(session, SplitOrder, split_id, name="split_order")


def lock_split(session: Session, split_id: str) -> SplitOrder:
    """The same, and nobody else's until we commit."""
    return locked(session, SplitOrder, split_id, name="split_order")


def change_split(session: Session, *conditions: ColumnElement[bool], **values: object) -> bool:
    """The UPDATE behind every change; each gives it a new version."""
    return change_where(session, SplitOrder, *conditions, **values, version=SplitOrder.version + 1)


def is_running(split: SplitOrder, now: datetime) -> bool:
    """Somebody may still join and pay."""
    return split.state == SplitState.OPEN and split.expires_at > now


def still_counts(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The same, in the very UPDATE."""
    return (SplitOrder.state == SplitState.OPEN, SplitOrder.expires_at > now)


def decide(
    session: Session, split_id: str, *conditions: ColumnElement[bool], now: datetime
) -> bool:
    """Enough was paid, or not: one UPDATE finds which, so that nobody pays in between, and fixes
    how many share the delivery and what it costs them. False: it was decided before, or the
    conditions do not hold."""
    is_open = (SplitOrder.id == split_id, SplitOrder.state == SplitState.OPEN)
    is_free = SplitOrder.paid_minor >= SplitOrder.free_from_minor  # of no threshold: never
    nobody = SplitOrder.people == 0
    came_to = {
        "state": case((ENOUGH, SplitState.ORDERED), else_=SplitState.FAILED),
        "why": case((ENOUGH, null()), (nobody, SplitEnd.EMPTY), else_=SplitEnd.SHORT),
        "final_people": case((ENOUGH, SplitOrder.people), else_=null()),
        "final_fee_minor": case(
            (and_(ENOUGH, is_free), 0), (ENOUGH, SplitOrder.fee_minor), else_=null()
        ),
    }
    if not change_split(session, *is_open, *conditions, **came_to):
        return False
    split = split_now(session, split_id)
    is_ordered = split.state == SplitState.ORDERED
    _carry_out(session, split, SplitOrdered if is_ordered else SplitFailed, now)
    return True


@dataclass(frozen=True, slots=True)
class ShopsWord:
    """`by` whom of the shop it was called off, and why, as its customers are told."""

    by: str
    said: str


def call_off(
    session: Session, split_id: str, *, word: ShopsWord | None = None, now: datetime
) -> bool:
    """Everybody's money goes back. False: it is over, or its time is: what was paid decides.
    `word`: of the shop, not of its organiser."""
    ended = {"state": SplitState.CANCELLED, "why": SplitEnd.CALLED_OFF}
    if not change_split(session, SplitOrder.id == split_id, *still_counts(now), **ended):
        return False
    _carry_out(session, split_now(session, split_id), SplitCancelled, now, word)
    return True


def _carry_out(
    session: Session,
    split: SplitOrder,
    fact: type[SplitFact],
    now: datetime,
    word: ShopsWord | None = None,
) -> None:
    note_step(session, split, word=word, now=now)
    kind = SETTLE if split.state == SplitState.ORDERED else CLOSE
    _for_each_live(session, split, kind, now=now)
    tell(session, fact, split, now=now)


def note_step(
    session: Session, split: SplitOrder, *, word: ShopsWord | None = None, now: datetime
) -> None:
    session.add(
        SplitStep(
            merchant_id=split.merchant_id,
            split_id=split.id,
            state=split.state,
            paid_minor=split.paid_minor,
            people=split.people,
            by=word.by if word else None,
            said=word.said if word else None,
            at=now,
        )
    )
    session.flush()


def _for_each_live(session: Session, split: SplitOrder, kind: str, *, now: datetime) -> None:
    """One small job a part, each in a lane of its own: orders are locked before split orders, and
    one that fails holds up nobody else's refund."""
    live = select(SplitPart.id).where(SplitPart.split_id == split.id, SplitPart.state.in_(LIVE))
    for part_id in session.scalars(live.order_by(SplitPart.id)).all():
        args = {"part_id": part_id}
        enqueue_once(session, kind, args, merchant_id=split.merchant_id, now=now)


def turn_part(session: Session, part: SplitPart, to: ShareState, **also: Any) -> bool:
    """Move it on from the state we last saw it in. False: somebody else was first."""
    return turn_row(session, part, SHARE_MOVES, to, **also)


def give_up(session: Session, part: SplitPart, to: ShareState) -> bool:
    """RELEASED or REFUNDED: it no longer counts. False: somebody else was first."""
    was_given = part.state in GIVEN
    if not turn_part(session, part, to):
        return False
    uncount(session, part, paid=was_given)
    return True


def uncount(session: Session, part: SplitPart, *, paid: bool) -> None:
    """`paid`: it was counted among those with money behind them."""
    change_split(
        session,
        SplitOrder.id == part.split_id,
        held_minor=SplitOrder.held_minor - part.amount_minor,
        places=SplitOrder.places - 1,
        paid_minor=SplitOrder.paid_minor - (part.amount_minor if paid else 0),
        people=SplitOrder.people - int(paid),
    )


def tell(session: Session, fact: type[SplitFact], split: SplitOrder, *, now: datetime) -> None:
    announce(
        session,
        fact(merchant_id=split.merchant_id, split_id=split.id, chat_id=split.chat_id),
        now=now,
    )


def tell_lost(
    session: Session, part: SplitPart, cause: SplitEnd, *, was_paid: bool, now: datetime
) -> None:
    split = split_now(session, part.split_id)
    lost = PartLost(
        merchant_id=split.merchant_id,
        split_id=split.id,
        chat_id=split.chat_id,
        part_id=part.id,
        person_id=part.person_id,
        was_paid=was_paid,
        cause=cause,
    )
    announce(session, lost, now=now)
