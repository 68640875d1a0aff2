"""Durable jobs in ordered lanes: enqueued in the caller's transaction, run once, never lost.

Lane first, job second: the upsert locks the lane row, so two producers cannot commit their jobs
in another order than their ids.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from data.delivery.models import Job, Lane
from data.kernel.database import table_of
from data.kernel.entities import Entities
from data.kernel.errors import NotFound
from data.kernel.once import insert_once
from data.kernel.prepared import Prepared

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


# What every job runs is compiled once (docs/adr/0011).
_LANES, _JOBS = table_of(Lane), table_of(Job)
_LANE: BindParameter[str] = bindparam("lane")
_NOW: BindParameter[datetime] = bindparam("now")
_THIS: BindParameter[int] = bindparam("this")
_OPEN = (_JOBS.c.lane == _LANE, _JOBS.c.state == "due")
_LANE_IS_DUE = (_LANES.c.lane == _LANE, _LANES.c.due <= _NOW)

_LOCK = Prepared(select(_LANES.c.lane).where(_LANES.c.lane == _LANE).with_for_update())
_CLAIM = Prepared(select(_LANES.c.lane).where(*_LANE_IS_DUE).with_for_update(skip_locked=True))
_IS_DUE = Prepared(select(_LANES.c.lane).where(*_LANE_IS_DUE))
_NEXT = Entities(
    select(Job)
    .join(Lane, Lane.lane == Job.lane)
    .where(Job.lane == _LANE, Job.state == "due", Job.run_at <= _NOW, Lane.due <= _NOW)
    .order_by(Job.id)
    .limit(1)
)
_FINISH = Prepared(
    update(_JOBS)
    .where(_JOBS.c.id == _THIS, _JOBS.c.state == "due", _JOBS.c.run_at <= _NOW)
    .values(state="done")
    .returning(_JOBS.c.lane)
)
_LANE_OF = Prepared(select(_JOBS.c.lane).where(_JOBS.c.id == _THIS))
_REST = Prepared(
    update(_LANES)
    .where(_LANES.c.lane == _LANE)
    .values(due=select(func.min(_JOBS.c.run_at)).where(*_OPEN).scalar_subquery())
)
_BACK_OFF = Prepared(update(_LANES).where(_LANES.c.lane == _LANE).values(due=_NOW))
_BACKLOG = Prepared(select(func.count()).select_from(_JOBS).where(*_OPEN))
_DUE = Prepared(
    select(_LANES.c.lane)
    .where(_LANES.c.due <= _NOW)
    .order_by(_LANES.c.due)
    .limit(bindparam("limit"))
)


@cache
def _wake(dialect_name: str) -> Prepared:
    """Makes the lane, or has it wake up earlier."""
    on_sqlite = dialect_name == "sqlite"
    insert = sqlite_insert if on_sqlite else postgresql_insert
    earliest = func.min if on_sqlite else func.least
    new = insert(_LANES)
    due = new.excluded.due
    sooner = earliest(func.coalesce(_LANES.c.due, due), due)
    return Prepared(
        new.on_conflict_do_update(index_elements=[_LANES.c.lane], set_={"due": sooner}),
        ("lane", "due"),
    )


def enqueue(session: Session, job: NewJob, *, now: datetime) -> bool:
    """Add the job unless its key exists. False: somebody did that before."""
    _wake(session.get_bind().dialect.name).run(session, lane=job.lane, due=job.run_at)
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


def enqueue_once(
    session: Session,
    kind: str,
    args: dict[str, Any],
    *,
    merchant_id: str,
    now: datetime,
    at: datetime | None = None,
) -> bool:
    """A job of this kind for what `args` name, in a lane of its own, once and for all."""
    name = ":".join((kind, *map(str, args.values())))
    job = NewJob(
        lane=name, kind=kind, key=name, run_at=at or now, args=args, merchant_id=merchant_id
    )
    return enqueue(session, job, now=now)


def cancel(session: Session, *, key: str) -> None:
    """Forget a job that is still due; one that ran stays as it is."""
    session.execute(update(Job).where(Job.key == key, Job.state == "due").values(state="done"))


def cancel_in(session: Session, *, lane: str, begins: str) -> None:
    """The same of all in this lane whose keys begin so, however often they were put off."""
    mine = (Job.lane == lane, Job.key.startswith(begins, autoescape=True), Job.state == "due")
    session.execute(
        update(Job).where(*mine).values(state="done").execution_options(synchronize_session=False)
    )


def due_lanes(session: Session, *, now: datetime, limit: int = 50) -> list[str]:
    """Lanes with work due, the longest waiting first."""
    return [lane for (lane,) in _DUE.rows(session, now=now, limit=limit)]


def lock(session: Session, *, lane: str) -> None:
    """Nobody else runs or adds this lane's jobs until we commit."""
    _LOCK.run(session, lane=lane)


