"""Where we are in a messenger's stream of news: moved only past what is stored."""

from datetime import datetime

from sqlalchemy import Update, delete, update
from sqlalchemy.orm import Session

from data.delivery.models import Cursor
from data.delivery.outbox import Account
from data.kernel.database import changed
from data.kernel.once import insert_once


def position(session: Session, *, account_id: str) -> str | None:
    """None: we never read there."""
    cursor = session.get(Cursor, account_id)
    return cursor.position if cursor else None


def move(session: Session, *, account: Account, to: str, now: datetime) -> None:
    moved = session.execute(_of(account).values(position=to, moved_at=now))
    if not changed(moved):
        _begin(session, account, to, now)


def advance(
    session: Session, *, account: Account, before: str | None, to: str, now: datetime
) -> bool:
    """From where we read; False: another process was here meanwhile, and knows better."""
    if before is None:
        return _begin(session, account, to, now)
    there = _of(account).where(Cursor.position == before)
    return bool(changed(session.execute(there.values(position=to, moved_at=now))))


def forget(session: Session, *, account: Account) -> None:
    """It reads elsewhere now: from the beginning."""
    session.execute(delete(Cursor).where(Cursor.account_id == account.id))


def _of(account: Account) -> Update:
    mine = update(Cursor).where(Cursor.account_id == account.id)
    return mine.execution_options(synchronize_session=False)


def _begin(session: Session, account: Account, to: str, now: datetime) -> bool:
    begun = insert_once(
        session,
        Cursor,
        account_id=account.id,
        merchant_id=account.merchant_id,
        position=to,
        moved_at=now,
    )
    return begun is not None
