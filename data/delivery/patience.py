"""A job that nobody can hear of yet is tried again: soon at first, then once a day, for a month."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.delivery.jobs import NewJob, enqueue

# Nobody waits for it but its person: soon when a chat of theirs is open again, and not for ever.
PATIENCE = timedelta(days=30)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(hours=1), timedelta(days=1)
_TRIES, SINCE = "unheard", "unheard_since"  # in the arguments of the job


def try_later(session: Session, job: NewJob, *, now: datetime) -> bool:
    """`args` and `key` of the job as of its first try or of the one that runs. False: it has
    waited long enough."""
    tries, since = job.args.get(_TRIES, 0), job.args.get(SINCE, now.isoformat())
    if now - datetime.fromisoformat(since) >= PATIENCE:
        return False
    again = replace(
        job,
        key=f"{job.key}:{tries}",
        run_at=now + min(_FIRST_PAUSE * 2**tries, _LONGEST_PAUSE),
        args={**job.args, _TRIES: tries + 1, SINCE: since},
    )
    enqueue(session, again, now=now)
    return True
