"""The inbox: an update is stored and committed before anybody is told it was received."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from data.delivery.models import InboxRow, InboxState
from data.kernel.database import table_of
from data.kernel.once import insert_once
from data.kernel.prepared import Prepared

# Compiled once, for every turn runs it (docs/adr/0011).
_MARK = Prepared(
    update(table_of(InboxRow))
    .where(InboxRow.id == bindparam("this"))
    .values(state=bindparam("to"), handled_at=bindparam("now"), reason=bindparam("why"))
)


def store(  # noqa: PLR0913  # what an update is, and whether it is done with
    session: Session,
    *,
    merchant_id: str,
    account_id: str,
    event_id: str,
    payload: dict[str, Any],
    now: datetime,
    handled: bool = False,
) -> int | None:
    """The new row's id, or None: this update was here before.

    `handled`: its effect commits in this same transaction.
    """
    row: int | None = insert_once(
        session,
        InboxRow,
        merchant_id=merchant_id,
        account_id=account_id,
        event_id=event_id,
        payload=payload,
        state=InboxState.HANDLED if handled else InboxState.RECEIVED,
        received_at=now,
        handled_at=now if handled else None,
    )
    return row


def find(session: Session, *, account_id: str, event_id: str) -> InboxRow | None:
    return session.scalar(
        select(InboxRow).where(InboxRow.account_id == account_id, InboxRow.event_id == event_id)
    )


def mark(
    session: Session, *, inbox_id: int, state: InboxState, now: datetime, reason: str = ""
) -> None:
    _MARK.run(session, this=inbox_id, to=state, now=now, why=reason[:200])


def forget(session: Session, *, inbox_id: int) -> None:
    """Keep that it came, not what it said: it was not said to us, or it was private."""
    session.execute(
        update(InboxRow)
        .where(InboxRow.id == inbox_id)
        .values(payload={})
        .execution_options(synchronize_session=False)
    )
