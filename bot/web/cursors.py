"""How far a reader of chats has been told: the last event and the last message, as `12.34`."""

from dataclasses import dataclass

_DIGITS = 18  # what a database's integer surely holds


@dataclass(frozen=True, slots=True)
class Cursor:
    event: int = 0
    message: int = 0

    def __str__(self) -> str:
        return f"{self.event}.{self.message}"


def read_cursor(text: str) -> Cursor | None:
    """None for what we did not write."""
    event, dot, message = text.partition(".")
    if not dot or not _is_number(event) or not _is_number(message):
        return None
    return Cursor(int(event), int(message))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS
