"""What an order's fate does to its part of a split order, and what a split order's fate does to its
parts' orders.

`listen` is wired as a listener; the runners in JOBS are wired in the worker.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.conversations.moving import ChatMoved, take_along
from data.delivery.jobs import JobRunner
from data.delivery.models import Job
from data.kernel.errors import WrongState
from data.kernel.facts import Fact, announce
from data.kernel.money import Money
from data.orders import (
    Order,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderKind,
    OrderPaid,
    OrderReady,
    OrderRefunded,
    OrderState,
    lock_order,
)
from data.orders.share_states import GIVEN, LIVE, ShareState
from data.payments import (
    RefundRequested,
    cancel_order,
    lower_shipping,
    refund_order,
    settle_group_order,
)
from data.people.takers import count_lapse, forgive
from data.split_orders.facts import PartPaid, SplitChanged, SplitEnd
from data.split_orders.models import SplitOrder, SplitPart, SplitState
from data.split_orders.moving import (
    CLOSE,
    SETTLE,
    change_split,
    decide,
    give_up,
    split_now,
    still_counts,
    tell,
    tell_lost,
    turn_part,
    uncount,
)
from data.split_orders.service import DEADLINE
from data.split_orders.terms import share_of

_ENDED = (
    OrderState.CANCELLED,
    OrderState.EXPIRED,
    OrderState.REFUND_PENDING,
    OrderState.REFUNDED,
)
_HEARD = (OrderPaid, OrderReady, OrderExpired, OrderCancelled, OrderRefunded, RefundRequested)


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """Split orders hear of orders, and where their group goes on."""
    if isinstance(fact, ChatMoved):
        take_along(session, SplitOrder.chat_id, fact)
    if not isinstance(fact, OrderFact) or type(fact) not in _HEARD:
        return
    order = session.get_one(Order, fact.order_id)
    part = part_behind(session, order.id) if order.kind == OrderKind.SPLIT else None
    if part is None:
        return
    if isinstance(fact, OrderPaid):
        part_paid(session, part, now=now)
    elif isinstance(fact, OrderReady):
        turn_part(session, part, ShareState.USED)
    elif order.state in _ENDED:  # and not one of two payments going back, or a part of it
        _part_ended(session, fact, part, now)


def part_behind(session: Session, order_id: str) -> SplitPart | None:
    """What an order pays for; None for an order that is no part."""
    mine = select(SplitPart).where(SplitPart.order_id == order_id)
    return session.scalar(mine.execution_options(populate_existing=True))


def part_paid(session: Session, part: SplitPart, *, now: datetime) -> None:
    """Money came for it. Whether in time is decided here, by our clock."""
    if part.state in GIVEN:
        return  # told twice
    if not turn_part(session, part, ShareState.PAID, paid_at=now):
        _send_back(session, part, now)
        return
    forgive(session, person_id=part.person_id)
    paid = {
        "paid_minor": SplitOrder.paid_minor + part.amount_minor,
        "people": SplitOrder.people + 1,
    }
    if not change_split(session, SplitOrder.id == part.split_id, *still_counts(now), **paid):
        _too_late(session, part, now)
        return
    split = split_now(session, part.split_id)
    announce(session, _about(split, part), now=now)
    tell(session, SplitChanged, split, now=now)


def _about(split: SplitOrder, part: SplitPart) -> PartPaid:
    return PartPaid(
        merchant_id=split.merchant_id,
        split_id=split.id,
        chat_id=split.chat_id,
        part_id=part.id,
        person_id=part.person_id,
    )


def _too_late(session: Session, part: SplitPart, now: datetime) -> None:
    """It was counted, but it is over: the money goes straight back."""
    turn_part(session, part, ShareState.REFUNDED)
    uncount(session, part, paid=False)
    _send_back(session, part, now)
    tell_lost(session, part, SplitEnd.LATE, was_paid=True, now=now)


def _send_back(session: Session, part: SplitPart, now: datetime) -> None:
    refund_order(session, order_id=part.order_id, cause_ref=f"split_part:{part.id}", now=now)


def _part_ended(session: Session, fact: OrderFact, part: SplitPart, now: datetime) -> None:
    """Its order closed unpaid, or its money goes back. Of one that is ordered the others' goods
    and their shares of the delivery stay what they are; so of one whose time is over, though its
    job has not run: whoever goes first must not undo what was paid in time."""
    if part.state not in LIVE:
        return
    was_paid = part.state in GIVEN
    if was_paid:
        expire_split(session, split_id=part.split_id, now=now)
    if not give_up(session, part, ShareState.REFUNDED if was_paid else ShareState.RELEASED):
        return
    cause = SplitEnd.RETURNED if was_paid else SplitEnd.LEFT
    cause = SplitEnd.LAPSED if isinstance(fact, OrderExpired) else cause
    split = split_now(session, part.split_id)
    cause = _why(split, cause)
    if cause == SplitEnd.LAPSED:
        count_lapse(session, person_id=part.person_id, now=now)
    tell_lost(session, part, cause, was_paid=was_paid, now=now)
    if split.state == SplitState.OPEN:
        tell(session, SplitChanged, split, now=now)


def _why(split: SplitOrder, cause: SplitEnd) -> SplitEnd:
    """A part that ends because all of it did says so."""
    return SplitEnd(split.why) if split.why else cause


def expire_split(session: Session, *, split_id: str, now: datetime) -> bool:
    """Its time is over: it is ordered, or all money goes back. False: not yet, or not any more."""
    return decide(session, split_id, SplitOrder.expires_at <= now, now=now)


def close_part(session: Session, *, part_id: str, now: datetime) -> None:
    """Let go if it is unpaid; else its money goes back, once. `listen` gives it up."""
    part, order = _with_order_locked(session, part_id)
    if part.state == ShareState.HELD:
        cancel_order(session, order_id=order.id, person_id=None, now=now)
    elif part.state == ShareState.PAID:
        _send_back(session, part, now)


def settle_part(session: Session, *, part_id: str, now: datetime) -> None:
    """It is ordered: this part's goods are owed now, at its share of the delivery. One that is not
    paid is over."""
    part, order = _with_order_locked(session, part_id)
    if part.state == ShareState.PAID:
        share = _take_share(session, part)
        lower_shipping(session, order_id=order.id, to=share, now=now)
        settle_group_order(session, order_id=order.id, now=now)
    elif part.state == ShareState.HELD:
        cancel_order(session, order_id=order.id, person_id=None, now=now)


def _take_share(session: Session, part: SplitPart) -> Money:
    """The next one, once; never more than it was told."""
    if part.nth is None:
        mine = (SplitOrder.id == part.split_id, SplitOrder.settled < SplitOrder.final_people)
        if not change_split(session, *mine, settled=SplitOrder.settled + 1):
            raise WrongState("split_shares")  # more parts than had paid when it was decided
        part.nth = split_now(session, part.split_id).settled
        session.flush()
    split = split_now(session, part.split_id)
    fee = Money(split.final_fee_minor or 0, split.currency)
    return min(part.told, share_of(fee, split.final_people or 1, part.nth))


def _with_order_locked(session: Session, part_id: str) -> tuple[SplitPart, Order]:
    """Order before part, as payments do."""
    order = lock_order(session, order_id=session.get_one(SplitPart, part_id).order_id)
    return session.get_one(SplitPart, part_id, populate_existing=True), order


def _run_deadline(session: Session, job: Job, now: datetime) -> None:
    expire_split(session, split_id=job.args["split_id"], now=now)


def _run_close(session: Session, job: Job, now: datetime) -> None:
    close_part(session, part_id=job.args["part_id"], now=now)


def _run_settle(session: Session, job: Job, now: datetime) -> None:
    settle_part(session, part_id=job.args["part_id"], now=now)


JOBS: Mapping[str, JobRunner] = {
    DEADLINE: _run_deadline,
    CLOSE: _run_close,
    SETTLE: _run_settle,
}
