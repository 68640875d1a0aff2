"""Text for machines: NFKC, lower case, Simplified letters; people never see it.

Every folded letter remembers which letter of the original it came from, so that answers can
quote the person. The letter table is derived from OpenCC and checked against it in the tests:
OpenCC itself takes 27 MB and 0.1 s, the table half a megabyte.
"""

import json
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_TABLE = Path(__file__).parent / "weights" / "letters.json"
# Typographic marks that NFKC leaves alone but people type for the plain ones.
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "〜": "~"})
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f")
_CACHED_LETTERS = 4096


@dataclass(frozen=True, slots=True)
class Letters:
    """`simpler` maps Traditional letters; the sets hold letters that only one script writes."""

    simpler: dict[int, str]
    only_traditional: frozenset[str]
    only_simplified: frozenset[str]


@dataclass(frozen=True, slots=True)
class Folded:
    text: str
    original: str
    origins: tuple[int, ...] | None
    """For each folded letter its place in the original; None where both are alike."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original for a non-empty stretch of the folded text."""
        if self.origins is None:
            return start, end
        return self.origins[start], self.origins[end - 1] + 1


@cache
def letters() -> Letters:
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    pairs = dict(zip(table["traditional"], table["simplified"], strict=True))
    return Letters(
        simpler={ord(letter): simple for letter, simple in pairs.items()},
        only_traditional=frozenset(pairs),
        only_simplified=frozenset(table["only_simplified"]),
    )


def fold(text: str, at_most: int | None = None) -> Folded:
    """Fold a text, or the first letters of a long one."""
    if text.isascii():
        return Folded(text[:at_most].lower(), text, None)
    folded: list[str] = []
    origins: list[int] = []
    for place, letter in enumerate(text[:at_most]):
        plain = _fold_letter(letter)
        folded.append(plain)
        origins.extend([place] * len(plain))
    return Folded("".join(folded), text, tuple(origins))


def folded(text: str) -> str:
    """For word lists and labels, where offsets do not matter."""
    return fold(text).text


@lru_cache(maxsize=_CACHED_LETTERS)
def _fold_letter(letter: str) -> str:
    if letter in _INVISIBLE:
        return ""
    if letter.isdecimal():  # digits of every script: patterns and arithmetic know ASCII's
        return str(unicodedata.decimal(letter))
    plain = unicodedata.normalize("NFKC", letter).lower().translate(_PLAIN)
    return plain.translate(letters().simpler)
