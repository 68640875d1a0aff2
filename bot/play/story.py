"""What a story is: cases, steps, and what is wrong in one, each with the line it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.web.wording import say
from data.kernel.locales import Locale
from dialogs.format import Position, Problem, Problems

PRIVATE = "private"


class StoryProblem(Problem):
    """A mistake in a story file; its words are in bot/locales (stories.po)."""

    def _text(self, part: str, locale: Locale) -> str:
        return say(f"story.{self.code}.{part}", locale)


class StoryError(Problems):
    """They keep a file from being acted."""


@dataclass(frozen=True, slots=True)
class Step:
    """`kind` is one word of words.DOES or words.EXPECTS, `value` what stands behind it; `about`
    holds what stands beside it: outcome, message_id, metadata."""

    kind: str
    value: Any
    who: str | None
    where: str | None
    at: Position
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{self.at.file}:{self.at.line}"


@dataclass(frozen=True, slots=True)
class Given:
    """A slot that is filled before the first word, and where the story says so."""

    slot: str
    value: Any
    at: Position


@dataclass(frozen=True, slots=True)
class Stub:
    """What an action of the merchant's answers in this story instead of being run."""

    action: str
    slots: Mapping[str, Any]
    responses: tuple[Mapping[str, Any], ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Story:
    """One case. `folder` is where its file stands; None if it stands in no folder of ours."""

    name: str
    steps: tuple[Step, ...]
    locale: str
    where: str
    start: datetime
    at: Position
    folder: Path | None = None
    fixtures: tuple[Given, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    stubs: tuple[Stub, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.at.file}:{self.at.line}"
