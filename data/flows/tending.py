"""When a shop's flows are gone through: what is idle ends, what nobody needs goes.

Daily while there are old versions, else when the first conversation can have become idle. The alarm
is set by every publish and by the round itself, so a shop with flows always has one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.delivery.jobs import NewJob, enqueue

TEND_FLOWS = "tend_flows"  # the job kind; args: merchant_id, after
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long: a version after it was live (the rollback window), and a flow that nobody goes on
    with. A month each (dialogs.md §3): what a person began in one month they finish or forget."""

    versions: timedelta = timedelta(days=30)
    idle: timedelta = timedelta(days=30)


def set_alarm(
    session: Session, *, merchant_id: str, at: datetime, now: datetime, after: str = ""
) -> None:
    """Once a day at most, however often this is asked for; a round that is not done goes on
    `after` the conversation where it stopped."""
    name = f"{now.isoformat()}:{after}" if after else at.date().isoformat()
    job = NewJob(
        lane=f"flows:{merchant_id}",
        kind=TEND_FLOWS,
        key=f"{TEND_FLOWS}:{merchant_id}:{name}",
        run_at=at,
        args={"merchant_id": merchant_id, "after": after},
        merchant_id=merchant_id,
    )
    enqueue(session, job, now=now)
