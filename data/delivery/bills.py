"""Messages that ask for one order's payment: found where they stand, to be changed."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.delivery.models import OutboxRow, OutboxState
from data.kernel.database import changed

_LOOKED_THROUGH = 50  # messages of a chat: a bill is paid within minutes of being sent, or hours


def bills_in(session: Session, *, chat_id: str, order_id: str) -> list[OutboxRow]:
    """Those that a messenger has by a name of its own; one that is not said yet is no bill."""
    newest = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.chat_id == chat_id)
        .order_by(OutboxRow.id.desc())
        .limit(_LOOKED_THROUGH)
    )
    return [row for row in newest if _stands(row) and _asks_for(row, order_id)]


def make_live(session: Session, row: OutboxRow) -> str | None:
    """The key by which a later message takes its place; None: one has already."""
    key = f"bill:{row.id}"
    made = session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == row.id, OutboxRow.coalesce_key.is_(None))
        .values(coalesce_key=key)
        .execution_options(synchronize_session=False)
    )
    return key if changed(made) else None


def _stands(row: OutboxRow) -> bool:
    return row.state == OutboxState.SENT and bool(row.external_id)


def _asks_for(row: OutboxRow, order_id: str) -> bool:
    return any(
        part.get("type") == "payment_link" and part.get("order_id") == order_id
        for part in row.segments
    )
