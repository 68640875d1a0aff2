"""What came in, in no messenger's words: the event a turn is taken for."""

from dataclasses import dataclass
from enum import StrEnum


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
class InboundEvent:
    """One thing a person did. `token` names the button pressed; `start` is a deep link's payload.

    `addressed`: it is said to us (private, a command, a mention, a reply to us, a press).
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
