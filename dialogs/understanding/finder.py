"""Finds the forms of many word lists in one pass over a text; the longest form wins."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """`list` and `name` say where the form stands: `relations`, `mother`."""

    start: int
    end: int
    list: str
    name: str


class WordFinder:
    """Chinese forms match anywhere, Latin forms only as whole words ("son" is not in "person")."""

    def __init__(self, forms: Iterable[tuple[str, str, str]]) -> None:
        by_letter: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for form, kind, name in forms:
            by_letter[form[0]].setdefault(form, (kind, name))
        self._by_letter = {
            letter: sorted(found.items(), key=lambda item: -len(item[0]))
            for letter, found in by_letter.items()
        }

    def find(self, text: str) -> Iterator[Hit]:
        """From left to right, never overlapping."""
        place = 0
        while place < len(text):
            hit = self._at(text, place)
            if hit:
                yield hit
            place = hit.end if hit else place + 1

    def _at(self, text: str, place: int) -> Hit | None:
        for form, (kind, name) in self._by_letter.get(text[place], ()):
            if text.startswith(form, place) and _stands_alone(text, place, place + len(form)):
                return Hit(place, place + len(form), kind, name)
        return None


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not (_glued(text, start) or _glued(text, end))


def _glued(text: str, border: int) -> bool:
    """Whether a Latin word or a number goes on across this border."""
    if border in (0, len(text)):
        return False
    before, after = text[border - 1], text[border]
    return _latin(before) and _latin(after)


def _latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()
