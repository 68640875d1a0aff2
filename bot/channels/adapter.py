"""What every messenger's adapter offers: read one raw update, deliver one message.

Undeliverable
├── Throttled      try again after `seconds`
├── Unreachable    blocked, kicked, or never started: this chat is closed to us
├── Migrated       the chat has another id now
└── Rejected       the messenger will never take this message
    └── NotAllowed     they did not let us say it: no window is open, nothing was granted
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from bot.channels.messages import Capabilities
from data.delivery.inbound import InboundEvent, Sender
from data.delivery.messages import Purpose, Segment
from data.kernel.money import Money
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


class NotAllowed(Rejected):
    """Of this message only: the chat is open, and the next one may be said. Whoever knows another
    channel of the person may say it there."""


async def _nobody_asks(_names: tuple[str, ...]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message for one chat, which a messenger may have to show as several.

    `live`: it shows how something stands, and a later one takes its place.
    `edit_of` are the messenger's names of the parts it replaces; `shown` those of its own parts
    that an earlier try brought there already. `arrived` is told all names so far after each part
    but the last: whoever dies in the middle leaves one part at most that may come twice.
    """

    key: str
    chat: str
    kind: str
    segments: tuple[Segment, ...]
    reply_to: str | None = None
    live: bool = False
    edit_of: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    purpose: str = Purpose.REPLY
    arrived: Callable[[tuple[str, ...]], Awaitable[None]] = _nobody_asks


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody has pressed Pay below an invoice, and the messenger waits for our yes."""

    order_id: str
    amount: Money
    sender: Sender


# One raw update of an account ▸ the neutral event, or None for what is known and means nothing.
Reader = Callable[[dict[str, Any], ChannelAccount], InboundEvent | None]


class Channel(Protocol):
    """A live connection to one messenger account."""

    def can(self, kind: str) -> Capabilities:
        """What it shows in a `private` chat or in a `group`, as things stand now."""
        ...

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        """The messenger's names of all its parts, for later edits; raises Undeliverable."""
        ...


async def in_order(
    parcel: Parcel, count: int, say: Callable[[int], Awaitable[list[str]]]
) -> tuple[str, ...]:
    """Says so many parts one after the other, from the first that an earlier try did not bring
    there; `say` takes a part's place and gives the names of what arrived."""
    shown = list(parcel.shown)
    try:
        while len(shown) < count:
            shown += await say(len(shown))
            if len(shown) < count:
                await parcel.arrived(tuple(shown))
    except Undeliverable as problem:
        problem.shown = tuple(shown)
        raise
    return tuple(shown)


@runtime_checkable
class Acknowledging(Protocol):
    """A messenger that wants to know at once that an update has come."""

    async def acknowledge(self, update: Mapping[str, Any]) -> None: ...
