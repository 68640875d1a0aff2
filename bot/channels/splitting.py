"""Long texts in pieces: at a paragraph if there is one, never inside a character."""

import re
import unicodedata
from collections.abc import Callable
from itertools import takewhile

_BREAKS = ("\n\n", "\n", "。", "！", "？", ". ", " ")
_LEAST = 4  # a piece shorter than a quarter of what fits looks torn off
_LONGEST_CHARACTER = 16  # code points: a family with its skins has eleven
_JOINER, _STACKER = "\u200d", 9  # the second: the combining class of what ties two letters in one
# What goes on with the character before it, besides marks: joiner, skins, the letters in a flag of
# a region, the vowels and endings of a Korean syllable, two vowels of Thai and Lao (UAX 29).
_GOES_ON = re.compile(
    "[\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\u1160-\u11ff\ud7b0-\ud7fb\u0e33\u0eb3]"
)


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
        if place > 0 and _is_between(text, place + len(mark)):
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
    places = range(most, max(most - _LONGEST_CHARACTER, 0), -1)
    return next((place for place in places if _is_between(text, place)), most)


def _is_between(text: str, place: int) -> bool:
    if place == len(text):
        return True
    before, mark = text[place - 1], text[place]
    if _goes_on(mark) or before == _JOINER or unicodedata.combining(before) == _STACKER:
        return False
    return not _is_flag(mark) or _flags_before(text, place) % 2 == 0


def _goes_on(mark: str) -> bool:
    return bool(_GOES_ON.match(mark)) or unicodedata.category(mark) in ("Mn", "Me", "Mc")


def _flags_before(text: str, place: int) -> int:
    """Two such letters are one country's flag, and flags may stand side by side."""
    return sum(1 for _ in takewhile(_is_flag, reversed(text[:place])))


def _is_flag(mark: str) -> bool:
    return "\U0001f1e6" <= mark <= "\U0001f1ff"
