"""Whose day it is, where no relation says so: "Tom's birthday", 小李的生日, and one's own.

A name is known only by what stands around it, so this reads little: a birthday or an anniversary
must follow at once. What is taken by a relation already (mum, 朋友) is left alone.
"""

import re
from functools import cache

from dialogs.understanding.folding import Folded
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.values.reading import Reading

_DAYS = ("occasions.birthday", "occasions.anniversary")
_WORD = r"[a-z][a-z.-]{0,30}"
_HAN = re.compile(r"[一-鿿]")
_SHORTEST, _LONGEST = 2, 4  # letters of a Chinese name
_REACH = 12


def read_names(reading: Reading, folded: Folded) -> None:
    if not any(value.kind == "occasion" for value in reading.values):
        return
    for match in _own().finditer(reading.text):
        reading.take("own", match.start("who"), match.end("who"), {"value": "self"})
    for match in _english().finditer(reading.text):
        _take(reading, folded, *_trimmed(folded, match.start("name"), match.end("name")))
    for match in _day().finditer(reading.text):
        _take(reading, folded, *_before(reading, match.start()))


def _take(reading: Reading, folded: Folded, start: int, end: int) -> None:
    word = reading.text[start:end]
    if not word or word in _never() or any(sign in word for sign in _signs()):
        return
    begin, stop = folded.span(start, end)
    reading.take("name", start, end, {"value": folded.original[begin:stop]})


def _trimmed(folded: Folded, start: int, end: int) -> tuple[int, int]:
    """Of the words before the 's only those written as a name, else the last: "of Xiao Li"."""
    words = list(re.finditer(_WORD, folded.text[start:end]))
    first = words[-1].start()
    for word in reversed(words):
        begin, _stop = folded.span(start + word.start(), start + word.end())
        if word[0] in _never() or not folded.original[begin].isupper():
            break
        first = word.start()
    return start + first, end


def _before(reading: Reading, end: int) -> tuple[int, int]:
    """The letters before a Chinese birthday, back to a mark, a value or a word that opens."""
    start = end
    while start > max(0, end - _REACH) and _HAN.match(reading.text[start - 1]):
        if not reading.free(start - 1, start):
            break
        start -= 1
    for opening in _opening().finditer(reading.text, start, end):
        if end - opening.end() >= _SHORTEST:
            start = opening.end()
    return (start, end) if _SHORTEST <= end - start <= _LONGEST else (end, end)


@cache
def _english() -> re.Pattern[str]:
    day = lexicon().pattern(*_DAYS)
    nth = r"(?:\d{1,3}(?:st|nd|rd|th)\s+)?"
    of = rf"(?:'s?\s+{nth}|\s?的)"
    return re.compile(rf"(?<![a-z0-9'])(?P<name>{_WORD}(?:\s+{_WORD}){{0,2}}){of}(?={day})")


@cache
def _day() -> re.Pattern[str]:
    return re.compile(rf"\s?的?(?={lexicon().pattern(*_DAYS)})")


@cache
def _opening() -> re.Pattern[str]:
    return re.compile(lexicon().pattern("name_before"))


@cache
def _own() -> re.Pattern[str]:
    day = lexicon().pattern(*_DAYS)
    mine = rf"(?<![一-鿿])我(?:自己)?的?(?={day})|(?<![a-z])my(?:\s+own)?(?=\s+{day})"
    return re.compile(rf"(?P<who>{mine})")


@cache
def _never() -> frozenset[str]:
    return frozenset(lexicon().of("name_never"))


@cache
def _signs() -> tuple[str, ...]:
    """Letters that no name is written with; a sentence is."""
    return lexicon().of("name_signs")
