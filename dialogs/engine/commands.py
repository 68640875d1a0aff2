"""What understanding proposes and the engine carries out; the words are Rasa CALM's."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class StartFlow:
    flow: str


@dataclass(frozen=True, slots=True)
class SetSlot:
    """`append` adds to a list slot (one more exclusion) where plain setting would replace it."""

    slot: str
    value: Any
    append: bool = False


@dataclass(frozen=True, slots=True)
class CorrectSlots:
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CancelFlow:
    pass


@dataclass(frozen=True, slots=True)
class Clarify:
    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SkipQuestion:
    pass


@dataclass(frozen=True, slots=True)
class GoBack:
    """Open the question before this one again."""


@dataclass(frozen=True, slots=True)
class RepeatLast:
    pass


@dataclass(frozen=True, slots=True)
class Restart:
    pass


@dataclass(frozen=True, slots=True)
class HumanHandoff:
    pass


@dataclass(frozen=True, slots=True)
class ChitChat:
    """`response` names the sentence that answers this small talk, if one was recognised."""

    response: str | None = None


@dataclass(frozen=True, slots=True)
class CannotHandle:
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """A press that goes straight to a shared object (join this team): runs one allowed action
    with these slots, and leaves the person's own flow as it is."""

    action: str
    values: dict[str, Any] = field(default_factory=dict)


Command = (
    StartFlow
    | SetSlot
    | CorrectSlots
    | CancelFlow
    | Clarify
    | SkipQuestion
    | GoBack
    | RepeatLast
    | Restart
    | HumanHandoff
    | ChitChat
    | CannotHandle
    | Act
)
