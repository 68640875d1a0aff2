"""Forgetting a person: what stands in the way, what is let go, and the deed as a job of their chat.

A job, so that the farewell is said and the turn that said it is written down before all of it goes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.group_buys import SeatState, leave
from data.group_buys.models import Seat
from data.group_buys.waiting import leave_lines
from data.kernel.errors import WrongState
from data.orders import Order, OrderState
from data.orders.parcel_models import Parcel
from data.payments import AttemptState, PaymentAttempt, cancel_order
from data.people import Person
from data.people.merged import been, known_as
from data.personal.erasing import erase_person, forget_farewell
from data.pools import cancel_pool, pools_by
from data.split_orders import SplitOrder, SplitState, cancel_split, expire_split, splits_by

FORGET = "forget_person"  # the job kind; args: person_id, conversation_id, by
FAREWELL = "forget_farewell"  # args: chat_id
_PAID = (OrderState.PAID, OrderState.WAITING_GROUP, OrderState.READY, OrderState.REFUND_PENDING)
_TO_BE_SENT = (OrderState.PAID, OrderState.READY)
_UNDER_WAY = (AttemptState.SUBMITTED, AttemptState.PENDING, AttemptState.UNKNOWN)
# Money that came in the last moment settles first (security design: at most thirty days).
_LOOK_AGAIN = timedelta(hours=1)
_FAREWELL_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StillOpen:
    """Numbers of orders that are paid and not finished (or somebody else's, still to be sent to
    this person's address), and of such whose payment is under way."""

    paid: list[str]
    paying: list[str]

    def __bool__(self) -> bool:
        return bool(self.paid or self.paying)


def still_open(session: Session, *, person_id: str) -> StillOpen:
    people = been(session, person_id)
    mine = Order.person_id.in_(people)
    paying = select(Order.number).where(
        mine,
        Order.state == OrderState.AWAITING_PAYMENT,
        select(PaymentAttempt.id)
        .where(PaymentAttempt.order_id == Order.id, PaymentAttempt.state.in_(_UNDER_WAY))
        .exists(),
    )
    parcels = select(Parcel.id).where(Parcel.person_id.in_(people))
    decided = select(SplitOrder.parcel_id).where(SplitOrder.state == SplitState.ORDERED)
    is_owed = Order.state.in_(_TO_BE_SENT) | (  # soon: its share of the delivery is worked out yet
        (Order.state == OrderState.WAITING_GROUP) & Order.goes_with.in_(decided)
    )
    sent_here = Order.goes_with.in_(parcels) & is_owed
    every = select(Order.number).where(or_(mine & Order.state.in_(_PAID), sent_here))
    return StillOpen(
        list(session.scalars(every.order_by(Order.number))),
        list(session.scalars(paying.order_by(Order.number))),
    )


def let_go(session: Session, *, person_id: str, now: datetime) -> None:
    """What is not paid for: orders are called off, places given up. What a group ordered in time
    is ordered by that: see `still_open`."""
    for split in splits_by(session, person_id=person_id):
        if expire_split(session, split_id=split.id, now=now):
            continue
        cancel_split(
            session,
            merchant_id=split.merchant_id,
            split_id=split.id,
            organiser_id=person_id,
            now=now,
        )
    for one in been(session, person_id):
        for pool in pools_by(session, merchant_id=_shop(session, one), person_id=one):
            cancel_pool(
                session,
                merchant_id=pool.merchant_id,
                pool_id=pool.id,
                organiser_id=one,
                now=now,
            )
        unpaid = select(Order.id).where(
            Order.person_id == one, Order.state == OrderState.AWAITING_PAYMENT
        )
        for order_id in session.scalars(unpaid).all():
            cancel_order(session, order_id=order_id, person_id=one, now=now)
        held = select(Seat.team_id).where(Seat.person_id == one, Seat.state == SeatState.HELD)
        for team_id in session.scalars(held).all():
            leave(session, team_id=team_id, person_id=one, now=now)
        leave_lines(session, person_id=one, now=now)


def _shop(session: Session, person_id: str) -> str:
    return session.get_one(Person, person_id).merchant_id


def forget_soon(
    session: Session, *, person: Person, by: str, now: datetime, said_in: str | None = None
) -> None:
    """After what is being said now. `said_in`: the conversation of the farewell."""
    lane = f"person:{person.id}"
    if said_in is not None:
        lane = f"chat:{session.get_one(Conversation, said_in).chat_id}"
    _enqueue(session, person, lane, {"by": by, "conversation_id": said_in}, now, now)


def forget_by_shop(session: Session, *, person: Person, by: str, now: datetime) -> None:
    """The customer asked the shop's people for it. Refused while something paid is not finished."""
    if still_open(session, person_id=person.id):
        raise WrongState("orders_open")
    let_go(session, person_id=person.id, now=now)
    forget_soon(session, person=person, by=by, now=now)


def _enqueue(
    session: Session,
    person: Person,
    lane: str,
    args: dict[str, str | None],
    run_at: datetime,
    now: datetime,
) -> None:
    job = NewJob(
        lane=lane,
        kind=FORGET,
        key=f"{FORGET}:{person.id}:{run_at.isoformat()}",
        run_at=run_at,
        args={"person_id": person.id, **args},
        merchant_id=person.merchant_id,
    )
    enqueue(session, job, now=now)


def _forget(session: Session, job: Job, now: datetime) -> None:
    person = known_as(session, job.args["person_id"])
    if person.erased_at is not None:
        return
    if not still_open(session, person_id=person.id):
        let_go(session, person_id=person.id, now=now)
    if still_open(session, person_id=person.id):
        rest = {name: job.args.get(name) for name in ("by", "conversation_id")}
        _enqueue(session, person, job.lane, rest, now + _LOOK_AGAIN, now)
        return
    talk = job.args.get("conversation_id")
    chat_id = erase_person(session, person=person, by=job.args["by"], farewell=talk, now=now)
    if chat_id is not None:
        farewell = NewJob(
            lane=f"chat:{chat_id}",
            kind=FAREWELL,
            key=f"{FAREWELL}:{chat_id}",
            run_at=now + _FAREWELL_KEPT,
            args={"chat_id": chat_id},
            merchant_id=person.merchant_id,
        )
        enqueue(session, farewell, now=now)


def _forget_farewell(session: Session, job: Job, now: datetime) -> None:
    forget_farewell(session, chat_id=job.args["chat_id"])


JOBS: dict[str, JobRunner] = {FORGET: _forget, FAREWELL: _forget_farewell}
