"""The way out of the outbox, as a courier walks it: what is due, a lease, how it ended.

A live message may be edited once in a while only: while its newest state waits for that (`PAUSED`),
other messages of the chat pass it, for it changes in place and not at the end of the chat. They
also pass what may be said only when quiet hours are over.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from data.delivery.held_calls import held
from data.delivery.messages import Purpose
from data.delivery.models import OutboxRow, OutboxState
from data.kernel.database import table_of
from data.kernel.prepared import Prepared

PAUSED = "paused"
_WAITING = (OutboxState.PENDING, OutboxState.SENDING)
# What every message runs is compiled once (docs/adr/0011).
_LEASE = Prepared(
    update(table_of(OutboxRow))
    .where(
        OutboxRow.id == bindparam("this"),
        OutboxRow.due_at <= bindparam("now"),
        or_(OutboxRow.state == OutboxState.PENDING, OutboxRow.state == OutboxState.SENDING),
    )
    .values(state=OutboxState.SENDING, due_at=bindparam("until"), attempts=OutboxRow.attempts + 1)
)
_SETTLE = Prepared(
    update(table_of(OutboxRow))
    .where(OutboxRow.id == bindparam("this"))
    .values(
        state=OutboxState.SENT, sent_at=bindparam("now"), error="", external_id=bindparam("names")
    )
)
_ROOM = 128  # of OutboxRow.external_id


def due(
    session: Session, *, account_ids: Collection[str], now: datetime, limit: int = 50
) -> list[OutboxRow]:
    """Messages ready to leave by these accounts, at most the oldest of each chat: order is kept.
    What a messenger waits for on the line is taken there."""
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
            .where(or_(OutboxRow.inbox_id.is_(None), OutboxRow.inbox_id.not_in(held(now))))
            .order_by(OutboxRow.id)
            .limit(limit)
        )
    )


def lease(session: Session, *, row: OutboxRow, until: datetime, now: datetime) -> bool:
    """Take a message for sending; False when another courier has it."""
    return bool(_LEASE.run(session, this=row.id, until=until, now=now))


def note_parts(session: Session, *, row_id: int, names: Sequence[str]) -> None:
    """Parts of it arrived: whoever has to try again goes on from there."""
    _finish(session, row_id, external_id=_kept(names))


def settle(session: Session, *, row_id: int, names: Sequence[str], now: datetime) -> None:
    """It arrived; `names` are what the messenger calls its parts, for later edits."""
    _SETTLE.run(session, this=row_id, now=now, names=_kept(names))


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


def withhold_replies(
    session: Session, *, chat_id: str, conversation_id: str, now: datetime
) -> None:
    """A person takes over: what the bot had thought before, and what has not left, is not said any
    more, not after that person either. What is under way may arrive, but is not tried again."""
    queued = (
        OutboxRow.chat_id == chat_id,
        OutboxRow.conversation_id == conversation_id,
        OutboxRow.purpose == Purpose.REPLY,
    )
    for state, values in (
        (OutboxState.PENDING, {"state": OutboxState.SKIPPED, "error": "with_a_person"}),
        (OutboxState.SENDING, {"not_after": now}),  # leased in this moment: this comes second
    ):
        session.execute(
            update(OutboxRow)
            .where(*queued, OutboxRow.state == state)
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def names_of(row: OutboxRow) -> tuple[str, ...]:
    """The parts of a message that arrived."""
    return tuple((row.external_id or "").split())


def live_message(session: Session, row: OutboxRow) -> OutboxRow | None:
    """The message that this one takes the place of, if one with its key has arrived already."""
    if row.coalesce_key is None:
        return None
    return session.scalar(
        select(OutboxRow)
        .where(
            OutboxRow.chat_id == row.chat_id,
            OutboxRow.coalesce_key == row.coalesce_key,
            OutboxRow.state == OutboxState.SENT,
        )
        .order_by(OutboxRow.id.desc())
        .limit(1)
    )


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
