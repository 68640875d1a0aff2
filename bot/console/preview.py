"""A test chat: a draft is tried on the shop's real shelf, and everything it did is taken back.

A preview keeps nothing, not even itself: the page carries what was said so far, and each time all
of it is played again in one transaction that is never committed.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.web.scope import changing
from data.conversations import ConversationEvent, Offered, offered_to
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.delivery.messages import Segment, segment_from_json
from data.delivery.models import OutboxRow
from data.flows import publish
from data.kernel.database import Database
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from dialogs.answering import pass_over
from dialogs.hearing import Hearing, hear
from dialogs.house import Cause, House, Stage
from dialogs.play import GapFailed, TurnFailed
from dialogs.turn import apologise, enter, take_turn

log = logging.getLogger(__name__)
LONGEST = 40  # turns; each time all of them are played again
PRESS = "press:"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Which version speaks, to whom, in which language, and what they have said so far.

    A line that begins with `press:` presses the button of that number.
    """

    merchant_id: str
    sha: str
    name: str
    locale: Locale
    lines: Sequence[str]
    now: datetime


@dataclass(slots=True)
class Exchange:
    """One turn: what was said to the bot, what it answered, which steps it took. `gap`: what in a
    response could not be put into words, where the turn broke at that."""

    heard: str
    answers: list[Segment] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    failed: bool = False
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """`options` are the buttons that can be pressed now."""

    exchanges: list[Exchange]
    options: list[tuple[int, str]]


class _TakenBack(Exception):
    """Ends the transaction without its effects."""


def rehearse(database: Database, house: House, wanted: Rehearsal) -> Rehearsed:
    """Play all lines on the wanted version; nothing stays."""
    rehearsed = Rehearsed([], [])
    with suppress(_TakenBack), changing(database, wanted.merchant_id) as session:
        # For this transaction, which ends without a commit, the draft is what is live.
        publish(
            session,
            merchant_id=wanted.merchant_id,
            sha=wanted.sha,
            by=wanted.name,
            now=wanted.now,
        )
        stage = _Boards(session, house, wanted)
        for line in wanted.lines[:LONGEST]:
            rehearsed.exchanges.append(stage.play(line))
        rehearsed.options.extend(stage.options())
        raise _TakenBack
    return rehearsed


class _Boards:
    """The stage of one rehearsal: an account, a person and a chat that never really exist."""

    def __init__(self, session: Session, house: House, wanted: Rehearsal) -> None:
        self._session, self._house, self._wanted = session, house, wanted
        self._account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=wanted.merchant_id,
            channel="web",
            external_id=new_id("preview"),
            created_at=wanted.now,
        )
        session.add(self._account)
        session.flush()
        self._stage: Stage | None = None
        self._turns = self._said = self._noted = 0

    def play(self, line: str) -> Exchange:
        event, exchange = self._event(line)
        self._turns += 1
        cause = Cause(f"{self._account.id}:{self._turns}", self._wanted.now)
        try:
            with self._session.begin_nested():
                self._take(event, cause)
        except Exception as error:  # whatever it is: in a real chat it breaks one turn, not more
            log.warning("rehearsal: %s", error, exc_info=not isinstance(error, TurnFailed))
            exchange.failed = True
            exchange.gap = error.gap if isinstance(error, GapFailed) else ""
            self._apologise(event, cause, str(error))
        self._collect(exchange)
        return exchange

    def options(self) -> list[tuple[int, str]]:
        return [(option.number, option.label) for option in self._offered()]

    def _take(self, event: InboundEvent, cause: Cause) -> None:
        session, house = self._session, self._house
        stage, hearing = self._enter(event, cause)
        take_turn(session, house, stage=stage, event=event, hearing=hearing, cause=cause)
        pass_over(session, house, stage=stage, cause=cause)

    def _apologise(self, event: InboundEvent, cause: Cause, reason: str) -> None:
        """The rows of a first message were undone with the turn: they are made again."""
        stage, _ = self._enter(event, cause)
        apologise(self._session, self._house, stage=stage, cause=cause, reason=reason)

    def _enter(self, event: InboundEvent, cause: Cause) -> tuple[Stage, Hearing]:
        session, account = self._session, self._account
        hearing = hear(session, self._house, account=account, event=event, now=cause.now)
        stage = enter(session, account=account, event=event, hearing=hearing, cause=cause)
        self._stage = stage
        return stage, hearing

    def _event(self, line: str) -> tuple[InboundEvent, Exchange]:
        token, text = self._pressed(line)
        event = InboundEvent(
            event_id=str(self._turns),
            kind=EventKind.ACTION if token else EventKind.MESSAGE,
            chat=ChatRef("preview"),
            sender=Sender("preview", self._wanted.name, self._wanted.locale),
            text="" if token else text,
            token=token,
        )
        return event, Exchange(text)

    def _pressed(self, line: str) -> tuple[str | None, str]:
        """The token behind a button's number and its label; plain text stays what it is."""
        number = line.removeprefix(PRESS)
        if line.startswith(PRESS) and number.isdecimal():
            for option in self._offered():
                if option.number == int(number):
                    return option.token, option.label
        return None, line

    def _offered(self) -> list[Offered]:
        """What was shown last, together."""
        if self._stage is None:
            return []
        found = offered_to(
            self._session,
            chat_id=self._stage.chat.id,
            person_id=self._stage.person.id,
            now=self._wanted.now,
        )
        return [option for option in reversed(found) if option.batch == found[0].batch]

    def _collect(self, exchange: Exchange) -> None:
        said = self._session.scalars(
            select(OutboxRow)
            .where(OutboxRow.account_id == self._account.id, OutboxRow.id > self._said)
            .order_by(OutboxRow.id)
        )
        for row in said:
            self._said = row.id
            exchange.answers += [segment_from_json(part) for part in row.segments]
        exchange.path = self._path()

    def _path(self) -> list[str]:
        """`flow ▸ step` of every step of this turn."""
        if self._stage is None:
            return []
        mine = ConversationEvent.conversation_id == self._stage.conversation.id
        noted = self._session.scalars(
            select(ConversationEvent)
            .where(mine, ConversationEvent.id > self._noted)
            .order_by(ConversationEvent.id)
        ).all()
        self._noted = noted[-1].id if noted else self._noted
        return [f"{event.flow} ▸ {event.step}" for event in noted if event.kind == "step_entered"]
