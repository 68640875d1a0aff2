"""What somebody was told last in a chat, whoever made us say it: a turn, a notice, an event."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations import pressed
from data.delivery.messages import Card, GroupBuyCard, Option, Options, OutboundMessage, Segment
from data.delivery.outbox import last_said
from dialogs.format import Domain


@dataclass(frozen=True, slots=True)
class LastWords:
    session: Session
    chat_id: str
    person_id: str
    now: datetime

    def again(self) -> list[OutboundMessage]:
        """To be said again, with the buttons that this person may still press."""
        told = (replace(one, segments=tuple(self._segments(one))) for one in self._told())
        return [one for one in told if one.segments]

    def offered(self, domain: Domain) -> str | None:
        """What the first button of an offer does, if an offer is what they were told last."""
        for message in reversed(self._told()):
            response = domain.responses.get(message.response or "")
            if response is not None and response.offer:
                shown = (part.options for part in message.segments if isinstance(part, Options))
                good = self._still_good(next(shown, ())[:1])
                return next((option.payload for option in good), None)
        return None

    def _told(self) -> list[OutboundMessage]:
        return last_said(self.session, chat_id=self.chat_id, person_id=self.person_id)

    def _segments(self, message: OutboundMessage) -> Iterator[Segment]:
        for segment in message.segments:
            if not isinstance(segment, Options | Card | GroupBuyCard):
                yield segment
                continue
            kept = tuple(self._still_good(segment.options))
            if kept or not isinstance(segment, Options):
                yield replace(segment, options=kept)

    def _still_good(self, options: tuple[Option, ...]) -> Iterator[Option]:
        """With their own payloads for the tokens that stood for them."""
        for option in options:
            if option.url is not None:
                yield option
                continue
            shown = pressed(self.session, chat_id=self.chat_id, token=option.payload)
            if shown and shown.expires_at > self.now and shown.person_id in (None, self.person_id):
                yield replace(option, payload=shown.payload)
