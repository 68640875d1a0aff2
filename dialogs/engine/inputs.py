"""Everything that can happen to a conversation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data.kernel.ids import FlowSha
from dialogs.engine.commands import Command
from dialogs.engine.outcome import Effect

TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, already understood. `about`: how, for the log alone (link, confidence, intent).
    `version`: of the flow that it leads away from, where it leads from one chat into another; the
    flows that it starts are of that one."""

    commands: tuple[Command, ...]
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)
    version: FlowSha | None = None


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What an action did: slots to set, effects in its place (Post, Say), commands to go on with.
    `failed` names why it could not do its work; then the turn is undone."""

    slots: Mapping[str, Any] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    commands: tuple[Command, ...] = ()
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class ActionAnswered:
    """An action that ran between turns has answered; `call` is the number of its RunAction."""

    call: int
    result: ActionResult


@dataclass(frozen=True, slots=True)
class ActionFailed:
    """It never will. `hopeless`: apologising for it broke as well, so everything is dropped."""

    call: int
    reason: str
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Happened:
    """An event from outside (payment_paid …, or `timeout`), found by the wait's number or, without
    one, by its name and the object it is about. `number`: the higher, the later it was told."""

    event: str
    key: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    wait: int | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A flow that waited in another conversation of theirs goes on here: the group as a snapshot
    has it, and what woke it."""

    group: Mapping[str, Any]
    told: Happened


@dataclass(frozen=True, slots=True)
class HandOver:
    """Staff has answered or taken the chat."""


@dataclass(frozen=True, slots=True)
class HandBack:
    """Staff gives the chat back, or their time ran out."""


@dataclass(frozen=True, slots=True)
class StartPattern:
    """Run a pattern from outside: pattern_session_start for a newcomer, pattern_search …"""

    flow: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The turn broke: go on from the state before it with pattern_internal_error. `taken`: what
    was taken in without a word of the person; it does not come again, so what it woke ends.
    `hopeless`: apologising for it broke as well, so everything is dropped."""

    reason: str
    taken: Happened | HandBack | None = None
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """From one version to another: flow to old step to new step."""

    old: str
    new: str
    flows: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Moved:
    """Between two turns: flows under way go on in other versions, or begin again because theirs
    is `lost`."""

    ways: tuple[Way, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Between two turns: nobody went on for so long that what was under way ends."""


@dataclass(frozen=True, slots=True)
class GivenAway:
    """Between two turns: what waits under this number goes on in another conversation."""

    wait: int


Change = Moved | Lapsed | GivenAway
Between = ActionAnswered | ActionFailed
Outside = Happened | TakenOver | HandOver | HandBack
Input = Heard | ActionResult | Between | Outside | StartPattern | Failed
