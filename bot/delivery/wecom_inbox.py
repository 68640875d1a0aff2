"""What a desk of WeCom gave when it was asked, on its way into the inbox.

The cursor moves in the transaction that keeps what was fetched, so whoever dies in between loses
nothing; what is told again is known by its number.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from bot.channels.wechat_events import MESSAGE, NOWHERE
from bot.channels.wechat_rules import Rules
from bot.channels.wecom_events import (
    FROM_CUSTOMER,
    FROM_SYSTEM,
    SAID,
    customer_of,
    desk_of,
    greeting_of,
    is_from_customer,
    moment_of,
    name_of,
)
from bot.delivery.storing import store_in
from bot.delivery.unheard import window_opened
from bot.delivery.wecom_accounts import DESK, began_at, setting_of
from data.delivery import allowances, cursors, inbox, passes
from data.delivery.models import InboxState
from data.delivery.passes import Word
from data.delivery.token_models import PassKind
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.errors import Invalid, TooOften
from data.kernel.storable import storable
from data.merchants import ChannelAccount
from data.people import Chat, meet_chat
from integrations.wecom import News

log = logging.getLogger(__name__)
# Text or a number that no database takes.
_UNSTORABLE = (Invalid, RecursionError, ValueError, DataError)
_GREETING_LASTS = timedelta(seconds=20)  # vendor's page of kf/send_msg_on_event


@dataclass(frozen=True, slots=True)
class WeComInbox:
    """Of one account."""

    database: Database
    clock: Clock
    account: ChannelAccount

    def position(self) -> str | None:
        with self.database.reading() as session:
            return cursors.position(session, account_id=self.account.id)

    def bell(self) -> Word | None:
        """The newest that nobody has followed yet."""
        with self.database.reading() as session:
            return passes.newest(session, of=self._bells, now=self.clock.now())

    def followed(self, bell: Word) -> None:
        with self.database.transaction() as session:
            passes.done(session, of=self._bells, word=bell)

    @property
    def _bells(self) -> passes.Of:
        return passes.Of(self.account, PassKind.NEWS)

    def store(self, news: News, before: str | None) -> None:
        """All of it, and where it ended: together, or not at all."""
        now = self.clock.now()
        with self.database.transaction() as session:
            for said in news.msg_list:
                self._take(session, said, now)
            self._move(session, news.next_cursor, before, now)

    def _move(self, session: Session, to: str, before: str | None, now: datetime) -> None:
        """Not to where nobody could find us again: what was fetched is known if it comes twice."""
        if to != storable(to):
            log.warning("wecom: cursor not kept: %s", self.account.id)
        elif to:
            cursors.advance(session, account=self.account, before=before, to=to, now=now)

    def _take(self, session: Session, said: Any, now: datetime) -> None:
        """Alone: what is wrong with it harms nothing else (T04)."""
        if not isinstance(said, dict) or not self._concerns_us(said):
            return
        try:
            with session.begin_nested():
                self._keep(session, said, now)
        except _UNSTORABLE:
            log.warning("wecom: message not kept: %s", self.account.id)

    def _concerns_us(self, said: dict[str, Any]) -> bool:
        """Said at our desk, by a customer or by WeCom about one, since the desk is ours."""
        if desk_of(said) != setting_of(self.account, DESK):
            return False
        if said.get("origin") not in (FROM_CUSTOMER, FROM_SYSTEM, None):
            return False
        at = moment_of(said)
        return at is None or at >= began_at(self.account)

    def _keep(self, session: Session, said: dict[str, Any], now: datetime) -> None:
        new = self._store(session, said, now)
        who = customer_of(said)
        if new and who is not None:
            self._open(session, who, said, now)

    def _store(self, session: Session, said: dict[str, Any], now: datetime) -> bool:
        try:
            with session.begin_nested():
                new = store_in(
                    session,
                    account=self.account,
                    event_id=name_of(said),
                    chat=customer_of(said) or NOWHERE,
                    payload={SAID: said},
                    now=now,
                )
        except TooOften:
            self._put_aside(session, said, now)
            return False
        return new is not None

    def _put_aside(self, session: Session, said: dict[str, Any], now: datetime) -> None:
        """Somebody writes faster than anybody could answer: that it came is kept, and nobody else
        waits (T03)."""
        inbox_id = inbox.store(
            session,
            merchant_id=self.account.merchant_id,
            account_id=self.account.id,
            event_id=name_of(said),
            payload={},
            now=now,
            handled=True,
        )
        if inbox_id is not None:
            dead = InboxState.DEAD
            inbox.mark(session, inbox_id=inbox_id, state=dead, now=now, reason="flood")

    def _open(self, session: Session, who: str, said: dict[str, Any], now: datetime) -> None:
        """What they did lets us speak for a while, counted from when they did it."""
        word = greeting_of(said)
        if not word and not is_from_customer(said):
            return
        chat = meet_chat(
            session, account=self.account, external_id=who, kind="private", title="", now=now
        )
        at = moment_of(said)
        begun = now if at is None else min(now, datetime.fromtimestamp(at, UTC))
        if word:
            of, until = passes.Of(self.account, PassKind.GREETING, chat.id), begun + _GREETING_LASTS
            passes.give(session, of=of, text=word, until=until, now=now)
        else:
            self._open_window(session, chat, begun, now)

    def _open_window(self, session: Session, chat: Chat, begun: datetime, now: datetime) -> None:
        rule = Rules.of(self.account).message
        allowances.open_window(
            session,
            place=allowances.Place(self.account.merchant_id, chat.id),
            source=MESSAGE,
            uses=rule.messages,
            until=begun + timedelta(seconds=rule.seconds),
            now=now,
        )
        window_opened(session, chat_id=chat.id, now=now)
