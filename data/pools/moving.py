"""How a pool moves: every change is one conditional UPDATE whose row count decides.

Locks are always taken in this order, so that nobody waits in a circle: whoever opens one or gives ▸
an order that is there ▸ contribution ▸ pool ▸ stock ▸ the shop's order number ▸ a new order ▸ jobs
in lanes of their own.
Who holds stock and wants a pool (the present is paid, or called off) has one that takes no more.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from data.delivery.jobs import enqueue_once
from data.kernel.facts import announce
from data.kernel.moving import as_it_is, change_where, leading_to, locked, turn_row
from data.orders.share_states import GIVEN, LIVE, SHARE_MOVES
from data.pools.facts import PoolEnd, PoolFact, PoolFailed
from data.pools.models import (
    POOL_MOVES,
    RUNNING,
    Contribution,
    ContributionState,
    Pool,
    PoolState,
    PoolStep,
)

CLOSE = "pool_close"  # a contribution of a pool that came to nothing
SETTLE = "pool_settle"  # a contribution of one whose present is ordered
UNWIND = "pool_unwind"  # goods, or the order for the present, of one that came to nothing


def pool_now(session: Session, pool_id: str) -> Pool:
    """The pool as the database has it, not as this session remembers it."""
    return as_it_is(session, Pool, pool_id, name="pool")


def lock_pool(session: Session, pool_id: str) -> Pool:
    """The same, and nobody else's until we commit."""
    return locked(session, Pool, pool_id, name="pool")


def change_pool(session: Session, *conditions: ColumnElement[bool], **values: object) -> bool:
    """The UPDATE behind every change of a pool; each gives it a new version."""
    return change_where(session, Pool, *conditions, **values, version=Pool.version + 1)


def is_running(pool: Pool, now: datetime) -> bool:
    """Somebody may still give."""
    return pool.state == PoolState.OPEN and pool.expires_at > now


def still_counts(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The same, in the very UPDATE."""
    return (Pool.state == PoolState.OPEN, Pool.expires_at > now)


def room_for(minor: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What must still hold, in the very UPDATE, for so much more to be promised."""
    return (*still_counts(now), Pool.held_minor + minor <= Pool.target_minor)


def turn_pool(
    session: Session,
    pool_id: str,
    to: PoolState,
    *conditions: ColumnElement[bool],
    now: datetime,
    **also: Any,
) -> bool:
    """On to `to`, once, from a state that leads there; the step is kept."""
    mine = (Pool.id == pool_id, Pool.state.in_(leading_to(POOL_MOVES, to)))
    if not change_pool(session, *mine, *conditions, state=to, **also):
        return False
    note_step(session, pool_now(session, pool_id), now=now)
    return True


def note_step(session: Session, pool: Pool, *, now: datetime) -> None:
    given = (
        select(func.count())
        .select_from(Contribution)
        .where(Contribution.pool_id == pool.id, Contribution.state.in_(GIVEN))
    )
    session.add(
        PoolStep(
            merchant_id=pool.merchant_id,
            pool_id=pool.id,
            state=pool.state,
            paid_minor=pool.paid_minor,
            people=session.scalar(given) or 0,
            at=now,
        )
    )
    session.flush()


def end_pool(
    session: Session,
    pool_id: str,
    to: PoolState,
    *conditions: ColumnElement[bool],
    why: PoolEnd,
    fact: type[PoolFact] = PoolFailed,
    now: datetime,
) -> bool:
    """It came to nothing: goods are let go, everybody's money goes back, and nobody needs to know
    any more where somebody lives who has not heard of it."""
    if not turn_pool(session, pool_id, to, *conditions, now=now, why=why, ship_to=None):
        return False
    pool = pool_now(session, pool_id)
    soon(session, pool, UNWIND, now=now)
    tell(session, fact, pool, now=now)
    return True


def for_each_live(session: Session, pool: Pool, kind: str, *, now: datetime) -> None:
    """One small job a contribution, each in a lane of its own: orders are locked before pools, and
    one that fails holds up nobody else's refund."""
    live = select(Contribution.id).where(
        Contribution.pool_id == pool.id, Contribution.state.in_(LIVE)
    )
    for contribution_id in session.scalars(live.order_by(Contribution.id)).all():
        args = {"contribution_id": contribution_id}
        enqueue_once(session, kind, args, merchant_id=pool.merchant_id, now=now)


def soon(
    session: Session, pool: Pool, kind: str, *, now: datetime, at: datetime | None = None
) -> None:
    """A job of the whole pool, once."""
    args = {"pool_id": pool.id}
    enqueue_once(session, kind, args, merchant_id=pool.merchant_id, at=at, now=now)


def turn_contribution(
    session: Session, contribution: Contribution, to: ContributionState, **also: Any
) -> bool:
    """Move it on from the state we last saw it in. False: somebody else was first."""
    return turn_row(session, contribution, SHARE_MOVES, to, **also)


def give_up(session: Session, contribution: Contribution, to: ContributionState) -> bool:
    """RELEASED or REFUNDED: its amount no longer counts. False: somebody else was first."""
    was_given = contribution.state in GIVEN
    if not turn_contribution(session, contribution, to):
        return False
    minor = contribution.amount_minor
    change_pool(
        session,
        Pool.id == contribution.pool_id,
        held_minor=Pool.held_minor - minor,
        paid_minor=Pool.paid_minor - (minor if was_given else 0),
        places=Pool.places - 1,
    )
    return True


def tell(session: Session, fact: type[PoolFact], pool: Pool, *, now: datetime) -> None:
    announce(
        session,
        fact(merchant_id=pool.merchant_id, pool_id=pool.id, chat_id=pool.chat_id),
        now=now,
    )


def is_over(pool: Pool) -> bool:
    return pool.state not in RUNNING
