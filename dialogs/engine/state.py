"""Where a conversation stands: a frozen snapshot, from which the next turn is computed.

A stack of frames, top last. A *group* is a root frame (regular, interrupt, link) with the flows
it called above it; patterns stand on top and belong to nobody. A group under another that uses
the same slots keeps its own values in `stash`, so that a digression never mixes two answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from data.kernel.ids import FlowSha

NOTHING: Mapping[str, Any] = MappingProxyType({})


class FrameKind(StrEnum):
    REGULAR = "regular"
    INTERRUPT = "interrupt"
    LINK = "link"
    CALL = "call"
    PATTERN = "pattern"
    ACT = "act"  # one action beside all flows: a press on a shared object


class Mode(StrEnum):
    BOT = "bot"
    HUMAN = "human"


class ChatKind(StrEnum):
    PRIVATE = "private"
    GROUP = "group"


class Frame(NamedTuple):
    """One flow being walked. `trail`: steps visited, in order; `barrier`: how many of them can no
    longer be corrected; `quiet`: when it ends, the question below is not asked again; `heard`: the
    number of the outside's event that woke it last, so that none wakes it twice.

    A tuple, as all that a turn makes by the dozen: a frozen dataclass takes three times as long.
    """

    id: int
    flow: str
    step: str
    kind: FrameKind
    version: FlowSha
    trail: tuple[str, ...] = ()
    barrier: int = 0
    context: Mapping[str, Any] = NOTHING
    stash: Mapping[str, Any] = NOTHING
    quiet: bool = False
    heard: int = 0

    @property
    def is_root(self) -> bool:
        return self.kind in (FrameKind.REGULAR, FrameKind.INTERRUPT, FrameKind.LINK)


@dataclass(frozen=True, slots=True)
class Parked:
    """A group that waits for an event. `slots`: its values, kept apart meanwhile.
    `ready`: the event came while a person had the chat or an action was under way."""

    wait: int
    events: tuple[str, ...]
    key: str
    frames: tuple[Frame, ...]
    slots: Mapping[str, Any] = field(default_factory=dict)
    ready: tuple[str, Mapping[str, Any]] | None = None


class Asking(StrEnum):
    """Why an action is run, so that its result goes the right way."""

    STEP = "step"
    QUESTION = "question"
    VALIDATION = "validation"
    ACT = "act"


class Pending(NamedTuple):
    """The engine stands still until this action's result is given: at once, or between turns.
    `frame` is on top meanwhile. `spent`: steps of this turn, counted on after it."""

    action: str
    call: int
    frame: int
    why: Asking
    spent: int


class State(NamedTuple):
    """`serial` numbers frames, waits and calls; unique within the conversation for all time.
    `lapsed`: the flow that ended because nobody went on with it, until that has been told."""

    stack: tuple[Frame, ...] = ()
    slots: Mapping[str, Any] = NOTHING
    parked: tuple[Parked, ...] = ()
    mode: Mode = Mode.BOT
    chat_kind: ChatKind = ChatKind.PRIVATE
    pending: Pending | None = None
    serial: int = 0
    lapsed: str = ""
