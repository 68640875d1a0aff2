"""What a channel brings to the conformance suite: how its wire looks and what its other side does.

A bench is one channel over a whole shop. What every channel has stands here; what only some have
(`forged`, `throttle`, `press`, …) is a method of its own bench, and where it is missing `reasons`
says why no such thing can be (test_conformance.py looks that each cell is run or has its reason).
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from itertools import count
from typing import Any, ClassVar

from sqlalchemy import func, select

from bot.app import Tuanzi
from bot.channels.adapter import Unreadable
from bot.channels.registry import reader_of
from bot.demo.clock import clock_of, settle
from data.delivery import outbox
from data.delivery.inbound import InboundEvent
from data.delivery.messages import OutboundMessage, Text
from data.delivery.models import InboxRow, InboxState, OutboxRow
from data.delivery.outbox import Letter, Origin
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat, meet_chat
from tests.bot.open_demo import Demo

Wire = Any  # one message as it stands on this channel's wire, and what signs it
Golden = tuple[str, object, object]  # its name, what it was read as, what stands beside it
numbers = count(1000)  # of people and messages: each test has its own


class Taken(Enum):
    """What our door said to a message; `LATER`: kept, or to be brought again."""

    TAKEN = frozenset({200, 202})
    REFUSED = frozenset({401, 403})
    BAD = frozenset({400, 413, 422})
    LATER = frozenset({429, 503})

    @classmethod
    def by(cls, status: int) -> "Taken":
        return next(one for one in cls if status in one.value)


@dataclass
class Bench(ABC):
    """One account of the shop. People are named as the channel names their private chats."""

    demo: Demo
    runner: asyncio.Runner
    account: ChannelAccount
    name: ClassVar[str]
    reasons: ClassVar[dict[str, str]] = {}
    # The most of one message that this channel takes, and how it counts; 0: as much as there is.
    longest: ClassVar[int] = 0
    patience: ClassVar[float] = 60.0  # seconds after which the other side is asked again

    # — what each channel tells in its own way —

    @abstractmethod
    def person(self) -> str:
        """Somebody new, by the name of their private chat."""

    @abstractmethod
    def said(self, text: str, who: str) -> Wire:
        """A message of theirs, properly signed."""

    @abstractmethod
    def bring(self, wire: Wire) -> Taken:
        """To our door, as its other side does."""

    @abstractmethod
    def shown(self, chat: str) -> list[str]:
        """What stands there of ours, message by message, as a person reads it."""

    def sizes(self, _chat: str) -> list[int]:
        """Of the same on the wire, as the channel counts."""
        return []

    def as_shown(self, text: str) -> str:
        """What a text becomes that is shown whole."""
        return text

    # — what is the same for all —

    @property
    def tuanzi(self) -> Tuanzi:
        return self.demo.tuanzi

    def say(self, text: str, who: str) -> None:
        assert self.bring(self.said(text, who)) in (Taken.TAKEN, Taken.LATER)

    def work(self) -> None:
        """Everything that is due now, until nothing is."""
        self.runner.run(self._work())

    async def _work(self) -> None:
        while True:
            await settle(self.tuanzi)
            if not await self.tuanzi.courier.drain():
                return

    def wait(self, seconds: float) -> None:
        clock_of(self.tuanzi).advance(timedelta(seconds=seconds))
        self.work()

    def post(self, chat: str, *texts: str, kind: str = "private") -> None:
        """Said by the shop unasked, one message each."""
        now = self.tuanzi.clock.now()
        with self.tuanzi.database.transaction() as session:
            row = meet_chat(
                session, account=self.account, external_id=chat, kind=kind, title="", now=now
            )
            letters = [Letter(row.id, OutboundMessage((Text(text),))) for text in texts]
            origin = Origin(new_id("msg"))
            outbox.post(session, letters, account=self.account, origin=origin, now=now)

    # — what came of it —

    def rows(self) -> list[InboxRow]:
        with self.tuanzi.database.reading() as session:
            mine = InboxRow.account_id == self.account.id
            return list(session.scalars(select(InboxRow).where(mine).order_by(InboxRow.id)))

    def stored(self) -> int:
        with self.tuanzi.database.reading() as session:
            mine = InboxRow.account_id == self.account.id
            return session.scalar(select(func.count()).select_from(InboxRow).where(mine)) or 0

    def waiting(self) -> int:
        return sum(row.state == InboxState.RECEIVED for row in self.rows())

    def heard(self, who: str) -> list[str]:
        """What they said, in the order in which it is kept."""
        events = [event for event in map(self._read, self.rows()) if event is not None]
        return [event.text for event in events if event.sender.external_id == who]

    def _read(self, row: InboxRow) -> InboundEvent | None:
        try:
            return reader_of(self.account.channel)(row.payload, self.account)
        except Unreadable:
            return None

    def answers(self, who: str) -> list[OutboxRow]:
        """All that was ever to be said in their private chat."""
        with self.tuanzi.database.reading() as session:
            chat = select(Chat.id).where(
                Chat.account_id == self.account.id, Chat.external_id == who
            )
            rows = select(OutboxRow).where(OutboxRow.chat_id.in_(chat)).order_by(OutboxRow.id)
            return list(session.scalars(rows))

    def responses(self, who: str) -> list[str]:
        return [row.response or "" for row in self.answers(who)]

    def options(self, who: str) -> list[dict[str, Any]]:
        """Of everything said there, the newest last."""
        parts = [part for row in self.answers(who) for part in row.segments]
        return [one for part in parts for one in part.get("options", ())]

    def is_open(self, chat: str) -> bool:
        with self.tuanzi.database.reading() as session:
            mine = (Chat.account_id == self.account.id) & (Chat.external_id == chat)
            return bool(session.scalar(select(Chat.reachable).where(mine)))


def read_each(
    cases: Iterable[tuple[str, Any, object]], read: Callable[[Any], object]
) -> Iterator[Golden]:
    for name, told, expected in cases:
        yield name, read(told), expected
