"""I2, I3, I5 for pools: never more than a present costs, every contribution used or given back."""

from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from data.audit.checks import Check, Moment
from data.ledger import LedgerEntry
from data.orders import Order, OrderState
from data.orders.share_states import GIVEN, LIVE
from data.payments.purses import EMPTIED, FILLED
from data.people.models import Person
from data.pools.models import RUNNING, Contribution, ContributionState, Pool, PoolState, PoolStep

_NOTHING = (PoolState.FAILED, PoolState.CANCELLED)
_GONE = (
    OrderState.CANCELLED,
    OrderState.EXPIRED,
    OrderState.REFUND_PENDING,
    OrderState.REFUNDED,
)
_UNDER_WAY = (OrderState.READY, OrderState.SHIPPED, OrderState.DELIVERED)


def _sum(*states: ContributionState) -> ColumnElement[int]:
    total = select(func.coalesce(func.sum(Contribution.amount_minor), 0)).where(
        Contribution.pool_id == Pool.id, Contribution.state.in_(states)
    )
    return total.scalar_subquery()


def _miscounted(_: Moment) -> Select[Any]:
    live = (
        select(func.count())
        .select_from(Contribution)
        .where(Contribution.pool_id == Pool.id, Contribution.state.in_(LIVE))
    )
    return select(Pool.id).where(
        or_(
            Pool.held_minor != _sum(*LIVE),
            Pool.paid_minor != _sum(*GIVEN),
            Pool.places != live.scalar_subquery(),
        )
    )


def _too_much(_: Moment) -> Select[Any]:
    return select(Pool.id).where(
        or_(Pool.held_minor > Pool.target_minor, Pool.paid_minor > Pool.held_minor)
    )


def _shares_differ(_: Moment) -> Select[Any]:
    """Of equal shares the largest is a cent more than the smallest, at most."""
    smallest = Pool.target_minor / Pool.shares - 1
    largest = Pool.target_minor / Pool.shares + 1
    return (
        select(Contribution.pool_id)
        .join(Pool, Pool.id == Contribution.pool_id)
        .where(Pool.shares.is_not(None), Contribution.state.in_(LIVE))
        .where(or_(Contribution.amount_minor < smallest, Contribution.amount_minor > largest))
    )


def _full_but_open(_: Moment) -> Select[Any]:
    full = Pool.paid_minor >= Pool.target_minor
    return select(Pool.id).where(Pool.state == PoolState.OPEN, full)


def _overdue(moment: Moment) -> Select[Any]:
    late = or_(
        (Pool.state == PoolState.OPEN) & (Pool.expires_at < moment.settled),
        (Pool.state == PoolState.FUNDED) & (Pool.due_at < moment.settled),
    )
    return select(Pool.id).where(late)


def _ended_twice(_: Moment) -> Select[Any]:
    return (
        select(PoolStep.pool_id)
        .where(PoolStep.state.not_in(RUNNING))
        .group_by(PoolStep.pool_id)
        .having(func.count() > 1)
    )


