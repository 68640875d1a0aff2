"""Events into turns: hear, then one transaction; again if somebody else was first.

The REST channel answers while its caller waits, so its inbox row commits with the turn itself;
webhooks store first (bot/delivery/webhooks.py) and come here through a job.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.delivery.advising import Adviser, Puzzled
from bot.delivery.storing import store_update
from data.conversations import StaleConversation
from data.conversations.said import Said, said_in_turn
from data.delivery import inbox
from data.delivery.inbound import InboundEvent
from data.delivery.masking import mask_cards
from data.delivery.models import InboxRow, InboxState
from data.kernel.clock import Clock
from data.kernel.database import Database, crossed
from data.merchants import ChannelAccount
from dialogs.advice import advised
from dialogs.hearing import Hearing, hear
from dialogs.house import Cause, House
from dialogs.play import MustWrite, Play, TurnFailed
from dialogs.turn import apologise, enter, plan_turn, take_turn, write_down
from dialogs.understanding.model import Advice, Question

log = logging.getLogger(__name__)
_TRIES = 20  # eight people talking at once in one group need a handful


@dataclass(frozen=True, slots=True)
class Received:
    """An event and the raw update it was read from; `inbox_id` when that is stored already,
    `advice` when a language model was asked about it."""

    account: ChannelAccount
    event: InboundEvent
    payload: dict[str, Any]
    inbox_id: int | None = None
    advice: Advice | None = None


@dataclass(frozen=True, slots=True)
class Turns:
    database: Database
    clock: Clock
    house: House
    adviser: Adviser | None = None

    def answer(self, received: Received) -> list[Said]:
        """Take the turn now and give what it said. The same event again gives the same answer."""
        try:
            with self.database.reading() as session:
                return self.answer_in(session, received)
        except Puzzled as puzzled:
            return self.answer(self._advised(received, puzzled.question))

    def answer_in(self, session: Session, received: Received) -> list[Said]:
        """The same in a session that reads already, and read the account. Puzzled: ask a language
        model with nothing open, and take the turn again."""
        for _ in range(_TRIES):
            hearing = self._hear(session, received)
            if hearing.silent:
                return []
            if hearing.calling:
                return self._leave(session, received)
            try:
                return self._take_turn(session, received, hearing)
            except StaleConversation:
                continue
            except TurnFailed as failure:
                log.warning("turn failed: %s", failure)
                session.rollback()
                return self._commit(session, received, hearing, apology(received, str(failure)))
            except Exception as error:
                if crossed(error):
                    session.rollback()
                    continue
                # A bug of ours undid the turn; the person hears that it broke, and may go on.
                log.exception("turn of %s", received.event.event_id)
                session.rollback()
                return self._commit(
                    session, received, hearing, apology(received, type(error).__name__)
                )
        raise StaleConversation(received.event.chat.external_id)

    def _leave(self, session: Session, received: Received) -> list[Said]:
        """An action of this conversation is under way: the worker answers when it is over."""
        account, event = received.account, received.event
        session.rollback()
        new = store_update(
            self.database,
            self.clock,
            account=account,
            event_id=event.event_id,
            chat=event.chat.external_id,
            payload=received.payload,
        )
        return [] if new else self._said_before(session, received)

    def hear(self, received: Received) -> Hearing:
        try:
            with self.database.reading() as session:
                return self._hear(session, received)
        except Puzzled as puzzled:
            return self.hear(self._advised(received, puzzled.question))

    def _hear(self, session: Session, received: Received) -> Hearing:
        account, event = received.account, received.event
        heard = hear(session, self.house, account=account, event=event, now=self.clock.now())
        if heard.question is None or self.adviser is None:
            return heard
        if received.advice is not None:
            return advised(heard, received.advice)
        if received.inbox_id is None and self._find(session, received):
            return heard  # answered before: nobody is asked twice
        raise Puzzled(heard.question)

    def _advised(self, received: Received, question: Question) -> Received:
        assert self.adviser is not None  # noqa: S101  # else nobody is puzzled
        return replace(received, advice=self.adviser.ask(question))

    def _take_turn(self, session: Session, received: Received, hearing: Hearing) -> list[Said]:
        """What only reads comes before the write lock: most turns hold it for their rows alone."""
        account, event = received.account, received.event
        cause = Cause(event.event_id, self.clock.now())
        try:
            play = plan_turn(
                session, self.house, account=account, event=event, hearing=hearing, cause=cause
            )
        except MustWrite:
            play = None
        if play is not None:
            return self._commit(session, received, hearing, planned(play))
        session.rollback()  # what writes must not trust what was read before the lock
        return self._commit(session, received, hearing, take_turn_of(received))

    def _commit(
        self, session: Session, received: Received, hearing: Hearing, act: "Act"
    ) -> list[Said]:
        now = self.clock.now()
        with self.database.writing(session):
            inbox_id = self._store(session, received, hearing, now)
            if inbox_id is None:
                return self._said_before(session, received)
            act(session, self.house, hearing, Cause(f"in:{inbox_id}", now, inbox_id))
            return said_in_turn(session, inbox_id=inbox_id)

    def run(self, session: Session, hearing: Hearing, act: "Act", inbox_id: int) -> None:
        """For an update stored before: act, mark it as handled, in one transaction."""
        now = self.clock.now()
        act(session, self.house, hearing, Cause(f"in:{inbox_id}", now, inbox_id))
        inbox.mark(session, inbox_id=inbox_id, state=InboxState.HANDLED, now=now)

    def _store(
        self, session: Session, received: Received, hearing: Hearing, now: datetime
    ) -> int | None:
        return inbox.store(
            session,
            merchant_id=received.account.merchant_id,
            account_id=received.account.id,
            event_id=received.event.event_id,
            payload={} if hearing.private else mask_cards(received.payload),
            now=now,
            handled=True,
        )

    def _said_before(self, session: Session, received: Received) -> list[Said]:
        row = self._find(session, received)
        return said_in_turn(session, inbox_id=row.id) if row else []

    def _find(self, session: Session, received: Received) -> InboxRow | None:
        account, event = received.account, received.event
        return inbox.find(session, account_id=account.id, event_id=event.event_id)


Act = Callable[[Session, House, Hearing, Cause], None]


def planned(play: Play) -> Act:
    """What is left of a turn that was taken by reading."""

    def act(_session: Session, _house: House, _hearing: Hearing, cause: Cause) -> None:
        write_down(play, cause=cause)

    return act


def take_turn_of(received: Received) -> Act:
    account, event = received.account, received.event

    def act(session: Session, house: House, hearing: Hearing, cause: Cause) -> None:
        stage = enter(session, account=account, event=event, hearing=hearing, cause=cause)
        take_turn(session, house, stage=stage, event=event, hearing=hearing, cause=cause)

    return act


def apology(received: Received, reason: str) -> Act:
    account, event = received.account, received.event

    def act(session: Session, house: House, hearing: Hearing, cause: Cause) -> None:
        stage = enter(session, account=account, event=event, hearing=hearing, cause=cause)
        apologise(session, house, stage=stage, cause=cause, reason=reason)

    return act
