"""A story that does not hold: where, what was wished, what was there, and how it came to that."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bot.web.wording import say
from data.kernel.locales import Locale

_LONGEST_LINE = 400


class Cut(StrEnum):
    """Why a story was not acted to its end, where that was not its own doing."""

    LATE = "late"
    MEMORY = "memory"
    BROKEN = "broken"  # the process that acted it


@dataclass(frozen=True, slots=True)
class Failure:
    """`chats`: each chat that had a part in it, with its last lines. `cut`: the story came to no
    end, and `expected` is the limit that it met."""

    place: str
    expected: str
    got: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    chats: tuple[tuple[str, tuple[str, ...]], ...] = ()
    cut: Cut | None = None

    def render(self, locale: Locale) -> str:
        if self.cut is not None:
            return say(f"story.cut_{self.cut}", locale, place=self.place, most=self.expected)
        lines = [say("story.expected", locale, place=self.place, expected=self.expected)]
        lines += _part(say("story.got", locale), self.got or ("-",))
        if self.events:
            lines += _part(say("story.last_events", locale), self.events)
        for chat, said in self.chats:
            lines += _part(say("story.chat", locale, chat=chat), said)
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Failure":
        return cls(
            body["place"],
            body["expected"],
            tuple(body["got"]),
            tuple(body["events"]),
            tuple((chat, tuple(lines)) for chat, lines in body["chats"]),
            Cut(body["cut"]) if body.get("cut") else None,
        )


def _part(title: str, lines: tuple[str, ...]) -> list[str]:
    short = (line[:_LONGEST_LINE] for one in lines for line in one.splitlines() or [""])
    return [f"  {title}", *(f"    {line}" for line in short)]


class StoryFailed(AssertionError):
    """`gift.yml:9 expected …`, what was got instead, the last events, and the chats."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.render(Locale.EN))
        self.failure = failure
