"""T14: where somebody lives is not known for longer than it is needed: thirty days after all that
went there is delivered, or its money is back."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from data.audit.checks import Check, Moment
from data.conversations import Conversation
from data.orders import Order, OrderKind, OrderState, Return, ReturnState
from data.orders.address_book import KeptAddress
from data.orders.change_models import OrderChange
from data.orders.parcel_models import Parcel
from data.payments import Dispute, DisputeState, Refund, RefundState
from data.split_orders import SplitOrder, SplitState, SplitStep

_OVER = (OrderState.DELIVERED, OrderState.REFUNDED, OrderState.CANCELLED, OrderState.EXPIRED)
_RETURNED = (ReturnState.REFUSED, ReturnState.REFUNDED, ReturnState.EXCHANGED)


def _of_orders(moment: Moment) -> Select[Any]:
    return select(Order.id).where(
        Order.ship_to.is_not(None),
        Order.state.in_(_OVER),
        Order.updated_at <= moment.forgotten,
        ~_is_needed(Order, moment),
    )


def _of_parcels(moment: Moment) -> Select[Any]:
    split = (
        select(SplitOrder.id)
        .join(SplitStep, SplitStep.split_id == SplitOrder.id)
        .where(SplitOrder.parcel_id == Parcel.id)
        .where(or_(SplitOrder.state == SplitState.OPEN, SplitStep.at > moment.forgotten))
    )
    return select(Parcel.id).where(
        Parcel.ship_to.is_not(None), ~split.exists(), ~_is_needed(Parcel, moment)
    )


def _of_people(moment: Moment) -> Select[Any]:
    """What they used before; a flow that is not at its end may still hold its reference."""
    theirs = Conversation.person_id == KeptAddress.person_id
    spoken_of = exists().where(theirs, cast(Conversation.snapshot, Text).contains(KeptAddress.id))
    orders = exists().where(Order.person_id == KeptAddress.person_id, Order.ship_to.is_not(None))
    parcels = exists().where(Parcel.person_id == KeptAddress.person_id, Parcel.ship_to.is_not(None))
    old = KeptAddress.kept_at <= moment.forgotten
    return select(KeptAddress.id).where(old, ~orders, ~parcels, ~spoken_of)


def _is_needed(holder: type[Order] | type[Parcel], moment: Moment) -> ColumnElement[bool]:
    """Something that goes there is open, or was a short while ago."""
    order, again, late = aliased(Order), aliased(Refund), moment.forgotten
    is_extra = and_(order.kind == OrderKind.CHANGE, order.state == OrderState.READY)
    is_retried = exists().where(again.retry_of == Refund.id)
    is_owed = and_(Refund.state != RefundState.SUCCEEDED, ~is_retried)
    open_or_late = (
        (order.id, or_(and_(order.state.not_in(_OVER), ~is_extra), order.updated_at > late)),
        (Return.order_id, or_(Return.state.not_in(_RETURNED), Return.updated_at > late)),
        (Refund.order_id, or_(is_owed, Refund.updated_at > late)),
        (Dispute.order_id, or_(Dispute.state == DisputeState.OPEN, Dispute.updated_at > late)),
    )
    return or_(*(exists().where(_goes_to(holder, of), still) for of, still in open_or_late))


def _goes_to(
    holder: type[Order] | type[Parcel], of: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    """An order to that address, or one by which more was paid for its goods."""
    sent, change = aliased(Order), aliased(OrderChange)
    there = or_(sent.id == holder.id, sent.goes_with == holder.id)
    sent_there = select(sent.id).where(there).correlate(holder)
    besides = select(change.extra_order_id).where(change.order_id.in_(sent_there))
    return or_(of.in_(sent_there), of.in_(besides.where(change.extra_order_id.is_not(None))))


CHECKS = (
    Check("T14", "order_address_kept_too_long", _of_orders),
    Check("T14", "parcel_address_kept_too_long", _of_parcels),
    Check("T14", "used_address_kept_too_long", _of_people),
)
