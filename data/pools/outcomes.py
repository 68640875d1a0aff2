"""What an order's fate does to a pool, and what a pool's fate does to its people's orders.

`listen` is wired as a listener; the runners in JOBS are wired in the worker.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from data.catalogue import release_hold
from data.conversations.moving import ChatMoved, take_along
from data.delivery.jobs import JobRunner
from data.delivery.models import Job
from data.kernel.errors import WrongState
from data.kernel.facts import Fact, announce
from data.orders import (
    Order,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderKind,
    OrderPaid,
    OrderRefunded,
    OrderState,
    lock_order,
)
from data.orders.shares import share_is_used, share_waits_again
from data.payments import RefundRequested, cancel_order, refund_order
from data.payments.purses import is_in_purse, take_out
from data.people.takers import count_lapse, forgive
from data.pools.facts import (
    ContributionLost,
    ContributionPaid,
    PoolAddressMissing,
    PoolChanged,
    PoolEnd,
    PoolFunded,
    PoolOrdered,
)
from data.pools.models import Contribution, ContributionState, EndRule, Pool, PoolState
from data.pools.moving import (
    CLOSE,
    SETTLE,
    UNWIND,
    change_pool,
    end_pool,
    for_each_live,
    give_up,
    is_over,
    lock_pool,
    pool_now,
    soon,
    still_counts,
    tell,
    turn_contribution,
    turn_pool,
)
from data.pools.presents import place_present
from data.pools.service import DEADLINE, PLACE
from data.pools.terms import ADDRESS_TIME, REMINDED_AFTER

REMIND = "pool_remind"
NO_ADDRESS = "pool_no_address"
_GOING_BACK = (OrderState.REFUND_PENDING, OrderState.REFUNDED)
_ENDED = (*_GOING_BACK, OrderState.CANCELLED, OrderState.EXPIRED)
_HEARD = (OrderPaid, OrderExpired, OrderCancelled, OrderRefunded, RefundRequested)


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """Pools hear of orders, and where their group goes on."""
    if isinstance(fact, ChatMoved):
        take_along(session, Pool.chat_id, fact)
    if not isinstance(fact, OrderFact) or type(fact) not in _HEARD:
        return
    order = session.get_one(Order, fact.order_id)
    if order.kind == OrderKind.POOL:
        _share_moved(session, fact, order, now)
    elif order.kind == OrderKind.POOLED:
        _present_moved(session, fact, order, now)


def _share_moved(session: Session, fact: OrderFact, order: Order, now: datetime) -> None:
    contribution = contribution_of(session, order_id=order.id)
    if contribution is None:
        return
    if isinstance(fact, OrderPaid):
        contribution_paid(session, contribution, now=now)
    elif order.state in _ENDED:  # and not one of two payments going back
        _share_ended(session, fact, contribution, now)


def contribution_of(session: Session, *, order_id: str) -> Contribution | None:
    """What an order pays for; None for an order that is no share."""
    mine = select(Contribution).where(Contribution.order_id == order_id)
    return session.scalar(mine.execution_options(populate_existing=True))


def contribution_paid(session: Session, contribution: Contribution, *, now: datetime) -> None:
    """Money came for a share. Whether in time is decided here, by our clock."""
    if contribution.state in (ContributionState.PAID, ContributionState.USED):
        return  # told twice
    if not turn_contribution(session, contribution, ContributionState.PAID, paid_at=now):
        _send_back(session, contribution, now)
        return
    forgive(session, person_id=contribution.person_id)
    mine = Pool.id == contribution.pool_id
    paid = Pool.paid_minor + contribution.amount_minor
    if not change_pool(session, mine, *still_counts(now), paid_minor=paid):
        _too_late(session, contribution, now)
        return
    pool = pool_now(session, contribution.pool_id)
    announce(session, _about(pool, contribution), now=now)
    if not fund_if_full(session, pool.id, now=now):
        tell(session, PoolChanged, pool, now=now)


def _about(pool: Pool, contribution: Contribution) -> ContributionPaid:
    return ContributionPaid(
        merchant_id=pool.merchant_id,
        pool_id=pool.id,
        chat_id=pool.chat_id,
        contribution_id=contribution.id,
        person_id=contribution.person_id,
    )


def _too_late(session: Session, contribution: Contribution, now: datetime) -> None:
    """It was promised, but the pool is over: the money goes straight back."""
    turn_contribution(session, contribution, ContributionState.REFUNDED)
    change_pool(
        session,
        Pool.id == contribution.pool_id,
        held_minor=Pool.held_minor - contribution.amount_minor,
        places=Pool.places - 1,
    )
    _send_back(session, contribution, now)
    _tell_lost(session, contribution, PoolEnd.LATE, was_paid=True, now=now)


def _send_back(session: Session, contribution: Contribution, now: datetime) -> None:
    cause = f"contribution:{contribution.id}"
    refund_order(session, order_id=contribution.order_id, cause_ref=cause, now=now)


def fund_if_full(session: Session, pool_id: str, *, now: datetime) -> bool:
    """All of it is paid: nobody can give any more. `>=`, so that no sum slips past the mark."""
    return _fund(session, pool_id, Pool.paid_minor >= Pool.target_minor, now=now)


def _fund(session: Session, pool_id: str, condition: ColumnElement[bool], *, now: datetime) -> bool:
    due = now + ADDRESS_TIME
    if not turn_pool(session, pool_id, PoolState.FUNDED, condition, due_at=due, now=now):
        return False
    pool = pool_now(session, pool_id)
    if pool.ship_to is not None:
        soon(session, pool, PLACE, now=now)
    soon(session, pool, REMIND, at=now + REMINDED_AFTER, now=now)
    soon(session, pool, NO_ADDRESS, at=due, now=now)
    tell(session, PoolFunded, pool, now=now)
    return True


def _share_ended(
    session: Session, fact: OrderFact, contribution: Contribution, now: datetime
) -> None:
    """Its order closed unpaid, or the shop gives its money back. Once all the money is there one
    share alone cannot be had back: the others get theirs too, or (it is ordered) nobody does."""
    if contribution.state not in (ContributionState.HELD, ContributionState.PAID):
        return
    pool = lock_pool(session, contribution.pool_id)
    was_paid = contribution.state == ContributionState.PAID
    if was_paid and pool.state == PoolState.ORDERED:
        raise WrongState("pool")
    if was_paid and pool.state == PoolState.FUNDED:
        end_pool(session, pool.id, PoolState.FAILED, why=PoolEnd.RETURNED, now=now)
        return
    to = ContributionState.REFUNDED if was_paid else ContributionState.RELEASED
    if not give_up(session, contribution, to):
        return
    cause = _why(pool, PoolEnd.LAPSED if isinstance(fact, OrderExpired) else PoolEnd.LEFT)
    if cause == PoolEnd.LAPSED:
        count_lapse(session, person_id=contribution.person_id, now=now)
    _tell_lost(session, contribution, cause, was_paid=was_paid, now=now)
    if pool.state == PoolState.OPEN:
        tell(session, PoolChanged, pool_now(session, pool.id), now=now)


def _why(pool: Pool, cause: PoolEnd) -> PoolEnd:
    """A contribution that ends because its pool did says so."""
    is_by_pool = pool.why is not None and is_over(pool)
    return PoolEnd(pool.why) if is_by_pool and pool.why else cause


def _tell_lost(
    session: Session, contribution: Contribution, cause: PoolEnd, *, was_paid: bool, now: datetime
) -> None:
    pool = pool_now(session, contribution.pool_id)
    lost = ContributionLost(
        merchant_id=pool.merchant_id,
        pool_id=pool.id,
        chat_id=pool.chat_id,
        contribution_id=contribution.id,
        person_id=contribution.person_id,
        was_paid=was_paid,
        cause=cause,
    )
    announce(session, lost, now=now)


def _present_moved(session: Session, fact: OrderFact, order: Order, now: datetime) -> None:
    pool = session.scalar(select(Pool).where(Pool.order_id == order.id))
    if pool is None:
        return
    if isinstance(fact, OrderPaid):
        _present_paid(session, pool, order, now)
    elif order.state in _ENDED:
        if pool_now(session, pool.id).state == PoolState.FUNDED:
            why = PoolEnd.UNPAID_REST
            end_pool(session, pool.id, PoolState.FAILED, why=why, now=now)
        soon(
            session, pool, UNWIND, now=now
        )  # where it was ordered, it stays so: its money does not


def _present_paid(session: Session, pool: Pool, order: Order, now: datetime) -> None:
    if turn_pool(session, pool.id, PoolState.ORDERED, now=now):
        pool = pool_now(session, pool.id)
        for_each_live(session, pool, SETTLE, now=now)
        tell(session, PoolOrdered, pool, now=now)
    else:  # it was called off while its organiser paid the rest
        soon(session, pool, UNWIND, now=now)


def expire_pool(session: Session, *, pool_id: str, now: datetime) -> bool:
    """The deadline: what was raised serves if its organiser wants that, else all goes back."""
    pool = lock_pool(session, pool_id)
    if pool.state != PoolState.OPEN or pool.expires_at > now:
        return False
    still_open = Pool.state == PoolState.OPEN
    if pool.end_rule == EndRule.KEEP and pool.paid_minor:
        return _fund(session, pool_id, still_open, now=now)
    why = PoolEnd.SHORT if pool.paid_minor else PoolEnd.EMPTY
    return end_pool(session, pool_id, PoolState.FAILED, still_open, why=why, now=now)


def end_without_address(session: Session, *, pool_id: str, now: datetime) -> bool:
    """They were asked twice."""
    pool = lock_pool(session, pool_id)
    if pool.state != PoolState.FUNDED or pool.order_id is not None or pool.ship_to is not None:
        return False
    return end_pool(session, pool_id, PoolState.FAILED, why=PoolEnd.NO_ADDRESS, now=now)


def unwind(session: Session, *, pool_id: str, now: datetime) -> None:
    """It came to nothing: the goods first, which gives the purse back what it paid; then each."""
    order_id = pool_now(session, pool_id).order_id
    if order_id is None:
        release_hold(session, owner_ref=pool_id, now=now)
    else:
        cancel_order(session, order_id=order_id, person_id=None, now=now)
    for_each_live(session, pool_now(session, pool_id), CLOSE, now=now)


def close_contribution(session: Session, *, contribution_id: str, now: datetime) -> None:
    """Let go if it is unpaid; else its money goes back, once."""
    contribution, order = _with_order_locked(session, contribution_id)
    pool = pool_now(session, contribution.pool_id)
    if contribution.state == ContributionState.HELD:
        cancel_order(session, order_id=order.id, person_id=None, now=now)
        return  # and `listen` gives it up
    was_used = contribution.state == ContributionState.USED
    if not give_up(session, contribution, ContributionState.REFUNDED):
        return
    if was_used:
        share_waits_again(session, order, now=now)
    merchant_id = pool.merchant_id
    if is_in_purse(session, merchant_id=merchant_id, share_ref=contribution.id):
        assert pool.card_id is not None  # noqa: S101  # it was filled
        take_out(
            session,
            purse_id=pool.card_id,
            share_ref=contribution.id,
            amount=contribution.amount,
            now=now,
        )
    _send_back(session, contribution, now)
    cause = _why(pool, PoolEnd.RETURNED)
    _tell_lost(session, contribution, cause, was_paid=True, now=now)


def settle_contribution(session: Session, *, contribution_id: str, now: datetime) -> None:
    """The present is ordered: this share has done its work."""
    contribution, order = _with_order_locked(session, contribution_id)
    if contribution.state == ContributionState.PAID:
        turn_contribution(session, contribution, ContributionState.USED)
        share_is_used(session, order, now=now)
    elif contribution.state == ContributionState.HELD:
        cancel_order(session, order_id=order.id, person_id=None, now=now)


def _with_order_locked(session: Session, contribution_id: str) -> tuple[Contribution, Order]:
    """Order before contribution, as payments do."""
    order_id = session.get_one(Contribution, contribution_id).order_id
    order = lock_order(session, order_id=order_id)
    return session.get_one(Contribution, contribution_id, populate_existing=True), order


def _run_deadline(session: Session, job: Job, now: datetime) -> None:
    expire_pool(session, pool_id=job.args["pool_id"], now=now)


def _run_place(session: Session, job: Job, now: datetime) -> None:
    place_present(session, pool_id=job.args["pool_id"], now=now)


def _run_remind(session: Session, job: Job, now: datetime) -> None:
    pool = pool_now(session, job.args["pool_id"])
    if pool.state == PoolState.FUNDED and pool.order_id is None and pool.ship_to is None:
        tell(session, PoolAddressMissing, pool, now=now)


def _run_no_address(session: Session, job: Job, now: datetime) -> None:
    end_without_address(session, pool_id=job.args["pool_id"], now=now)


def _run_unwind(session: Session, job: Job, now: datetime) -> None:
    unwind(session, pool_id=job.args["pool_id"], now=now)


def _run_close(session: Session, job: Job, now: datetime) -> None:
    close_contribution(session, contribution_id=job.args["contribution_id"], now=now)


def _run_settle(session: Session, job: Job, now: datetime) -> None:
    settle_contribution(session, contribution_id=job.args["contribution_id"], now=now)


JOBS: Mapping[str, JobRunner] = {
    DEADLINE: _run_deadline,
    PLACE: _run_place,
    REMIND: _run_remind,
    NO_ADDRESS: _run_no_address,
    UNWIND: _run_unwind,
    CLOSE: _run_close,
    SETTLE: _run_settle,
}
