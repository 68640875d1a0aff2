"""Durable jobs in ordered lanes: enqueued in the caller's transaction, run once, never lost.

Lane first, job second: the upsert locks the lane row, so two producers cannot commit their jobs
in another order than their ids.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from data.delivery.models import Job, Lane
from data.kernel.once import insert_once

MAX_ATTEMPTS = 8
_FIRST_RETRY = timedelta(seconds=1)

JobRunner = Callable[[Session, Job, datetime], None]


@dataclass(frozen=True, slots=True)
class NewJob:
    lane: str
    kind: str
    key: str
    run_at: datetime
    args: dict[str, Any]
    merchant_id: str | None = None


def _insert(session: Session) -> Any:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite_insert if on_sqlite else postgresql_insert


def enqueue(session: Session, job: NewJob, *, now: datetime) -> bool:
    """Add the job unless its key exists. False: somebody did that before."""
    insert = _insert(session)
    earliest = func.min if insert is sqlite_insert else func.least
    session.execute(
        insert(Lane)
        .values(lane=job.lane, due=job.run_at)
        .on_conflict_do_update(
            index_elements=[Lane.lane],
            set_={"due": earliest(func.coalesce(Lane.due, job.run_at), job.run_at)},
        )
    )
    added = insert_once(
        session,
        Job,
        lane=job.lane,
        kind=job.kind,
        args=job.args,
        key=job.key,
        run_at=job.run_at,
        merchant_id=job.merchant_id,
        created_at=now,
        attempts=0,
        state="due",
        error="",
    )
    return added is not None


def cancel(session: Session, *, key: str) -> None:
    """Forget a job that is still due; one that ran stays as it is."""
    session.execute(update(Job).where(Job.key == key, Job.state == "due").values(state="done"))


def due_lanes(session: Session, *, now: datetime, limit: int = 50) -> list[str]:
    """Lanes with work due, the longest waiting first."""
    rows = session.scalars(select(Lane.lane).where(Lane.due <= now).order_by(Lane.due).limit(limit))
    return list(rows)


def claim(session: Session, *, lane: str, now: datetime) -> Job | None:
    """Lock a lane and take its next due job, or put the lane to rest until its next one."""
    locked = session.scalar(
        select(Lane).where(Lane.lane == lane, Lane.due <= now).with_for_update(skip_locked=True)
    )
    if locked is None:
        return None
    job = session.scalar(
        select(Job)
        .where(Job.lane == lane, Job.state == "due", Job.run_at <= now)
        .order_by(Job.id)
        .limit(1)
    )
    if job is None:
        rest(session, lane=lane)
    return job


def finish(session: Session, *, job_id: int, now: datetime) -> bool:
    """Mark the job done in the transaction of its effect; False: somebody else did it."""
    job = session.get(Job, job_id, with_for_update=True)
    if job is None or job.state != "due" or job.run_at > now:
        return False
    job.state = "done"
    rest(session, lane=job.lane)
    return True


def hold(session: Session, *, job_id: int, held_for: str, until: datetime) -> None:
    """Put back a job that is being done: what it needs is not there yet. Later jobs of its lane go
    on; `release` calls it back to its old place, and `until` does if nobody else."""
    job = session.get_one(Job, job_id)
    job.state, job.held_for, job.run_at = "due", held_for, until
    rest(session, lane=job.lane)


def lock_held(session: Session, *, held_for: str) -> None:
    """Lock the lanes of what is held for this, before anything that their workers wait for."""
    held = select(Job.lane).where(Job.held_for == held_for, Job.state == "due")
    locked = select(Lane.lane).where(Lane.lane.in_(held)).order_by(Lane.lane).with_for_update()
    session.execute(locked)


def release(session: Session, *, held_for: str, now: datetime) -> None:
    """All that was held for this is due again, in the order in which it came."""
    lanes = session.scalars(
        update(Job)
        .where(Job.held_for == held_for, Job.state == "due")
        .values(held_for=None, run_at=now)
        .returning(Job.lane)
        .execution_options(synchronize_session=False)
    )
    for lane in sorted(set(lanes)):
        rest(session, lane=lane)


def rest(session: Session, *, lane: str) -> None:
    """Set the lane's wake-up to its next job, or to never."""
    session.flush()
    upcoming = select(func.min(Job.run_at)).where(Job.lane == lane, Job.state == "due")
    session.execute(update(Lane).where(Lane.lane == lane).values(due=upcoming.scalar_subquery()))


def fail(session: Session, *, job_id: int, error: str, now: datetime) -> None:
    """Count a failed try: the whole lane backs off, so that nothing overtakes; then dead-letter."""
    job = session.get_one(Job, job_id)
    job.attempts += 1
    job.error = error[:200]
    if job.attempts >= MAX_ATTEMPTS:
        job.state = "dead"
        rest(session, lane=job.lane)
        return
    job.run_at = now + _FIRST_RETRY * 2 ** (job.attempts - 1)
    session.execute(update(Lane).where(Lane.lane == job.lane).values(due=job.run_at))


def backlog(session: Session, *, lane: str) -> int:
    """Jobs of one lane that are still to be done."""
    waiting = select(func.count()).select_from(Job).where(Job.lane == lane, Job.state == "due")
    return session.scalar(waiting) or 0


def pending(session: Session, *, now: datetime) -> int:
    """Jobs due at or before now."""
    count = session.scalar(
        select(func.count()).select_from(Job).where(Job.state == "due", Job.run_at <= now)
    )
    return count or 0
