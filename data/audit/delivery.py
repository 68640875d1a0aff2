"""I7 and the machinery: each thing once, nothing forgotten, nothing from the future."""

from typing import Any

from sqlalchemy import Select, func, or_, select, union_all

from data.actions.models import ActionCall, CallState
from data.audit.checks import Check, Moment
from data.delivery.models import InboxRow, InboxState, Job, OutboxRow, OutboxState
from data.group_buys.models import Seat, Team
from data.occasions.models import Reminder
from data.orders import Order
from data.payments import PaymentAttempt, Refund
from data.people.contact import A_DAY, NEW_SHOP_A_DAY
from data.people.models import Person, ProactiveCount


def _outbox_twice(_: Moment) -> Select[Any]:
    return select(func.min(OutboxRow.id)).group_by(OutboxRow.key).having(func.count() > 1)


def _outbox_forgotten(moment: Moment) -> Select[Any]:
    waiting = OutboxRow.state.in_((OutboxState.PENDING, OutboxState.SENDING))
    return select(OutboxRow.id).where(waiting, OutboxRow.due_at < moment.settled)


def _inbox_unhandled(moment: Moment) -> Select[Any]:
    return select(InboxRow.id).where(
        InboxRow.state == InboxState.RECEIVED, InboxRow.received_at <= moment.settled
    )


def _job_forgotten(moment: Moment) -> Select[Any]:
    return select(Job.id).where(Job.state == "due", Job.run_at < moment.settled)


def _job_dead(_: Moment) -> Select[Any]:
    """It failed every try: what it was to do is still undone."""
    return select(Job.id).where(Job.state == "dead")


def _call_forgotten(moment: Moment) -> Select[Any]:
    """Somebody's conversation stands still, and nobody will go on with it."""
    open_calls = ActionCall.state == CallState.CALLING
    return select(ActionCall.id).where(open_calls, ActionCall.deadline < moment.settled)


def _reminded_twice(_: Moment) -> Select[Any]:
    return (
        select(Reminder.occasion_id)
        .group_by(Reminder.occasion_id, Reminder.year, Reminder.lead)
        .having(func.count() > 1)
    )


def _flooded(_: Moment) -> Select[Any]:
    person = ProactiveCount.whom.in_(select(Person.id))
    return select(ProactiveCount.whom).where(
        or_(person & (ProactiveCount.n > A_DAY), ProactiveCount.n > NEW_SHOP_A_DAY)
    )


def _from_the_future(moment: Moment) -> Select[Any]:
    """Written by another clock than ours (I15)."""
    written = union_all(
        *(
            select(row.id, moment_of.label("at"))
            for row, moment_of in (
                (Order, Order.created_at),
                (Order, Order.updated_at),
                (PaymentAttempt, PaymentAttempt.updated_at),
                (Refund, Refund.updated_at),
                (Team, Team.opened_at),
                (Seat, Seat.created_at),
                (Person, Person.created_at),
            )
        )
    ).subquery()
    return select(written.c.id).where(written.c.at > moment.now)


CHECKS = (
    Check("I7", "outbox_key_twice", _outbox_twice),
    Check("I7", "outbox_forgotten", _outbox_forgotten),
    Check("I7", "inbox_unhandled", _inbox_unhandled),
    Check("I7", "job_forgotten", _job_forgotten),
    Check("I7", "job_dead", _job_dead),
    Check("I7", "call_forgotten", _call_forgotten),
    Check("I12", "spoke_first_too_often", _flooded),
    Check("I13", "reminded_twice", _reminded_twice),
    Check("I15", "row_from_the_future", _from_the_future),
)
