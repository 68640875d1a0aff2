"""What every messenger's adapter offers: read one raw update, deliver one message.

Undeliverable
├── Throttled      try again after `seconds`
├── Unreachable    blocked, kicked, or never started: this chat is closed to us
├── Migrated       the chat has another id now
└── Rejected       the messenger will never take this message
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from data.delivery.inbound import InboundEvent
from data.delivery.messages import Segment
from data.merchants import ChannelAccount


class Unreadable(Exception):
    """A raw update that cannot be understood: it is put aside, the next one is served."""


class Undeliverable(Exception):
    """It did not arrive, or not all of it: `shown` names the parts that did, in order."""

    shown: tuple[str, ...] = ()


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


async def _nobody_asks(_names: tuple[str, ...]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message for one chat, which a messenger may have to show as several.

    `edit_of` are the messenger's names of the parts it replaces; `shown` those of its own parts
    that an earlier try brought there already. `arrived` is told all names so far after each part
    but the last: whoever dies in the middle leaves one part at most that may come twice.
    """

    key: str
    chat: str
    kind: str
    segments: tuple[Segment, ...]
    reply_to: str | None = None
    edit_of: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    arrived: Callable[[tuple[str, ...]], Awaitable[None]] = _nobody_asks


# One raw update of an account ▸ the neutral event, or None for what is known and means nothing.
Reader = Callable[[dict[str, Any], ChannelAccount], InboundEvent | None]


class Channel(Protocol):
    """A live connection to one messenger account."""

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        """The messenger's names of all its parts, for later edits; raises Undeliverable."""
        ...
