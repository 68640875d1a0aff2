"""I2, I3, I5, I8 for split orders: ordered only above their minimum, every part owed or given back,
the delivery shared as it was decided."""

from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from data.audit.checks import Check, Moment
from data.orders import Order, OrderKind, OrderState
from data.orders.share_states import GIVEN, LIVE, ShareState
from data.people.models import Person
from data.split_orders.models import SplitOrder, SplitPart, SplitState, SplitStep

_NOTHING = (SplitState.FAILED, SplitState.CANCELLED)
_GONE = (
    OrderState.CANCELLED,
    OrderState.EXPIRED,
    OrderState.REFUND_PENDING,
    OrderState.REFUNDED,
)
_OWED = (OrderState.READY, OrderState.SHIPPED, OrderState.DELIVERED)


def _of_parts(what: ColumnElement[Any], states: tuple[ShareState, ...]) -> ColumnElement[int]:
    mine = SplitPart.split_id == SplitOrder.id
    return select(what).where(mine, SplitPart.state.in_(states)).scalar_subquery()


def _miscounted(_: Moment) -> Select[Any]:
    goods = func.coalesce(func.sum(SplitPart.amount_minor), 0)
    counted = {
        SplitOrder.held_minor: _of_parts(goods, LIVE),
        SplitOrder.paid_minor: _of_parts(goods, GIVEN),
        SplitOrder.places: _of_parts(func.count(SplitPart.id), LIVE),
        SplitOrder.people: _of_parts(func.count(SplitPart.id), GIVEN),
    }
    return select(SplitOrder.id).where(or_(*(told != is_ for told, is_ in counted.items())))


def _decided_wrongly(_: Moment) -> Select[Any]:
    """What was paid at that moment says which way it had to go."""
    enough = and_(SplitStep.people > 0, SplitStep.paid_minor >= SplitOrder.minimum_minor)
    return (
        select(SplitOrder.id)
        .join(SplitStep, SplitStep.split_id == SplitOrder.id)
        .where(
            or_(
                (SplitStep.state == SplitState.ORDERED) & ~enough,
                (SplitStep.state == SplitState.FAILED) & enough,
                (SplitStep.state == SplitState.ORDERED)
                & (func.coalesce(SplitOrder.final_people, 0) != SplitStep.people),
            )
        )
    )


def _overdue(moment: Moment) -> Select[Any]:
    late = SplitOrder.expires_at < moment.settled
    return select(SplitOrder.id).where(SplitOrder.state == SplitState.OPEN, late)


def _ended_twice(_: Moment) -> Select[Any]:
    return (
        select(SplitStep.split_id)
        .where(SplitStep.state != SplitState.OPEN)
        .group_by(SplitStep.split_id)
        .having(func.count() > 1)
    )


def _not_as_it_ended(_: Moment) -> Select[Any]:
    """The state is not the last step: it was changed behind the table of moves."""
    last = (
        select(SplitStep.state)
        .where(SplitStep.split_id == SplitOrder.id)
        .order_by(SplitStep.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(SplitOrder.id).where(func.coalesce(last, "") != SplitOrder.state)


def _kept_after_the_end(moment: Moment) -> Select[Any]:
    return (
        select(SplitPart.id)
        .join(SplitStep, SplitStep.split_id == SplitPart.split_id)
        .where(SplitStep.state.in_(_NOTHING), SplitStep.at <= moment.settled)
        .where(SplitPart.state.in_(LIVE))
    )


def _unsettled(moment: Moment) -> Select[Any]:
    return (
        select(SplitPart.id)
        .join(SplitStep, SplitStep.split_id == SplitPart.split_id)
        .where(SplitStep.state == SplitState.ORDERED, SplitStep.at <= moment.settled)
        .where(SplitPart.state.in_((ShareState.HELD, ShareState.PAID)))
    )


def _goods_before_decision(_: Moment) -> Select[Any]:
    """One person's goods are owed, and whether all of it comes about is not decided, or was not."""
    return (
        select(SplitPart.id)
        .join(SplitOrder, SplitOrder.id == SplitPart.split_id)
        .join(Order, Order.id == SplitPart.order_id)
        .where(or_(SplitPart.state == ShareState.USED, Order.state.in_(_OWED)))
        .where(SplitOrder.state != SplitState.ORDERED)
    )


def _another_share(_: Moment) -> Select[Any]:
    """Equal by head, the cents left over to the first; never above what was told."""
    equal = SplitOrder.final_fee_minor // SplitOrder.final_people
    over = SplitOrder.final_fee_minor - equal * SplitOrder.final_people
    share = equal + case((SplitPart.nth <= over, 1), else_=0)
    due = case((share < SplitPart.told_minor, share), else_=SplitPart.told_minor)
    is_wrong = func.coalesce(due, -1) != Order.shipping_minor
    return (
        select(SplitPart.id)
        .join(SplitOrder, SplitOrder.id == SplitPart.split_id)
        .join(Order, Order.id == SplitPart.order_id)
        .where(SplitPart.state == ShareState.USED, is_wrong)
    )


def _not_its_order(moment: Moment) -> Select[Any]:
    """A part and its order tell the same story, and it is one of this shop and person."""
    stories = {
        ShareState.HELD: Order.state.in_((OrderState.AWAITING_PAYMENT, OrderState.EXPIRED)),
        ShareState.PAID: Order.state == OrderState.WAITING_GROUP,
        ShareState.USED: Order.state.in_(_OWED),
        ShareState.RELEASED: Order.state.in_(_GONE),
        ShareState.REFUNDED: Order.state.in_(_GONE),
    }
    another = [(SplitPart.state == state) & ~fits for state, fits in stories.items()]
    return (
        select(SplitPart.id)
        .join(Order, Order.id == SplitPart.order_id)
        .join(Person, Person.id == SplitPart.person_id)
        .where(Order.updated_at <= moment.settled)
        .where(
            or_(
                *another,
                Order.kind != OrderKind.SPLIT,
                Order.merchant_id != SplitPart.merchant_id,
                # Somebody who put in parts under two names stays two, and their orders are one's.
                Person.merged_into.is_(None) & (Order.person_id != SplitPart.person_id),
            )
        )
    )


def _elsewhere(_: Moment) -> Select[Any]:
    """All of it is one delivery: whatever is in it goes with its parcel."""
    return (
        select(SplitPart.id)
        .join(SplitOrder, SplitOrder.id == SplitPart.split_id)
        .join(Order, Order.id == SplitPart.order_id)
        .where(SplitPart.state.in_(LIVE))
        .where(func.coalesce(Order.goes_with, "") != SplitOrder.parcel_id)
    )


CHECKS = (
    Check("I2", "split_counts_are_not_its_parts", _miscounted),
    Check("I2", "split_decided_against_its_minimum", _decided_wrongly),
    Check("I2", "split_past_its_time", _overdue),
    Check("I3", "split_ended_twice", _ended_twice),
    Check("I3", "split_state_is_not_its_last_step", _not_as_it_ended),
    Check("I5", "split_part_kept_after_the_end", _kept_after_the_end),
    Check("I5", "split_part_unsettled_after_order", _unsettled),
    Check("I5", "split_goods_before_decision", _goods_before_decision),
    Check("I7", "split_part_is_not_its_order", _not_its_order),
    Check("I8", "delivery_not_shared_as_decided", _another_share),
    Check("I11", "split_part_goes_elsewhere", _elsewhere),
)
