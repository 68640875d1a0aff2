"""A raw update of a messenger into the inbox, with the job that will answer it: one transaction.

Whoever brought it (a webhook, a polling loop) may say `received` once this is committed.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data.delivery import inbox, jobs
from data.delivery.masking import mask_cards
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.errors import TooOften
from data.merchants import ChannelAccount

TURN = "turn"  # the job kind; args: inbox_id
BACKLOG = 200  # updates of one chat still to be answered; past that 429 (T03)


def store_update(
    database: Database,
    clock: Clock,
    *,
    account: ChannelAccount,
    event_id: str,
    chat: str,
    payload: dict[str, Any],
) -> bool:
    """False: it was here before, and nothing happens twice (T02)."""
    with database.transaction() as session:
        stored = store_in(
            session,
            account=account,
            event_id=event_id,
            chat=chat,
            payload=payload,
            now=clock.now(),
        )
    return stored is not None


def store_in(
    session: Session,
    *,
    account: ChannelAccount,
    event_id: str,
    chat: str,
    payload: dict[str, Any],
    now: datetime,
) -> int | None:
    """The same for whoever notes more in that transaction: the inbox row's id, or None."""
    lane = f"chat:{account.id}:{chat}"
    inbox_id = inbox.store(
        session,
        merchant_id=account.merchant_id,
        account_id=account.id,
        event_id=event_id,
        payload=mask_cards(payload),
        now=now,
    )
    if inbox_id is None:
        return None
    _refuse_flood(session, lane)
    job = jobs.NewJob(
        lane=lane,
        kind=TURN,
        key=f"{TURN}:{inbox_id}",
        run_at=now,
        args={"inbox_id": inbox_id},
        merchant_id=account.merchant_id,
    )
    jobs.enqueue(session, job, now=now)
    return inbox_id


def _refuse_flood(session: Session, lane: str) -> None:
    if jobs.backlog(session, lane=lane) >= BACKLOG:
        raise TooOften("chat")
