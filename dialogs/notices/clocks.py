"""The time on a live card: it is told anew as less of it is left, and not only when somebody joins.

The card changes where it stands. A messenger that can change nothing is told none of this: it is no
milestone (bot/delivery/courier.py).
"""

from datetime import datetime, timedelta

from data.delivery.jobs import NewJob, enqueue
from dialogs.notices.herald import Herald

CARD_CLOCK = "card_clock"  # the job kind; args: noun, id
# With so much left it is told anew: a dozen edits at most, however long it runs (our decision).
_MARKS = (
    *(timedelta(days=days) for days in (7, 3, 2, 1)),
    *(timedelta(hours=hours) for hours in (12, 6, 3, 2, 1)),
    *(timedelta(minutes=minutes) for minutes in (30, 10)),
)
_BEFORE = timedelta(seconds=30)  # so that "6 hours" is read, and not "5 hours 59 minutes"


def wind(herald: Herald, noun: str, id: str, *, ends_at: datetime) -> None:
    """Come back to the card of this when the next mark is reached; after the last there is none."""
    coming = (ends_at - mark - _BEFORE for mark in _MARKS)
    at = next((moment for moment in coming if moment > herald.now), None)
    if at is None:
        return
    job = NewJob(
        lane=f"{CARD_CLOCK}:{id}",
        kind=CARD_CLOCK,
        key=f"{CARD_CLOCK}:{id}:{at.isoformat()}",
        run_at=at,
        args={"noun": noun, "id": id},
        merchant_id=herald.merchant_id,
    )
    enqueue(herald.session, job, now=herald.now)
