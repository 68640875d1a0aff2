"""The text being read, and who has taken which letters of it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from data.kernel.locales import Locale


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when it was said."""

    today: date
    locale: Locale
    currency: str = "USD"


@dataclass(slots=True)
class Value:
    """A value found; offsets in the folded text."""

    kind: str
    start: int
    end: int
    fields: dict[str, Any]


@dataclass(slots=True)
class Reading:
    text: str
    setting: Setting
    values: list[Value] = field(default_factory=list)
    _taken: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._taken = bytearray(len(self.text))

    def free(self, start: int, end: int) -> bool:
        return start < end and not any(self._taken[start:end])

    def take(self, kind: str, start: int, end: int, fields: dict[str, Any]) -> bool:
        """Claim these letters; False when another value has some of them already."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if not self.free(start, end):
            return False
        self._taken[start:end] = b"\1" * (end - start)
        self.values.append(Value(kind, start, end, fields))
        return True

    def drop(self, value: Value) -> None:
        """Give its letters back: a wider value will stand in its place."""
        self.values.remove(value)
        self._taken[value.start : value.end] = bytes(value.end - value.start)
