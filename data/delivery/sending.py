"""The way out of the outbox, as a courier walks it: what is due, a lease, how it ended.

A live message may be edited once in a while only: while its newest state waits for that (`PAUSED`),
other messages of the chat pass it, for it changes in place and not at the end of the chat.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from data.delivery.models import OutboxRow, OutboxState
from data.kernel.database import changed

PAUSED = "paused"
_WAITING = (OutboxState.PENDING, OutboxState.SENDING)
_ROOM = 128  # of OutboxRow.external_id


def due(
    session: Session, *, account_ids: Collection[str], now: datetime, limit: int = 50
) -> list[OutboxRow]:
    """Messages ready to leave by these accounts, at most the oldest of each chat: order is kept."""
    heads = (
        select(func.min(OutboxRow.id))
        .where(
            OutboxRow.state.in_(_WAITING),
            OutboxRow.account_id.in_(account_ids),
            or_(OutboxRow.error != PAUSED, OutboxRow.due_at <= now),
        )
        .group_by(OutboxRow.chat_id)
    )
    return list(
        session.scalars(
            select(OutboxRow)
            .where(OutboxRow.id.in_(heads), OutboxRow.due_at <= now)
            .order_by(OutboxRow.id)
            .limit(limit)
        )
    )


def lease(session: Session, *, row: OutboxRow, until: datetime, now: datetime) -> bool:
    """Take a message for sending; False when another courier has it."""
    return bool(
        changed(
            session.execute(
                update(OutboxRow)
                .where(
                    OutboxRow.id == row.id,
                    OutboxRow.due_at <= now,
                    OutboxRow.state.in_(_WAITING),
                )
                .values(state=OutboxState.SENDING, due_at=until, attempts=OutboxRow.attempts + 1)
                .execution_options(synchronize_session=False)
            )
        )
    )


def note_parts(session: Session, *, row_id: int, names: Sequence[str]) -> None:
    """Parts of it arrived: whoever has to try again goes on from there."""
    _finish(session, row_id, external_id=_kept(names))


def settle(session: Session, *, row_id: int, names: Sequence[str], now: datetime) -> None:
    """It arrived; `names` are what the messenger calls its parts, for later edits."""
    _finish(
        session, row_id, state=OutboxState.SENT, sent_at=now, error="", external_id=_kept(names)
    )


def postpone(
    session: Session, *, row_id: int, until: datetime, error: str, names: Sequence[str] = ()
) -> None:
    """Not now: the messenger failed. `names` are the parts that arrived; noted ones stay noted."""
    if names:
        note_parts(session, row_id=row_id, names=names)
    _finish(session, row_id, state=OutboxState.PENDING, due_at=until, error=error[:200])


def hold_back(
    session: Session, *, row_id: int, until: datetime, reason: str, names: Sequence[str] = ()
) -> None:
    """Not now: too fast. That was no try, so it does not count as one."""
    postpone(session, row_id=row_id, until=until, error=reason, names=names)
    _finish(session, row_id, attempts=OutboxRow.attempts - 1)


def give_up(session: Session, *, row_id: int, state: OutboxState, reason: str) -> None:
    """It will not leave: `skipped` by our own rule, or `failed` for good (a dead letter)."""
    _finish(session, row_id, state=state, error=reason[:200])


def names_of(row: OutboxRow) -> tuple[str, ...]:
    """The parts of a message that arrived."""
    return tuple((row.external_id or "").split())


def live_message(session: Session, row: OutboxRow) -> tuple[str, ...]:
    """The parts of the message that this one edits, if one with its key has arrived already."""
    if row.coalesce_key is None:
        return ()
    found = session.scalar(
        select(OutboxRow)
        .where(
            OutboxRow.chat_id == row.chat_id,
            OutboxRow.coalesce_key == row.coalesce_key,
            OutboxRow.state == OutboxState.SENT,
            OutboxRow.external_id.is_not(None),
        )
        .order_by(OutboxRow.id.desc())
        .limit(1)
    )
    return names_of(found) if found else ()


def superseded(session: Session, row: OutboxRow) -> bool:
    """A newer state of the same live message waits: this one need not be shown."""
    if row.coalesce_key is None:
        return False
    newer = select(OutboxRow.id).where(
        OutboxRow.chat_id == row.chat_id,
        OutboxRow.coalesce_key == row.coalesce_key,
        OutboxRow.id > row.id,
    )
    return session.scalar(newer.limit(1)) is not None


def _kept(names: Sequence[str]) -> str | None:
    """As many as there is room for; a message of more than ten parts is nobody's live card."""
    kept = ""
    for name in names:
        longer = f"{kept} {name}".strip()
        if len(longer) > _ROOM:
            break
        kept = longer
    return kept or None


def _finish(session: Session, row_id: int, **values: object) -> None:
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == row_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