def claim(session: Session, *, lane: str, now: datetime) -> Job | None:
    """Lock a lane and take its next due job, or put the lane to rest until its next one."""
    if not _CLAIM.rows(session, lane=lane, now=now):
        return None
    found = _NEXT.first(session, lane=lane, now=now)
    if found is None:
        rest(session, lane=lane)
        return None
    job: Job = found[0]
    return job


def peek(session: Session, *, lane: str, now: datetime) -> tuple[bool, Job | None]:
    """Whether the lane is due, and its next job, by a look that locks nothing: mostly that is all
    there is to know, for `finish` decides who did it."""
    found = _NEXT.first(session, lane=lane, now=now)
    if found is not None:
        return True, found[0]
    return _IS_DUE.scalar(session, lane=lane, now=now) is not None, None


def finish(session: Session, *, job_id: int, now: datetime) -> bool:
    """Mark the job done in the transaction of its effect; False: somebody else did it."""
    lane = _FINISH.scalar(session, this=job_id, now=now)
    if lane is None:
        return False
    rest(session, lane=lane)
    return True


def hold(session: Session, *, job_id: int, held_for: str, until: datetime) -> None:
    """Put back a job that is being done: what it needs is not there yet. Later jobs of its lane go
    on; `release` calls it back to its old place, and `until` does if nobody else."""
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(state="due", held_for=held_for, run_at=until)
        .execution_options(synchronize_session=False)
    )
    rest(session, lane=_LANE_OF.scalar(session, this=job_id))


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


def hasten(session: Session, *, lane: str, kind: str, now: datetime) -> None:
    """What of this kind waits in the lane for a later moment is due now, in its old order."""
    lock(session, lane=lane)
    session.execute(
        update(Job)
        .where(Job.lane == lane, Job.kind == kind, Job.state == "due", Job.run_at > now)
        .values(run_at=now)
        .execution_options(synchronize_session=False)
    )
    rest(session, lane=lane)


def rest(session: Session, *, lane: str) -> None:
    """Set the lane's wake-up to its next job, or to never.

    On PostgreSQL an UPDATE that waits for the lane counts the jobs of before it waited: the one
    that somebody enqueued meanwhile would sleep for ever. So the lane is waited for first.
    """
    if session.get_bind().dialect.name != "sqlite":
        lock(session, lane=lane)
    _REST.run(session, lane=lane)


def fail(session: Session, *, job_id: int, error: str, now: datetime) -> None:
    """Count a failed try: the whole lane backs off, so that nothing overtakes; then dead-letter."""
    job = session.get_one(Job, job_id)
    _count_try(job, error, now)
    if job.state == "dead":
        rest(session, lane=job.lane)
    else:
        _BACK_OFF.run(session, lane=job.lane, now=job.run_at)


def broke_outside(session: Session, new: NewJob, *, error: str, now: datetime) -> None:
    """Count a failed try of what this job begins and others do, with no transaction open: it is
    due again after a pause, and dead in the end. The rest of its lane goes on."""
    enqueue(session, new, now=now)
    job = session.scalars(select(Job).where(Job.key == new.key)).one()
    session.refresh(job)
    job.state = "due"
    _count_try(job, error, now)
    session.flush()
    rest(session, lane=job.lane)


def _count_try(job: Job, error: str, now: datetime) -> None:
    job.attempts += 1
    job.error = error[:200]
    if job.attempts >= MAX_ATTEMPTS:
        job.state = "dead"
    else:
        job.run_at = now + _FIRST_RETRY * 2 ** (job.attempts - 1)


def run_again(
    session: Session, *, merchant_id: str, job_id: int, kinds: Collection[str], now: datetime
) -> None:
    """A job of a shop that failed every try has them all anew, in its old place in its lane.
    NotFound: none of these kinds is dead under this id."""
    dead = (Job.id == job_id, Job.merchant_id == merchant_id, Job.kind.in_(kinds))
    lane = session.scalar(select(Job.lane).where(*dead, Job.state == "dead"))
    if lane is None:
        raise NotFound("job")
    lock(session, lane=lane)
    session.execute(
        update(Job)
        .where(*dead, Job.state == "dead")
        .values(state="due", attempts=0, error="", run_at=now)
        .execution_options(synchronize_session=False)
    )
    rest(session, lane=lane)


def backlog(session: Session, *, lane: str) -> int:
    """Jobs of one lane that are still to be done."""
    return int(_BACKLOG.scalar(session, lane=lane))


def pending(session: Session, *, now: datetime) -> int:
    """Jobs due at or before now."""
    count = session.scalar(
        select(func.count()).select_from(Job).where(Job.state == "due", Job.run_at <= now)
    )
    return count or 0
