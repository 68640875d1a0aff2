"""The word lists of all languages, merged: people mix languages within one message.

A list is one line of YAML, forms divided by commas: `mother: mum, mom, 妈妈`. Nested names are
joined by dots: `relations.mother`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dialogs.understanding.finder import WordFinder
from dialogs.understanding.folding import folded

LANGUAGES = Path(__file__).parent.parent / "language"
_LISTS = ("words.yml", "values.yml")
_CONCEPTS = "concepts.yml"
_COMMA = re.compile(r"\s*[,，]\s*")
# Found in one pass, the longest first: "Mother's Day" is no mother.
_FOUND = (
    "relations", "occasions", "festivals", "interests", "contents", "colours", "sizes", "ignore",
)  # fmt: skip
_LATIN_START, _LATIN_END = r"(?<![a-z0-9])", r"(?![a-z0-9])"


@dataclass(frozen=True)
class Lexicon:
    """`forms["relations.mother"]` holds every folded form of every language."""

    forms: Mapping[str, tuple[str, ...]]

    def of(self, name: str) -> tuple[str, ...]:
        return self.forms.get(name, ())

    def section(self, name: str) -> dict[str, tuple[str, ...]]:
        """Every list under a name: `section("relations")["mother"]`."""
        head = f"{name}."
        return {
            key[len(head) :]: forms for key, forms in self.forms.items() if key.startswith(head)
        }

    def pattern(self, *names: str) -> str:
        """A group that matches any form of these lists, the longest first, as whole words."""
        return any_of(form for name in names for form in self.of(name))

    @cached_property
    def international(self) -> frozenset[str]:
        return frozenset(self.of("international"))

    @cached_property
    def finder(self) -> WordFinder:
        return WordFinder(
            (form, kind, value)
            for kind in _FOUND
            for value, forms in self.section(kind).items()
            for form in (_owning(forms) if kind == "relations" else forms)
        )


def _owning(forms: tuple[str, ...]) -> Iterator[str]:
    """ "mums birthday": many leave the apostrophe out."""
    yield from forms
    yield from (f"{form}s" for form in forms if form.isascii() and form[-1] != "s")


def any_of(forms: Iterator[str] | tuple[str, ...]) -> str:
    """An alternation; a form that begins or ends in a Latin letter must be a whole word."""
    by_length = sorted(set(forms), key=lambda form: (-len(form), form))
    return "(?:" + "|".join(map(whole_word, by_length)) + ")" if by_length else "(?!)"


def whole_word(form: str) -> str:
    start = _LATIN_START if form[0].isascii() and form[0].isalnum() else ""
    end = _LATIN_END if form[-1].isascii() and form[-1].isalnum() else ""
    return start + re.escape(form).replace(r"\ ", r"\s+") + end


@cache
def lexicon() -> Lexicon:
    """Read once per process."""
    return Lexicon(_merged(*_LISTS))


@cache
def concepts() -> WordFinder:
    """Finds words of like meaning, for the classifier."""
    lists = _merged(_CONCEPTS).items()
    return WordFinder((form, "concept", name) for name, forms in lists for form in forms)


def _merged(*names: str) -> dict[str, tuple[str, ...]]:
    merged: dict[str, dict[str, None]] = {}
    for file in language_files(*names):
        for name, line in _lines(YAML(typ="safe").load(file), ""):
            merged.setdefault(name, {}).update(dict.fromkeys(_forms(line)))
    return {name: tuple(forms) for name, forms in merged.items()}


def language_files(*names: str) -> list[Path]:
    """These files of every language that has them, in a fixed order."""
    found = (folder / name for folder in sorted(LANGUAGES.iterdir()) for name in names)
    return [file for file in found if file.exists()]


def _lines(tree: Mapping[str, Any], head: str) -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{head}{key}.")
        else:
            yield f"{head}{key}", str(value)


def _forms(line: str) -> Iterator[str]:
    """Each also without its apostrophe: "dont" is "don't"."""
    for form in _COMMA.split(line.strip().strip(",，")):
        if form:
            yield folded(form)
        if "'" in form.replace("’", "'"):
            yield folded(form).replace("'", "")
