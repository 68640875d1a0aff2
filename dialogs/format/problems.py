"""What is wrong in a flow file, and where: a code and its values; the words are in problems.*.yml.

Rendered as compilers do: `flows/gift.yml:12:7: error[unknown_slot] …`, then a hint.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path as File

from ruamel.yaml import YAML

from data.kernel.locales import Locale

NOTHING = "–"  # of what is wanted


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Lines and columns count from 1."""

    file: str = ""
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """`kinds` of values that are wanted here; each language has its own words for them."""

    code: str
    at: Position = Position()
    values: Mapping[str, str] = field(default_factory=dict)
    warning: bool = False
    kinds: tuple[str, ...] = ()

    def message(self, locale: Locale) -> str:
        return self._filled("message", locale)

    def hint(self, locale: Locale) -> str:
        """Where nothing is known that could have been meant, a code may have a hint of its own."""
        alone = self.values.get("wanted") == NOTHING and self._text("hint_alone", locale)
        return self._filled("hint_alone" if alone else "hint", locale)

    def render(self, locale: Locale) -> str:
        """One line as compilers print it, and the hint below."""
        where = f"{self.at.file}:{self.at.line}:{self.at.column}"
        kind = "warning" if self.warning else "error"
        hint = self.hint(locale)
        return f"{where}: {kind}[{self.code}] {self.message(locale)}" + (
            f"\n    {hint}" if hint else ""
        )

    def _filled(self, part: str, locale: Locale) -> str:
        text = self._text(part, locale)
        wanted = {"wanted": _any_of(self.kinds, locale)} if self.kinds else {}
        for name, value in {**self.values, **wanted}.items():
            text = text.replace("{" + name + "}", value)
        return text

    def _text(self, part: str, locale: Locale) -> str:
        return words(locale).get(self.code, {}).get(part, self.code if part == "message" else "")


class Problems(Exception):
    """Everything that is wrong in some files, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.at, problem.code))
        super().__init__(self.render(Locale.EN))

    def render(self, locale: Locale) -> str:
        return "\n".join(problem.render(locale) for problem in self.problems)


class FlowProblems(Problems):
    """They keep a flow set from loading."""


def _any_of(kinds: Iterable[str], locale: Locale) -> str:
    said = kind_words(locale)
    return " / ".join(dict.fromkeys(said.get(kind, kind) for kind in kinds))


@cache
def kind_words(locale: Locale) -> Mapping[str, str]:
    """What people call a kind of value in one language."""
    text = File(__file__).with_name(f"kinds.{locale}.yml").read_text(encoding="utf-8")
    loaded: Mapping[str, str] = YAML(typ="safe", pure=True).load(text)
    return loaded


@cache
def words(locale: Locale) -> Mapping[str, Mapping[str, str]]:
    """Code to message and hint in one language."""
    text = File(__file__).with_name(f"problems.{locale}.yml").read_text(encoding="utf-8")
    loaded: Mapping[str, Mapping[str, str]] = YAML(typ="safe", pure=True).load(text)
    return loaded
