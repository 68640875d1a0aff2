"""What of a flow can still be read when its shape is not whole: only the broken key, entry or step
is left out, so that names and ways are checked in all the rest.

What was left out is remembered: nothing that may only be unreadable is called missing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dialogs.format.flow import END, Path
from dialogs.format.reader import Source
from dialogs.format.shape import REFUSED_KEYS, alternative, schema

IGNORED = ("metadata", "file_path")
# Needed by the builder, and the rest can be checked whatever they say.
_STAND_INS = {
    "description": "-", "timeout": "PT1M", "if": "true", "then": END, "else": END, "next": END,
}  # fmt: skip
_WAYS = ("next", "then", "else", "on_timeout")
# A text behind these uses a name, and does not give one.
_USES = {"collect", "action", "call", "link", "utter", "key", "event", "if", "slot", *_WAYS}
_GAP = object()


@dataclass(slots=True)
class Readable:
    """`data` of a part, None when nothing is left. `moved`: its entries that stand further down in
    the file. `gaps`: where something is missing; `open_ways` if a way may have led from there."""

    data: Any = None
    moved: dict[Path, Path] = field(default_factory=dict)
    gaps: set[Path] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    open_ways: bool = False


def readable_flow(source: Source, name: str) -> Readable:
    """Of a file whose shape has been checked."""
    path: Path = ("flows", name)
    reading = _Reading(source)
    data = reading.read(source.value(path), schema()["$defs"]["flow"], path, path)
    reading.found.data = None if data is _GAP else data
    return reading.found


def words_in(data: Any) -> set[str]:
    """The names that an unreadable part may give to something."""
    if isinstance(data, dict):
        parts = [
            value for key, value in data.items() if not (key in _USES and isinstance(value, str))
        ]
        return {*data, *words_in(parts)}
    if isinstance(data, list):
        return {word for one in data for word in words_in(one)}
    return {data, *re.findall(r"[\w-]+", data)} if isinstance(data, str) else set()


class _Reading:
    """`path` is where something stands in the file, `here` where it comes to stand."""

    def __init__(self, source: Source) -> None:
        self._broken = source.broken
        self.found = Readable()

    def read(self, data: Any, rule: Mapping[str, Any], path: Path, here: Path) -> Any:
        if path in self._broken:
            return self._leave(data, here)
        found = alternative(data, rule)
        if found is None:
            return self._leave(data, here)
        if isinstance(data, dict):
            return self._mapping(data, found, path, here)
        return self._sequence(data, found, path, here) if isinstance(data, list) else data

    def _mapping(
        self, data: dict[str, Any], rule: Mapping[str, Any], path: Path, here: Path
    ) -> Any:
        kept = {}
        for key, value in data.items():
            if key in IGNORED:
                continue
            if not _is_known(key, rule):
                self._leave_unknown(key, value, here)
                continue
            inner = rule.get("properties", {}).get(key, _EVERY)
            read = self.read(value, inner, (*path, key), (*here, key))
            if key == "id" and isinstance(value, str):
                kept[key] = value  # however it is written, it is the step's name
            elif read is not _GAP:
                kept[key] = read
        return self._filled(kept, data, rule, here)

    def _filled(
        self, kept: dict[str, Any], data: dict[str, Any], rule: Mapping[str, Any], here: Path
    ) -> Any:
        for key in rule.get("required", ()):
            if key not in kept:
                if key not in _STAND_INS:
                    return self._leave(data, here)
                self._leave(None, (*here, key))
                kept[key] = _STAND_INS[key]
        return kept

    def _sequence(self, data: list[Any], rule: Mapping[str, Any], path: Path, here: Path) -> Any:
        kept: list[Any] = []
        for index, item in enumerate(data):
            place = (*here, len(kept))
            read = self.read(item, rule.get("items", _EVERY), (*path, index), place)
            if read is not _GAP:
                kept.append(read)
                self.found.moved[place] = (*path, index)
        return self._leave(None, here) if data and not kept else kept

    def _leave(self, data: Any, here: Path) -> object:
        self.found.gaps.add(here)
        self.found.words |= words_in(data)
        is_step = isinstance(here[-1], int) and here[-2] in ("steps", *_WAYS)
        self.found.open_ways |= is_step or here[-1] in _WAYS
        return _GAP

    def _leave_unknown(self, key: str, value: Any, here: Path) -> None:
        """What it was meant to be nobody knows: it may have been a `next`, or an `id`."""
        self.found.words |= words_in(value)
        if key not in REFUSED_KEYS and isinstance(value, str | list):
            self.found.gaps.add((*here, key))
            self.found.open_ways = True


_EVERY: Mapping[str, Any] = {}


def _is_known(key: str, rule: Mapping[str, Any]) -> bool:
    if rule.get("additionalProperties") is not False or key in rule["properties"]:
        return True
    return any(re.search(pattern, key) for pattern in rule.get("patternProperties", ()))
