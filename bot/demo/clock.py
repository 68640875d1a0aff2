"""The demo's clock: it runs, it can be turned, and what falls due on the way is done in order."""

from datetime import datetime

from sqlalchemy import func, select

from bot.app import Tuanzi
from data import actions
from data.actions import ActionCall
from data.delivery import jobs
from data.delivery.models import Job
from data.kernel.clock import TurnableClock
from data.payments import calls_due
from data.payments.models import PaymentAttempt, Refund

_ROUNDS = 10_000  # a bound for what may fall due while the clock is turned once


def clock_of(tuanzi: Tuanzi) -> TurnableClock:
    """Only the demo has one."""
    if not isinstance(tuanzi.clock, TurnableClock):
        raise TypeError("clock_not_turnable")
    return tuanzi.clock


def pending(tuanzi: Tuanzi) -> int:
    """Work due at or before now that is still to be done."""
    now = tuanzi.clock.now()
    with tuanzi.database.reading() as session:
        return (
            jobs.pending(session, now=now)
            + calls_due(session, now=now)
            + actions.calls_due(session, now=now)
        )


async def turn(tuanzi: Tuanzi, *, to: datetime) -> datetime:
    """From one due moment to the next, so that each thing happens at its own time."""
    clock = clock_of(tuanzi)
    for _ in range(_ROUNDS):
        await settle(tuanzi)
        moment = _next_due(tuanzi, clock.now(), to)
        if moment is None:
            break
        clock.turn_to(max(moment, clock.now()))
    clock.turn_to(max(to, clock.now()))
    await settle(tuanzi)
    return clock.now()


async def settle(tuanzi: Tuanzi) -> None:
    """Do everything that is due now, jobs and provider calls, until nothing is left."""
    for _ in range(_ROUNDS):
        done = await tuanzi.worker.drain() + await tuanzi.cashier.drain()
        if not done + await tuanzi.caller.drain():
            return


def _next_due(tuanzi: Tuanzi, now: datetime, until: datetime) -> datetime | None:
    with tuanzi.database.reading() as session:
        moments = [
            session.scalar(
                select(func.min(Job.run_at)).where(
                    Job.state == "due", Job.run_at > now, Job.run_at <= until
                )
            ),
            *(
                session.scalar(
                    select(func.min(kind.call_at)).where(kind.call_at > now, kind.call_at <= until)
                )
                for kind in (PaymentAttempt, Refund)
            ),
            session.scalar(
                select(func.min(ActionCall.due_at)).where(
                    ActionCall.due_at > now, ActionCall.due_at <= until
                )
            ),
        ]
    due = [moment for moment in moments if moment is not None]
    return min(due, default=None)
