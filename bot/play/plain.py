"""A story file's YAML with the place of everything in it, and what was found wrong so far."""

from collections.abc import Collection, Mapping
from typing import Any

from bot.play.story import StoryProblem
from bot.play.words import REFUSED, Check, Path, near
from dialogs.format import Position, Problem
from dialogs.format.reader import read


class Plain:
    """Read by the same careful reader as flow files: no anchors, no tags, 256 KB at most."""

    def __init__(self, file: str, written: str) -> None:
        self._source = read(file, written)
        self.problems: list[Problem] = list(self._source.problems)
        self.data: Any = self._source.data

    def at(self, path: Path, *, key: bool = False) -> Position:
        return self._source.at(path, key=key)

    def wrong(self, code: str, path: Path, *, key: bool = False, **values: str) -> None:
        self.tell(code, self.at(path, key=key), **values)

    def tell(self, code: str, at: Position, **values: str) -> None:
        wanted = values.pop("wanted", None)
        self.problems.append(StoryProblem(code, at, values, kinds=(wanted,) if wanted else ()))

    def passes(self, check: Check, value: Any, path: Path) -> bool:
        """Whether the word may have this behind it; else every reason is noted."""
        found = list(check(value))
        for below, code, values in found:
            self.wrong(code, (*path, *below), key=code == "unknown_key", **values)
        return not found

    def mapping(self, value: Any, path: Path, known: Collection[str] | None = None) -> Any:
        """The map that stands there; an empty one after telling that it is none."""
        if not isinstance(value, Mapping):
            self.wrong("kind", path, wanted="object")
            return {}
        for key in value:
            if known is not None and key not in known:
                self.unknown(key, (*path, key), known)
        return value

    def listed(self, value: Any, path: Path) -> list[Any]:
        if isinstance(value, list):
            return value
        self.wrong("kind", path, wanted="list")
        return []

    def unknown(self, key: str, path: Path, known: Collection[str]) -> None:
        """A word of Rasa's that we refuse has its own reason; others have the nearest we know."""
        if key in REFUSED:
            self.wrong(REFUSED[key], path, key=True, name=key)
            return
        self.wrong("unknown_key", path, key=True, name=key, known=near(key, known))
