"""The answer that WeChat waits for on the line: the first message of the turn, taken from the
outbox where it lies. A call that comes again for the same update is told the same.

Who takes a message is decided by one conditional update, as between two couriers; what is left is
the courier's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.wechat import ON_THE_LINE
from bot.channels.wechat_parts import Part, parts_of, together
from bot.delivery.permission import why_not
from data.delivery import held_calls, sending
from data.delivery.messages import segment_from_json
from data.delivery.models import InboxRow, InboxState, OutboxRow, OutboxState
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.people import Chat

_LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say; None: this turn says nothing, or nothing here."""

    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """For one update. `pictures`: what does not fit into the answer may follow it; else as much
    as possible goes into that, as text."""

    database: Database
    clock: Clock
    inbox_id: int
    openid: str
    pictures: bool

    def find(self) -> Answer | None:
        """None: the turn is not over yet."""
        with self.database.reading() as session:
            if session.get_one(InboxRow, self.inbox_id).state == InboxState.RECEIVED:
                return None
            rows = self._rows(session)
        said = self._again(rows)
        if said is not None or not any(row.state == OutboxState.PENDING for row in rows):
            return said or Answer()
        with self.database.transaction() as session:
            return self._take(session, self.clock.now())

    def hang_up(self) -> None:
        with self.database.transaction() as session:
            held_calls.hang_up(session, inbox_id=self.inbox_id, now=self.clock.now())

    def _rows(self, session: Session) -> list[OutboxRow]:
        """In their own chat, in the order it was said: a turn may tell others something too."""
        return list(
            session.scalars(
                select(OutboxRow).where(OutboxRow.inbox_id == self.inbox_id).order_by(OutboxRow.id)
            )
        )

    def _parts(self, row: OutboxRow) -> tuple[Part, ...]:
        return parts_of(map(segment_from_json, row.segments), pictures=self.pictures)

    def _again(self, rows: Sequence[OutboxRow]) -> Answer | None:
        """What was answered before, if it was."""
        parts = [part for row in rows for part in self._parts(row)[: _said_here(row)]]
        return Answer(together(parts)[0]) if parts else None

    def _take(self, session: Session, now: datetime) -> Answer:
        """All that goes into one answer, row by row; the line is free then. Where another call for
        the same update was faster: what that one took."""
        rows = self._leasable(session, now)
        if not rows:
            return self._again(self._rows(session)) or Answer()
        parts = {row.id: self._parts(row) for row in rows}
        everything = [part for row in rows for part in parts[row.id]]
        part, room = together(everything) if everything else (None, 0)
        for row in rows:
            room = self._settle(session, row, parts[row.id], room, now)
        held_calls.hang_up(session, inbox_id=self.inbox_id, now=now)
        return Answer(part)

    def _leasable(self, session: Session, now: datetime) -> list[OutboxRow]:
        """Those that may still be said and that nobody else has; the courier notes the others."""
        found = []
        for row in self._rows(session):
            chat = session.get_one(Chat, row.chat_id)
            if row.state != OutboxState.PENDING or why_not(session, row, chat, now):
                continue
            if sending.lease(session, row=row, until=now + _LEASE, now=now):
                found.append(row)
        return found

    def _settle(
        self, session: Session, row: OutboxRow, parts: tuple[Part, ...], room: int, now: datetime
    ) -> int:
        """How much room is left in the answer after it."""
        names = (ON_THE_LINE,) * min(room, len(parts))
        if len(names) == len(parts):
            sending.settle(session, row_id=row.id, names=names, now=now)
        else:
            sending.hold_back(session, row_id=row.id, until=now, reason="", names=names)
        return room - len(names)


def _said_here(row: OutboxRow) -> int:
    """How many parts of it were the answer."""
    return sending.names_of(row).count(ON_THE_LINE)
