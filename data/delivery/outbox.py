"""The outbox: what is to be said commits with the turn that says it; sending.py takes it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data.delivery.messages import OutboundMessage, segment_from_json, segment_to_json
from data.delivery.models import OutboxRow, OutboxState
from data.kernel.database import table_of
from data.kernel.prepared import Prepared

# Their readers come and fetch: a row that is committed is delivered.
PULL_CHANNELS = frozenset({"rest", "web"})
# Here we may open a private chat, with those who asked for something in a group.
INVITING_CHANNELS = frozenset({"matrix"})
_SAID_AT_ONCE = 40  # messages: the longest turn is a list of ideas, far shorter
_LOOKED_THROUGH = 200  # messages: what a lively group hears in an hour
_POST = Prepared(
    table_of(OutboxRow).insert(),
    tuple(column.key for column in table_of(OutboxRow).c if column.key != "id"),
)


class Account(Protocol):
    """The door a message leaves by; data.merchants has the rows."""

    @property
    def id(self) -> str: ...
    @property
    def merchant_id(self) -> str: ...
    @property
    def channel(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, its chat, and whom it answers: only they may press its buttons; None: anybody."""

    chat_id: str
    message: OutboundMessage
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What made us say it; `key` makes the messages of one cause unique."""

    key: str
    conversation_id: str | None = None
    inbox_id: int | None = None


def post(
    session: Session,
    letters: Sequence[Letter],
    *,
    account: Account,
    origin: Origin,
    now: datetime,
) -> None:
    """Add messages in the order they are said."""
    if not letters:
        return
    pulled = account.channel in PULL_CHANNELS
    _POST.run_each(
        session,
        [
            {
                "key": f"{origin.key}:{number}",
                "chat_id": letter.chat_id,
                "person_id": letter.person_id,
                "purpose": letter.message.purpose,
                "segments": [segment_to_json(segment) for segment in letter.message.segments],
                "reply_to": letter.message.reply_to,
                "coalesce_key": letter.message.coalesce_key,
                "response": letter.message.response,
                "not_after": letter.message.not_after,
            }
            for number, letter in enumerate(letters)
        ],
        merchant_id=account.merchant_id,
        account_id=account.id,
        conversation_id=origin.conversation_id,
        inbox_id=origin.inbox_id,
        state=OutboxState.SENT if pulled else OutboxState.PENDING,
        due_at=now,
        attempts=0,
        error="",
        created_at=now,
        sent_at=now if pulled else None,
        external_id=None,
    )


def since(
    session: Session, *, chat_ids: Sequence[str], after: int, limit: int = 100
) -> list[OutboxRow]:
    """Everything sent to these chats after a cursor, proactive messages included."""
    return list(
        session.scalars(
            select(OutboxRow)
            .where(
                OutboxRow.chat_id.in_(chat_ids),
                OutboxRow.id > after,
                OutboxRow.state == OutboxState.SENT,
            )
            .order_by(OutboxRow.id)
            .limit(limit)
        )
    )


def told_everybody(session: Session, *, chat_id: str, since: datetime) -> int:
    """How often this chat was told something as a whole since then; a live card is no telling."""
    newest = session.execute(
        select(OutboxRow.person_id, OutboxRow.coalesce_key, OutboxRow.created_at)
        .where(OutboxRow.chat_id == chat_id)
        .order_by(OutboxRow.id.desc())
        .limit(_LOOKED_THROUGH)
    )
    return sum(
        row.person_id is None and row.coalesce_key is None and row.created_at > since
        for row in newest
    )


def last_said(session: Session, *, chat_id: str, person_id: str) -> list[OutboundMessage]:
    """The messages of the last thing that this person was told here, by a turn or by the shop on
    its own; a live card is no telling. Their buttons' payloads are the tokens of that time."""
    newest = session.scalars(
        select(OutboxRow)
        .where(
            OutboxRow.chat_id == chat_id,
            or_(OutboxRow.person_id == person_id, OutboxRow.person_id.is_(None)),
            OutboxRow.coalesce_key.is_(None),
            OutboxRow.state.not_in((OutboxState.FAILED, OutboxState.SKIPPED)),
        )
        .order_by(OutboxRow.id.desc())
        .limit(_SAID_AT_ONCE)
    ).all()
    together = [row for row in newest if _occasion(row) == _occasion(newest[0])]
    return [
        OutboundMessage(tuple(map(segment_from_json, row.segments)), response=row.response)
        for row in reversed(together)
    ]


def _occasion(row: OutboxRow) -> str | int:
    """What one turn says belongs together, and so does what one other cause makes us say."""
    return row.inbox_id or row.key.rpartition(":")[0]
