"""How messages ended, written down: many that end at the same time are one transaction.

Each commit waits for the disk, and writers of SQLite come one by one; what is written alone by each
message costs more than sending it.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.channels.adapter import (
    Migrated,
    NotAllowed,
    Rejected,
    Throttled,
    Undeliverable,
    Unreachable,
)
from bot.delivery.another_chat import AnotherChat
from bot.delivery.unheard import keep_shut_out
from bot.delivery.voting import Names, ShownAs
from data.conversations.moving import move_chat
from data.conversations.votes import note_cards
from data.delivery import sending
from data.delivery.models import OutboxRow, OutboxState
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.merchants import ChannelAccount
from data.people import Answer, Chat
from data.people.membership import set_reachable

log = logging.getLogger(__name__)
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=2), timedelta(minutes=1)
_AFTER_MOVE = timedelta(seconds=1)
# A messenger may be down for hours and nothing is lost; a mistake of ours does not mend itself.
_TRIES_FOR = timedelta(days=1)
_TRIES_OF_OURS = 3


@dataclass(frozen=True, slots=True)
class Arrived:
    """The messenger's names of its parts; those of a group that show a product, and which."""

    names: Names
    cards: ShownAs = ()


Ended = tuple[OutboxRow, Arrived | Exception]


class Outcomes:
    """`another_chat`: who takes up what one messenger does not let us say."""

    def __init__(
        self, database: Database, clock: Clock, another_chat: AnotherChat | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._another_chat = another_chat
        self._ended: list[Ended] = []
        self._writing = asyncio.Lock()

    async def note(self, row: OutboxRow, outcome: Arrived | Exception) -> None:
        """Written when it returns, by us or by who wrote what was ready with theirs."""
        self._ended.append((row, outcome))
        async with self._writing:
            ended, self._ended = self._ended, []
            if ended:
                await asyncio.to_thread(self._write, ended)

    def _write(self, ended: Sequence[Ended]) -> None:
        """Together; where that fails each alone, so that one of them harms no other."""
        try:
            self._write_together(ended)
        except Exception:
            if len(ended) == 1:
                raise
            for one in ended:
                self._write_alone(one)

    def _write_alone(self, ended: Ended) -> None:
        try:
            self._write_together([ended])
        except Exception:
            log.exception("outbox %s", ended[0].id)

    def _write_together(self, ended: Sequence[Ended]) -> None:
        now = self._clock.now()
        with self._database.transaction() as session:
            for row, outcome in ended:
                if isinstance(outcome, NotAllowed) and self._taken_up(session, row, now):
                    continue
                if isinstance(outcome, Undeliverable):
                    _note_problem(session, row, outcome, now)
                elif isinstance(outcome, Exception):
                    _note_mistake(session, row, type(outcome).__name__, now)
                else:
                    _settle(session, row, outcome, now)

    def _taken_up(self, session: Session, row: OutboxRow, now: datetime) -> bool:
        """Said elsewhere; or it waits until it may be, and what comes after it does not."""
        if self._another_chat is None:
            return False
        verdict = self._another_chat.take_up(session, row, now)
        if verdict.answer is Answer.NOW:
            skipped = OutboxState.SKIPPED
            sending.give_up(session, row_id=row.id, state=skipped, reason="elsewhere")
        elif verdict.at is not None:
            sending.hold_back(session, row_id=row.id, until=verdict.at, reason=sending.PAUSED)
        return verdict.answer is not Answer.NEVER


def _settle(session: Session, row: OutboxRow, arrived: Arrived, now: datetime) -> None:
    sending.settle(session, row_id=row.id, names=arrived.names, now=now)
    if arrived.cards:
        chat = session.get_one(Chat, row.chat_id)
        note_cards(session, chat=chat, cards=arrived.cards, now=now)


def _note_mistake(session: Session, row: OutboxRow, error: str, now: datetime) -> None:
    if row.attempts >= _TRIES_OF_OURS:
        sending.give_up(session, row_id=row.id, state=OutboxState.FAILED, reason=error)
    else:
        sending.postpone(session, row_id=row.id, until=now + _FIRST_RETRY, error=error)


def _note_problem(session: Session, row: OutboxRow, problem: Undeliverable, now: datetime) -> None:
    error = f"{type(problem).__name__} {problem}"
    match problem:
        case Throttled(seconds=seconds, shown=names):
            until = now + timedelta(seconds=seconds)
            sending.hold_back(session, row_id=row.id, until=until, reason=error, names=names)
        case Migrated(external_id=after, shown=names):
            before = session.get_one(Chat, row.chat_id).external_id
            move_chat(session, account_id=row.account_id, before=before, after=after, now=now)
            until = now + _AFTER_MOVE
            sending.postpone(session, row_id=row.id, until=until, error=error, names=names)
        case Unreachable():
            _close(session, row)
            keep_shut_out(session, row, now)
            sending.give_up(session, row_id=row.id, state=OutboxState.FAILED, reason=error)
        case NotAllowed(shown=()):  # of one that is half said the rest is no message
            keep_shut_out(session, row, now)
            _retry(session, row, problem, now)
        case _:
            _retry(session, row, problem, now)


def _close(session: Session, row: OutboxRow) -> None:
    """Blocked, kicked, never started: nothing more leaves for this chat until they are back."""
    account = session.get_one(ChannelAccount, row.account_id)
    chat = session.get_one(Chat, row.chat_id)
    set_reachable(session, account=account, external_id=chat.external_id, reachable=False)


def _retry(session: Session, row: OutboxRow, problem: Undeliverable, now: datetime) -> None:
    error = f"{type(problem).__name__} {problem}"
    if isinstance(problem, Rejected) or now - row.created_at >= _TRIES_FOR:
        sending.give_up(session, row_id=row.id, state=OutboxState.FAILED, reason=error)
        return
    wait = min(_FIRST_RETRY * 2 ** min(row.attempts - 1, 10), _LONGEST_RETRY)
    sending.postpone(session, row_id=row.id, until=now + wait, error=error, names=problem.shown)
