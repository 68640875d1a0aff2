"""What a shopper's words name: the commonest goods by any of their names, and the other words.

`sought.json` knows the names, in three languages, and the words that are neither: 个, 条, please.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from data.catalogue.questions import Place, Term, Wish
from data.catalogue.tokens import Tokenise, is_han, runs, telling, without_colour

_MOST_RUNS = 48  # of one query: a long message is not a more precise one


@dataclass(frozen=True, slots=True)
class Sought:
    """Wishes, in the order of what was said."""

    goods: tuple[Wish, ...]
    words: tuple[Wish, ...]


def sought_in(cut: Tokenise, query: str) -> Sought:
    """Without measures and politeness, unless nothing else was said."""
    said = runs(query)[:_MOST_RUNS]
    parts = list(_parts(said)) or [(run, None) for run in said]
    goods = [name for _, name in parts if name is not None]
    words = [word for word, name in parts if name is None]
    return Sought(
        tuple(dict.fromkeys(_goods(cut, name) for name in goods)),
        tuple(dict.fromkeys(wish for word in words if (wish := _word(cut, word)).terms)),
    )


def _parts(said: list[str]) -> Iterator[tuple[str, int | None]]:
    """Each piece of the query, and the number of the goods that it names."""
    for han, stretch in groupby(said, key=is_han):
        if han:
            for run in stretch:
                yield from _chinese(run)
        else:
            yield from _others(list(stretch))


def _others(words: list[str]) -> Iterator[tuple[str, int | None]]:
    """The longest name that begins here, else the word itself."""
    names, around, longest = _names(), _around(), _longest_name()
    at = 0
    while at < len(words):
        for size in range(min(longest, len(words) - at), 0, -1):
            said = " ".join(words[at : at + size])
            if said in names:
                yield said, names[said]
                at += size
                break
        else:
            if words[at] not in around:
                yield words[at], None
            at += 1


def _chinese(run: str) -> Iterator[tuple[str, int | None]]:
    names, patterns = _names(), _patterns()
    for piece in patterns.around.split(run):
        place = 0
        for found in patterns.names.finditer(piece):
            yield from _rest(piece[place : found.start()])
            yield found.group(), names[found.group()]
            place = found.end()
        if len(piece) == 1 and piece in names:  # 包 is a bag and a measure
            yield piece, names[piece]
        else:
            yield from _rest(piece[place:])


def _rest(stretch: str) -> Iterator[tuple[str, int | None]]:
    """What is no name of two characters; one of a single character counts only alone."""
    names, patterns = _names(), _patterns()
    counted_off = patterns.counted.sub("", stretch)
    bare = patterns.light.sub("", counted_off)  # 买把伞
    if len(bare) > 1 and bare[0] in _table()["colours"] and bare[1:] in names:
        yield bare[0], None  # 蓝杯
        bare = bare[1:]
    if bare in names:
        yield bare, names[bare]
    elif bare:
        yield counted_off, None


def _word(cut: Tokenise, word: str) -> Wish:
    """条裙子 may be measure and thing, 双肩包 is not: both readings count; so do 红色 and 红."""
    readings = [word]
    if len(bare := _patterns().light.sub("", word)) > 1:
        readings.append(bare)
    readings.append(without_colour(word))
    return Wish(_terms(cut, filter(_tells, dict.fromkeys(readings))))


def _tells(reading: str) -> bool:
    """水 alone is in 墨水, 防水 and 淡水珍珠: of what is no goods, only colours are that short."""
    return len(reading) > 1 or not is_han(reading) or reading in _table()["colours"]


@cache
def _goods(cut: Tokenise, number: int) -> Wish:
    group = _table()["goods"][number]
    same = _terms(cut, group["same"])
    either = _terms(cut, [*group["same"], *group.get("kinds", [])])
    never = _terms(cut, group.get("never", []))
    return Wish(either, Place.LABEL, same, never)


def _terms(cut: Tokenise, texts: Iterable[str]) -> tuple[Term, ...]:
    terms = (tuple(telling(cut(text))) for text in texts)
    return tuple(dict.fromkeys(term for term in terms if term))


@dataclass(frozen=True, slots=True)
class _Patterns:
    names: re.Pattern[str]  # of two characters and more, the longest first
    around: re.Pattern[str]
    counted: re.Pattern[str]  # 两个 before the thing, 一对 behind it
    light: re.Pattern[str]  # what may stand before a thing and be no part of its name


@cache
def _patterns() -> _Patterns:
    table = _table()
    count = f"[{table['numbers']}]+[{table['measures']}]"
    return _Patterns(
        _any_of(name for name in _names() if len(name) > 1),
        _any_of(table["around"]),
        re.compile(f"^{count}|(?<=..){count}$"),
        re.compile(f"^[{table['openers']}]?(?:{count}|[{table['measures']}])?"),
    )


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    han = sorted(filter(is_han, words), key=len, reverse=True)
    return re.compile("|".join(han))


@cache
def _names() -> dict[str, int]:
    """Every name, its words as the index cuts them, and the place of its goods in the table."""
    return {
        " ".join(runs(name)): number
        for number, group in enumerate(_table()["goods"])
        for name in group["same"]
    }


@cache
def _longest_name() -> int:
    return max(len(name.split()) for name in _names())


@cache
def _around() -> frozenset[str]:
    return frozenset(run for word in _table()["around"] for run in runs(word))


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("sought.json").read_text("utf-8"))
    return table
