"""What every messenger's adapter offers: read one raw update, deliver one message.

Undeliverable
├── Throttled      try again after `seconds`
├── Unreachable    blocked, kicked, or never started: this chat is closed to us
├── Migrated       the chat has another id now
└── Rejected       the messenger will never take this message
"""

from dataclasses import dataclass
from typing import Any, Protocol

from data.delivery.inbound import InboundEvent
from data.delivery.messages import Segment


class Unreadable(Exception):
    """A raw update that cannot be understood: it is put aside, the next one is served."""


class Undeliverable(Exception):
    """The base of what can go wrong on the way out."""


class Throttled(Undeliverable):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.1f}s")
        self.seconds = seconds


class Unreachable(Undeliverable):
    pass


class Migrated(Undeliverable):
    def __init__(self, external_id: str) -> None:
        super().__init__(external_id)
        self.external_id = external_id


class Rejected(Undeliverable):
    pass


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message for one chat; `edit_of` is the messenger's name of the message it replaces."""

    key: str
    chat: str
    kind: str
    segments: tuple[Segment, ...]
    reply_to: str | None = None
    edit_of: str | None = None


class Channel(Protocol):
    """`parse` gives None for an update that is known and means nothing to us."""

    def parse(self, raw: dict[str, Any]) -> InboundEvent | None: ...

    async def deliver(self, parcel: Parcel) -> str | None:
        """The messenger's id of the message, for later edits; raises Undeliverable."""
        ...
