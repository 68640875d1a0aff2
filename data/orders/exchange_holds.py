"""What is wanted instead of goods on their way back: held from the shop's yes on, not for ever."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import hold_all, release_hold
from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.kernel.errors import OutOfStock
from data.orders.return_models import Exchange, Return, ReturnLine, ReturnState
from data.orders.return_terms import RETURN_DAYS
from data.orders.states import lane_of, lock_order

# As long as the law gives a buyer to send goods off (2011/83/EU, article 14).
TO_ARRIVE = timedelta(days=RETURN_DAYS)
OVER = "exchange_hold_over"


def exchange_of(session: Session, asked: Return) -> Exchange | None:
    """What is wanted instead, as long as it may still come of it."""
    found = session.get(Exchange, asked.id, populate_existing=True)
    return None if found is None or found.fell_through else found


def hold_other(session: Session, asked: Return, now: datetime) -> None:
    """Of a return that was agreed to, its order locked. Gone: it is a return like any other."""
    wanted = exchange_of(session, asked)
    if wanted is None:
        return
    line = session.scalars(select(ReturnLine).where(ReturnLine.return_id == asked.id)).one()
    units, until = {wanted.variant_id: line.quantity}, now + TO_ARRIVE
    try:
        hold_all(session, units=units, owner_ref=asked.id, expires_at=until, now=now)
    except OutOfStock:
        wanted.fell_through = True
        session.flush()
    else:
        _let_go_later(session, asked, until, now)


def _let_go_later(session: Session, asked: Return, at: datetime, now: datetime) -> None:
    job = NewJob(
        lane=lane_of(asked.order_id),
        kind=OVER,
        key=f"{OVER}:{asked.id}",
        run_at=at,
        args={"return_id": asked.id},
        merchant_id=asked.merchant_id,
    )
    enqueue(session, job, now=now)


def _run_over(session: Session, job: Job, now: datetime) -> None:
    """Not sent back in time: others may buy it. What comes later gets what is there then."""
    asked = session.get_one(Return, job.args["return_id"])
    lock_order(session, order_id=asked.order_id)
    session.refresh(asked)
    if asked.state == ReturnState.APPROVED:
        release_hold(session, owner_ref=asked.id, now=now)


JOBS: dict[str, JobRunner] = {OVER: _run_over}
