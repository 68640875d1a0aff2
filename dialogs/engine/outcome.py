"""What the engine gives back: events to store, effects to carry out, an action to run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from data.kernel.ids import FlowSha
from data.kernel.locales import Locale
from dialogs.engine.state import NOTHING, State
from dialogs.format.domain import ResponseButton


class Event(NamedTuple):
    """Something that happened, for the log; analytics and tests read nothing else."""

    name: str
    flow: str = ""
    step: str = ""
    version: str = ""
    frame: int = 0
    data: Mapping[str, Any] = NOTHING

    def to_json(self) -> dict[str, Any]:
        return {
            "event": self.name,
            "flow": self.flow,
            "step": self.step,
            "version": self.version,
            "frame": self.frame,
            **({"data": dict(self.data)} if self.data else {}),
        }


class Say(NamedTuple):
    """Say a response of the flow set `version`. `values` fill its gaps and are what the slots held
    at that moment; `question` is the slot it asks for; `buttons` come after the response's own."""

    response: str
    version: FlowSha
    values: Mapping[str, Any] = NOTHING
    titles: Mapping[str, Mapping[Locale, str]] = NOTHING
    question: str | None = None
    buttons: tuple[ResponseButton, ...] = ()

    def values_for(self, locale: Locale) -> dict[str, Any]:
        """The gaps' values for one language; names of flows differ by language."""
        return {**self.values, **{name: title[locale] for name, title in self.titles.items()}}


@dataclass(frozen=True, slots=True)
class Post:
    """What an action wants to send, handed through in its place among the sentences."""

    message: Any


class RunAction(NamedTuple):
    """Run this action and give its ActionResult. `call` is unique in the conversation and makes
    its idempotency key; `values` hide the slots of the same name during this run."""

    name: str
    call: int
    flow: str
    step: str
    version: FlowSha
    slots: Mapping[str, Any]
    values: Mapping[str, Any] = NOTHING
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Remember that one of `events` about `key` wakes wait number `wait`, at the latest after
    `timeout` seconds. One that was told before wakes it as well, unless the flow `frame` has heard
    of it: of all up to the number `after` it has."""

    wait: int
    events: tuple[str, ...]
    key: str
    timeout: int
    frame: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Unwait:
    wait: int


@dataclass(frozen=True, slots=True)
class Handoff:
    """A person of the shop takes over; the bot is silent until HandBack."""


@dataclass(frozen=True, slots=True)
class GoPrivate:
    """This question, or where `slot` names none the whole flow, is not for a group: the flow has
    left this conversation and is to be started in the private one, with the values it had here."""

    slot: str
    flow: str
    version: FlowSha
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send again what the bot said last."""


Effect = Say | Post | Wait | Unwait | Handoff | GoPrivate | Repeat


class Outcome(NamedTuple):
    """`action`: run it and call `step` with its result. `failed`: the state is to be that of before
    the turn, and what the turn's actions did is to be undone."""

    state: State
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    action: RunAction | None = None
    failed: str | None = None
