"""Long texts in pieces: at a paragraph if there is one, never inside a character."""

import unicodedata
from collections.abc import Callable

_BREAKS = ("\n\n", "\n", "。", "！", "？", ". ", " ")
_LEAST = 4  # a piece shorter than a quarter of what fits looks torn off
_JOINER, _LONGEST_CHARACTER = "\u200d", 16


def split(text: str, limit: int, length: Callable[[str], int]) -> list[str]:
    """Pieces of at most `limit`, as `length` counts; nothing but white space is lost."""
    pieces: list[str] = []
    rest = text.strip()
    while rest:
        cut = _cut(rest, limit, length)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [piece for piece in pieces if piece]


def _cut(text: str, limit: int, length: Callable[[str], int]) -> int:
    if length(text) <= limit:
        return len(text)
    most = _fitting(text, limit, length)
    for mark in _BREAKS:
        place = text.rfind(mark, most // _LEAST, most)
        if place > 0:
            return place + len(mark)
    return _between_characters(text, most)


def _fitting(text: str, limit: int, length: Callable[[str], int]) -> int:
    """The most code points from the start that fit: at least one, so that there is an end."""
    low, high = 1, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(text[:middle]) <= limit else (low, middle - 1)
    return low


def _between_characters(text: str, most: int) -> int:
    """Back to where a character ends: emoji of several code points and accents stay whole."""
    for place in range(most, max(most - _LONGEST_CHARACTER, 0), -1):
        if not _belongs(text[place]) and text[place - 1] != _JOINER:
            return place
    return most


def _belongs(mark: str) -> bool:
    modifier = "\U0001f3fb" <= mark <= "\U0001f3ff"
    return mark == _JOINER or modifier or unicodedata.category(mark) in ("Mn", "Me", "Mc")
