"""What came in, in no messenger's words: the event a turn is taken for."""

from dataclasses import dataclass
from enum import StrEnum

from data.kernel.money import Money


class EventKind(StrEnum):
    """`UNKNOWN` is stored and harmless: a messenger may send what we do not know yet."""

    MESSAGE = "message"
    EDITED = "edited"
    ACTION = "action"
    JOINED = "joined"
    LEFT = "left"
    BOT_ADDED = "bot_added"
    BOT_REMOVED = "bot_removed"
    MIGRATED = "migrated"
    MEDIA = "media"
    LOCATION = "location"
    SHARED = "shared"
    REACTION = "reaction"
    PAID = "paid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sender:
    """What the messenger tells of a person; `timezone` is an IANA name that exists."""

    external_id: str
    name: str = ""
    locale: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class ChatRef:
    """`kind` is `private` or `group`; a private chat is called by its person's id."""

    external_id: str
    kind: str = "private"
    title: str = ""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a person's reaction to a message says from now on. `to`: the messenger's name of the
    message; without it the one called `mark` is taken back. `mark`: which of theirs, where each is
    told by itself. Of two tellings the one with the higher `told` is the later."""

    to: str
    likes: bool
    told: int = 0
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that a messenger says it took for an order. `name`: its own of this charge;
    `provider_ref`: that of the bank behind it, where it can be given back; `raw`: as told."""

    order_id: str
    amount: Money
    name: str
    provider_ref: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """One thing a person did. `token` names the button pressed; `start` is a deep link's payload.

    `addressed`: it is said to us (private, a command, a mention, a reply to us, a press).
    `numbered`: choices stand there with their numbers, so a number alone is a press of any.
    `press`: the messenger's name of a press that waits for an answer.
    `shared`: what was shared into this chat, by the name that we gave it.
    `reaction`: what somebody thinks of a message there.
    `paid`: what somebody has paid below an invoice of ours.
    """

    event_id: str
    kind: EventKind
    chat: ChatRef
    sender: Sender
    text: str = ""
    token: str | None = None
    start: str | None = None
    message_id: str | None = None
    addressed: bool = True
    migrated_to: str | None = None
    numbered: bool = False
    press: str | None = None
    shared: str | None = None
    reaction: Reaction | None = None
    paid: Charge | None = None
