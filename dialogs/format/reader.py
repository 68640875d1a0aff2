"""Reads one YAML file into plain data, remembering where everything stood.

No anchors, aliases or tags; 256 KB and 20 levels at most (T27). Scalars follow YAML 1.2: `yes`
is a word, only true and false are booleans. A key given twice is a mistake.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from dialogs.format.flow import Path
from dialogs.format.following import followed
from dialogs.format.problems import Position, Problem
from dialogs.format.syntax import CONTROL, explain

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
_SMALL = 16 * 1024  # characters; the largest of the shipped files has 10,735

# Bytes that were no UTF-8, as Python keeps them; UTF-16 without its mark begins with a zero.
_NOT_UTF8 = re.compile(r"\A[^\0]?\0|[\udc80-\udcff]")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"[-+]?(?:\d{1,17}\.\d{0,17}|\.\d{1,17})(?:[eE][-+]?\d{1,2})?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {word: word.lower() == "true" for word in ("true", "True", "TRUE")}
_WORDS |= dict.fromkeys(("false", "False", "FALSE"), False)


@dataclass(slots=True)
class Source:
    """One file: its data, the place of each value, the place of each key, what is wrong."""

    file: str
    data: Any = None
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    text: str = ""
    broken: set[Path] = field(default_factory=set)  # what has the wrong shape, or is not there

    def at(self, path: Path, *, key: bool = False) -> Position:
        """The place of a value (or its key), or of the nearest thing around it."""
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Position(self.file))

    def inside(self, path: Path, value: str, offset: int) -> Position:
        """The place of a character of a text; where it cannot be followed, that of the text."""
        start = self.at(path)
        lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", self.text)
        index = sum(map(len, lines[: start.line - 1])) + start.column - 1
        found = followed(self.text, index, value, offset)
        return start if found is None else place_of(self.file, self.text, found)

    def is_broken(self, path: Path) -> bool:
        """Whether the shape of this part is wrong somewhere."""
        return any(one[: len(path)] == path for one in self.broken)

    def value(self, path: Path) -> Any:
        """What stands there."""
        found = self.data
        for part in path:
            found = found[part]
        return found


def place_of(file: str, text: str, index: int) -> Position:
    """The line and column of a character."""
    before = re.split(r"\r\n|\r|\n", text[:index])
    return Position(file, len(before), len(before[-1]) + 1)


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def read(file: str, text: str) -> Source:
    """The data is None when the file could not be read; `problems` says why."""
    return (_read_small if len(text) <= _SMALL else _read_large)(file, text)


def _read(file: str, text: str) -> Source:
    source = Source(file, text=text)
    if (odd := _NOT_UTF8.search(text)) is not None:
        source.problems.append(Problem("not_utf8", place_of(file, text, odd.start())))
        return source
    if len(text.encode()) > MAX_BYTES:
        source.problems.append(Problem("file_too_large", Position(file), {"limit": "256 KB"}))
        return source
    try:
        source.data = _Reading(source, text).document()
    except _Refused as refused:
        source.problems.append(refused.problem)
    except YAMLError as error:
        source.problems.append(explain(file, text, error))
    return source


# An editor, a shop that opens and a trial read again and again what hardly changed. What is kept
# must hold more than the files of one set: read in turn, each would push out the one read next.
_read_small = lru_cache(maxsize=256)(_read)
_read_large = lru_cache(maxsize=16)(_read)


class _Reading:
    """One walk over the parser's events builds the data; nothing is expanded on the way."""

    def __init__(self, source: Source, text: str) -> None:
        self._source = source
        self._events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))

    def document(self) -> Any:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                data = self._node(next(self._events), (), 1)
                self._end()
                return data
        return None

    def _end(self) -> None:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                raise self._refused("yaml_two_documents", event)

    def _refused(self, code: str, event: Event, **values: str) -> _Refused:
        return _Refused(Problem(code, self._position(event), values))

    def _position(self, event: Event) -> Position:
        mark: StringMark = event.start_mark
        return Position(self._source.file, mark.line + 1, mark.column + 1)

    def _node(self, event: Event, path: Path, depth: int) -> Any:
        self._check(event, depth)
        self._source.values[path] = self._position(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path, depth)
        assert isinstance(event, ScalarEvent)  # noqa: S101  # nothing else starts a node
        return _resolve(event)

    def _check(self, event: Event, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self._refused("yaml_too_deep", event)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise self._refused("yaml_anchor", event)
        if getattr(event, "ctag", None) is not None:
            raise self._refused("yaml_tag", event)
        sign = CONTROL.search(str(getattr(event, "value", None) or ""))
        if sign is not None:  # an escape says what the file itself may not hold: half a character
            raise self._refused("yaml_control", event, near=f"U+{ord(sign[0]):04X}")

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while isinstance(event := next(self._events), ScalarEvent | AliasEvent):
            self._check(event, depth)
            name = str(getattr(event, "value", ""))
            if name in data:
                where = self._position(event)
                self._source.problems.append(Problem("duplicate_key", where, {"name": name}))
            self._source.keys[(*path, name)] = self._position(event)
            data[name] = self._node(next(self._events), (*path, name), depth + 1)
        if event.__class__.__name__ != "MappingEndEvent":
            raise self._refused("yaml_key", event)
        return data

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        data: list[Any] = []
        while (event := next(self._events)).__class__.__name__ != "SequenceEndEvent":
            data.append(self._node(event, (*path, len(data)), depth + 1))
        return data


def _resolve(event: ScalarEvent) -> Any:
    text = str(event.value)
    if not event.implicit[0]:  # quoted, or a block: always text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
