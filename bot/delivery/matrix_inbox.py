"""Matrix events on their way into the inbox, read without trust: each is stored by itself, and what
is wrong with one harms no other."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.channels.matrix_events import THREAD, answered_event
from bot.channels.matrix_rooms import Rooms, content_of
from bot.delivery.storing import store_update
from bot.web.wording import say
from data.conversations.said import is_ours
from data.delivery import cursors, inbox
from data.delivery.messages import OutboundMessage, Text
from data.delivery.outbox import Letter, Origin, post
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.people import meet_chat

log = logging.getLogger(__name__)
Json = dict[str, Any]
_LONGEST_ID = 128  # of our columns
_ENCRYPTED = "m.room.encrypted"
_UNREADABLE, _HERE_INSTEAD = "matrix.encrypted", "matrix.here_instead"


@dataclass(frozen=True, slots=True)
class MatrixInbox:
    """Of one account. `rooms` is only read here."""

    database: Database
    clock: Clock
    account: ChannelAccount
    rooms: Rooms

    def position(self) -> str | None:
        with self.database.reading() as session:
            return cursors.position(session, account_id=self.account.id)

    def move(self, to: str) -> None:
        with self.database.transaction() as session:
            cursors.move(session, account=self.account, to=to, now=self.clock.now())

    def store(self, room: str, event: Json, called: str) -> bool:
        """False: it was here before, or is nothing that could be kept. TooOften: later."""
        if not _is_event(room, event):
            log.warning("matrix: no event")
            return False
        try:
            if event["type"] == _ENCRYPTED:
                return self._tell_unreadable(room, event["sender"])
            return store_update(
                self.database,
                self.clock,
                account=self.account,
                event_id=event["event_id"],
                chat=self.rooms.partner(room) or room,
                payload=self._envelope(room, event, called),
            )
        except (Invalid, RecursionError, ValueError):  # text or a number that no database takes
            log.warning("matrix: event of %s not kept", type(event["type"]).__name__)
            return False

    def _envelope(self, room: str, event: Json, called: str) -> Json:
        place = {"id": room, "title": self.rooms.title(room), "partner": self.rooms.partner(room)}
        return {
            "room": place,
            "called": called,
            "to_us": self._answers_us(room, event),
            "event": event,
        }

    def _answers_us(self, room: str, event: Json) -> bool:
        answered = answered_event(content_of(event))
        if not answered:
            return False
        with self.database.reading() as session:
            return is_ours(session, account_id=self.account.id, place=room, name=answered)

    def _tell_unreadable(self, room: str, sender: str) -> bool:
        """Once in a room: we have no keys, and will never read it. Whoever wrote to us alone is
        asked into a room where we can."""
        now = self.clock.now()
        with self.database.transaction() as session:
            inbox_id = inbox.store(
                session,
                merchant_id=self.account.merchant_id,
                account_id=self.account.id,
                event_id=f"encrypted:{room}",
                payload={},
                now=now,
                handled=True,
            )
            if inbox_id is None:
                return False
            chats = [(room, "group", self.rooms.title(room), _UNREADABLE)]
            if self.rooms.partner(room) == sender:
                chats.append((sender, "private", "", _HERE_INSTEAD))
            letters = [self._letter(session, *chat, now) for chat in chats]
            origin = Origin(f"in:{inbox_id}", inbox_id=inbox_id)
            post(session, letters, account=self.account, origin=origin, now=now)
        return True

    def _letter(  # a chat, and what is said there
        self,
        session: Session,
        external_id: str,
        kind: str,
        title: str,
        text_id: str,
        now: datetime,
    ) -> Letter:
        chat = meet_chat(
            session,
            account=self.account,
            external_id=external_id,
            kind=kind,
            title=title,
            now=now,
        )
        words = "\n\n".join(say(text_id, locale) for locale in Locale)
        return Letter(chat.id, OutboundMessage((Text(words),)))


def _is_event(room: object, event: Json) -> bool:
    """As much of one that it can have a place in the inbox."""
    names = (room, event.get("event_id"), event.get("sender"), event.get("type"))
    if not all(isinstance(name, str) and 0 < len(name) <= _LONGEST_ID for name in names):
        return False
    return isinstance(room, str) and room.startswith("!") and f"{THREAD}$" not in room
