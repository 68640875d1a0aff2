"""Events into turns: hear, then one transaction; again if somebody else was first.

The REST channel answers while its caller waits, so its inbox row commits with the turn itself;
webhooks store first (bot/delivery/webhooks.py) and come here through a job.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data.conversations import StaleConversation
from data.conversations.said import Said, said_in_turn
from data.delivery import inbox
from data.delivery.inbound import InboundEvent
from data.delivery.masking import mask_cards
from data.delivery.models import InboxState
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.merchants import ChannelAccount
from dialogs.hearing import Hearing, hear
from dialogs.house import Cause, House
from dialogs.play import TurnFailed
from dialogs.turn import apologise, enter, take_turn

log = logging.getLogger(__name__)
_TRIES = 20  # eight people talking at once in one group need a handful


@dataclass(frozen=True, slots=True)
class Received:
    """An event and the raw update it was read from; `inbox_id` when that is stored already."""

    account: ChannelAccount
    event: InboundEvent
    payload: dict[str, Any]
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True)
class Turns:
    database: Database
    clock: Clock
    house: House

    def answer(self, received: Received) -> list[Said]:
        """Take the turn now and give what it said. The same event again gives the same answer."""
        with self.database.reading() as session:
            return self.answer_in(session, received)

    def answer_in(self, session: Session, received: Received) -> list[Said]:
        """The same in a session that reads already, and read the account."""
        for _ in range(_TRIES):
            hearing = self._hear(session, received)
            if hearing.silent:
                return []
            try:
                return self._commit(session, received, hearing, take_turn_of(received))
            except StaleConversation:
                continue
            except TurnFailed as failure:
                log.warning("turn failed: %s", failure)
                return self._commit(session, received, hearing, apology(str(failure)))
            except Exception as error:
                # A bug of ours undid the turn; the person hears that it broke, and may go on.
                log.exception("turn of %s", received.event.event_id)
                return self._commit(session, received, hearing, apology(type(error).__name__))
        raise StaleConversation(received.event.chat.external_id)

    def hear(self, received: Received) -> Hearing:
        with self.database.reading() as session:
            return self._hear(session, received)

    def _hear(self, session: Session, received: Received) -> Hearing:
        account, event = received.account, received.event
        return hear(session, self.house, account=account, event=event, now=self.clock.now())

    def _commit(
        self, session: Session, received: Received, hearing: Hearing, act: "Act"
    ) -> list[Said]:
        now = self.clock.now()
        with self.database.writing(session):
            inbox_id = self._store(session, received, hearing, now)
            if inbox_id is None:
                return self._said_before(session, received)
            self._take(session, received, hearing, act, inbox_id)
            return said_in_turn(session, inbox_id=inbox_id)

    def run(
        self, session: Session, received: Received, hearing: Hearing, act: "Act", inbox_id: int
    ) -> None:
        """For an update stored before: enter, act, mark it as handled, in one transaction."""
        self._take(session, received, hearing, act, inbox_id)
        now = self.clock.now()
        inbox.mark(session, inbox_id=inbox_id, state=InboxState.HANDLED, now=now)

    def _take(
        self, session: Session, received: Received, hearing: Hearing, act: "Act", inbox_id: int
    ) -> None:
        cause = Cause(f"in:{inbox_id}", self.clock.now(), inbox_id)
        stage = enter(
            session,
            account=received.account,
            event=received.event,
            hearing=hearing,
            cause=cause,
        )
        act(session, self.house, stage, hearing, cause)

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
        row = inbox.find(session, account_id=received.account.id, event_id=received.event.event_id)
        return said_in_turn(session, inbox_id=row.id) if row else []


Act = Callable[[Session, House, Any, Hearing, Cause], None]


def take_turn_of(received: Received) -> Act:
    def act(session: Session, house: House, stage: Any, hearing: Hearing, cause: Cause) -> None:
        take_turn(session, house, stage=stage, event=received.event, hearing=hearing, cause=cause)

    return act


def apology(reason: str) -> Act:
    def act(session: Session, house: House, stage: Any, hearing: Hearing, cause: Cause) -> None:
        apologise(session, house, stage=stage, cause=cause, reason=reason)

    return act