def _not_as_it_ended(_: Moment) -> Select[Any]:
    """The state is not the last step: it was changed behind the table of moves."""
    last = (
        select(PoolStep.state)
        .where(PoolStep.pool_id == Pool.id)
        .order_by(PoolStep.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(Pool.id).where(func.coalesce(last, "") != Pool.state)


def _used_without_order(_: Moment) -> Select[Any]:
    return (
        select(Contribution.id)
        .join(Pool, Pool.id == Contribution.pool_id)
        .where(Contribution.state == ContributionState.USED, Pool.state != PoolState.ORDERED)
    )


def _kept_after_the_end(moment: Moment) -> Select[Any]:
    """A pool that came to nothing, or whose present was called off, keeps nobody's money."""
    present = aliased(Order)
    return (
        select(Contribution.id)
        .join(PoolStep, PoolStep.pool_id == Contribution.pool_id)
        .join(Pool, Pool.id == Contribution.pool_id)
        .outerjoin(present, present.id == Pool.order_id)
        .where(Contribution.state.in_(LIVE), PoolStep.at <= moment.settled)
        .where(
            or_(
                PoolStep.state.in_(_NOTHING),
                (PoolStep.state == PoolState.ORDERED)
                & present.state.in_(_GONE)
                & (present.updated_at <= moment.settled),
            )
        )
    )


def _unsettled(moment: Moment) -> Select[Any]:
    waiting = (ContributionState.HELD, ContributionState.PAID)
    return (
        select(Contribution.id)
        .join(PoolStep, PoolStep.pool_id == Contribution.pool_id)
        .where(PoolStep.state == PoolState.ORDERED, PoolStep.at <= moment.settled)
        .where(Contribution.state.in_(waiting))
    )


def _goods_before_money(_: Moment) -> Select[Any]:
    """The present is on its way, and its people have not paid for it."""
    return (
        select(Pool.id)
        .join(Order, Order.id == Pool.order_id)
        .where(Order.state.in_(_UNDER_WAY), Pool.state != PoolState.ORDERED)
    )


def _another_price(_: Moment) -> Select[Any]:
    return (
        select(Pool.id)
        .join(Order, Order.id == Pool.order_id)
        .where(or_(Order.total_minor != Pool.target_minor, Order.currency != Pool.currency))
    )


def _not_its_order(moment: Moment) -> Select[Any]:
    """A contribution and its order tell the same story, and it is one of this shop and person."""
    paid = Order.state == OrderState.WAITING_GROUP
    stories = {
        ContributionState.HELD: Order.state.in_((OrderState.AWAITING_PAYMENT, OrderState.EXPIRED)),
        ContributionState.PAID: paid,
        ContributionState.USED: Order.state == OrderState.DELIVERED,
        ContributionState.RELEASED: Order.state.in_(_GONE),
        ContributionState.REFUNDED: Order.state.in_(_GONE),
    }
    another = [(Contribution.state == state) & ~fits for state, fits in stories.items()]
    return (
        select(Contribution.id)
        .join(Order, Order.id == Contribution.order_id)
        .join(Person, Person.id == Contribution.person_id)
        .where(Order.updated_at <= moment.settled)
        .where(
            or_(
                *another,
                Order.total_minor != Contribution.amount_minor,
                Order.merchant_id != Contribution.merchant_id,
                Order.person_id != Contribution.person_id,
            )
        )
    )


def _purse_differs(_: Moment) -> Select[Any]:
    """Money is in the purse while its contribution is used, and never after it went back."""

    def booked(kind: str) -> ColumnElement[bool]:
        mine = LedgerEntry.source_ref == Contribution.id
        return select(LedgerEntry.id).where(LedgerEntry.kind == kind, mine).exists()

    inside = booked(FILLED) & ~booked(EMPTIED)
    given_back = Contribution.state == ContributionState.REFUNDED
    used = Contribution.state == ContributionState.USED
    return select(Contribution.id).where(or_(given_back & inside, used & ~inside))


CHECKS = (
    Check("I2", "pool_counts_are_not_its_contributions", _miscounted),
    Check("I2", "pool_above_its_target", _too_much),
    Check("I2", "pool_share_is_not_equal", _shares_differ),
    Check("I2", "pool_full_but_open", _full_but_open),
    Check("I2", "pool_past_its_time", _overdue),
    Check("I3", "pool_ended_twice", _ended_twice),
    Check("I3", "pool_state_is_not_its_last_step", _not_as_it_ended),
    Check("I5", "contribution_used_without_order", _used_without_order),
    Check("I5", "contribution_kept_after_the_end", _kept_after_the_end),
    Check("I5", "contribution_unsettled_after_order", _unsettled),
    Check("I5", "present_before_its_money", _goods_before_money),
    Check("I6", "purse_is_not_its_contributions", _purse_differs),
    Check("I8", "present_at_another_price", _another_price),
    Check("I7", "contribution_is_not_its_order", _not_its_order),
)
