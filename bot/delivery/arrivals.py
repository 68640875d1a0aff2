"""A `turn` job: an update from the inbox is read alone, understood, and answered in one go.

Understanding comes first, with no transaction open. What cannot be read is put aside; what breaks
the turn is apologised for; what was not said to us is forgotten. The chat's next update goes on.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.channels.adapter import Unreadable
from bot.channels.registry import reader_of
from bot.delivery.checkouts import note_paid
from bot.delivery.memberships import MOVES, note_move
from bot.delivery.presses import answer_press
from bot.delivery.shared_cards import note_shared
from bot.delivery.turns import Received, Turns, apology, take_turn_of
from data.actions import wait_for_call
from data.conversations import StaleConversation
from data.conversations.votes import note_reaction
from data.delivery import inbox
from data.delivery.inbound import EventKind, InboundEvent
from data.delivery.models import InboxRow, InboxState, Job
from data.kernel.database import Database
from data.merchants import ChannelAccount
from data.people.membership import note_heard
from dialogs.hearing import Hearing
from dialogs.play import TurnFailed

log = logging.getLogger(__name__)
_TRIES = 3  # of a turn that breaks; the chat waits meanwhile
_ANSWERED = frozenset({EventKind.MESSAGE, EventKind.ACTION, EventKind.MEDIA, EventKind.LOCATION})


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one stored update turned out to be; `broken` says why it cannot be answered."""

    inbox_id: int
    account: ChannelAccount
    event: InboundEvent | None = None
    hearing: Hearing | None = None
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Arrivals:
    database: Database
    turns: Turns

    def prepare(self, job: Job, _now: datetime) -> Arrival | None:
        """Read and understand. None: it was dealt with before."""
        found = self._find(int(job.args["inbox_id"]))
        if found is None:
            return None
        row, account = found
        try:
            event = reader_of(account.channel)(row.payload, account)
        except Unreadable as error:
            return Arrival(row.id, account, broken=str(error) or "unreadable")
        if event is None or event.kind not in _ANSWERED:
            return Arrival(row.id, account, event)
        return self._hear(job, row.id, account, event)

    def run(self, session: Session, job: Job, now: datetime, prepared: Any) -> None:
        """Inside the job's transaction."""
        arrival: Arrival | None = prepared
        if arrival is None:
            return
        if arrival.event is None or arrival.hearing is None:
            self._note(session, arrival, now)
        elif arrival.hearing.silent:
            self._forget(session, arrival, now)
        elif arrival.hearing.calling:
            _wait(session, job, arrival.hearing, now)
        else:
            self._answer(session, job, arrival, now)

    def _find(self, inbox_id: int) -> tuple[InboxRow, ChannelAccount] | None:
        with self.database.reading() as session:
            row = session.get(InboxRow, inbox_id)
            if row is None or row.state != InboxState.RECEIVED:
                return None
            return row, session.get_one(ChannelAccount, row.account_id)

    def _hear(
        self, job: Job, inbox_id: int, account: ChannelAccount, event: InboundEvent
    ) -> Arrival:
        try:
            hearing = self.turns.hear(Received(account, event, {}, inbox_id))
        except Exception as error:
            if not _is_last(job):
                raise
            log.exception("inbox %s", inbox_id)
            unheard = Hearing(silent=not event.addressed)
            return Arrival(inbox_id, account, event, unheard, type(error).__name__)
        return Arrival(inbox_id, account, event, hearing)

    def _note(self, session: Session, arrival: Arrival, now: datetime) -> None:
        """Nothing to answer: unreadable, somebody came or went, or of no concern to us."""
        if arrival.event is None and arrival.broken:
            dead, reason = InboxState.DEAD, arrival.broken
            inbox.mark(session, inbox_id=arrival.inbox_id, state=dead, now=now, reason=reason)
            return
        if arrival.event is not None and arrival.event.kind in MOVES:
            note_move(session, account=arrival.account, event=arrival.event, now=now)
        if arrival.event is not None and arrival.event.kind is EventKind.SHARED:
            note_shared(session, account=arrival.account, event=arrival.event, now=now)
        if arrival.event is not None and arrival.event.kind is EventKind.REACTION:
            note_reaction(session, account=arrival.account, event=arrival.event, now=now)
        if arrival.event is not None and arrival.event.kind is EventKind.PAID:
            note_paid(session, account=arrival.account, event=arrival.event, now=now)
        self._forget(session, arrival, now)

    def _forget(self, session: Session, arrival: Arrival, now: datetime) -> None:
        """Not said to us, so it is not kept."""
        inbox.forget(session, inbox_id=arrival.inbox_id)
        inbox.mark(session, inbox_id=arrival.inbox_id, state=InboxState.HANDLED, now=now)

    def _answer(self, session: Session, job: Job, arrival: Arrival, now: datetime) -> None:
        event, hearing = _heard(arrival)
        received = Received(arrival.account, event, {}, arrival.inbox_id)
        note_heard(session, account=arrival.account, external_id=event.chat.external_id)
        reason = arrival.broken or self._try(session, job, received, hearing)
        if reason:
            log.warning("turn of inbox %s failed: %s", arrival.inbox_id, reason)
            self.turns.run(session, hearing, apology(received, reason), arrival.inbox_id)
            dead = InboxState.DEAD
            inbox.mark(session, inbox_id=arrival.inbox_id, state=dead, now=now, reason=reason)
        answer_press(session, self.turns.house, received=received, now=now)
        if hearing.private:
            inbox.forget(session, inbox_id=arrival.inbox_id)

    def _try(self, session: Session, job: Job, received: Received, hearing: Hearing) -> str:
        """Take the turn; if it broke, undo it all and say why."""
        inbox_id = received.inbox_id
        assert inbox_id is not None  # noqa: S101  # a stored update has one
        try:
            with session.begin_nested():
                self.turns.run(session, hearing, take_turn_of(received), inbox_id)
        except StaleConversation:
            raise
        except TurnFailed as failure:
            return str(failure) or "failed"
        except Exception as error:
            if not _is_last(job):
                raise
            log.exception("inbox %s", inbox_id)
            return type(error).__name__
        return ""


def _wait(session: Session, job: Job, hearing: Hearing, now: datetime) -> None:
    """An action of this conversation is under way: heard again when it is over."""
    conversation = hearing.known.conversation if hearing.known else None
    assert conversation is not None  # noqa: S101  # nobody else has an action under way
    if not wait_for_call(session, conversation_id=conversation.id, job_id=job.id, now=now):
        raise StaleConversation(conversation.id)


def _heard(arrival: Arrival) -> tuple[InboundEvent, Hearing]:
    assert arrival.event is not None  # noqa: S101  # `run` looked
    assert arrival.hearing is not None  # noqa: S101
    return arrival.event, arrival.hearing


def _is_last(job: Job) -> bool:
    return job.attempts + 1 >= _TRIES
