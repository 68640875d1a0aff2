"""Files of a shop that may stand beside its flows: told by the word that they begin with, and
whatever is wrong in one is named with its line."""

import re
from collections.abc import Callable, Mapping
from typing import ClassVar

from bot.web.wording import say
from data.kernel.locales import Locale
from dialogs.format import Problem, Problems


class ShopFileProblem(Problem):
    """A mistake in one. In bot/locales its words begin with `words`; those that say what a value
    may be, with `wrong`."""

    words: ClassVar[str]
    wrong: ClassVar[str]

    def _text(self, part: str, locale: Locale) -> str:
        text_id = f"{self.words}.{self.code}.{part}"
        if part == "hint" and self.code == "value":
            text_id = f"{self.wrong}.{self.values['name']}"
        said = say(text_id, locale)
        return "" if said == text_id else said


class ShopFileProblems(Problems):
    """They keep a file from being applied."""


def files_that_begin(word: str, sources: Mapping[str, str]) -> dict[str, str]:
    """Those of a set of files in which this word stands at the left, by what stands in them."""
    begins = re.compile(rf"^(?:\ufeff)?{word}\s*:", re.MULTILINE)
    return {name: text for name, text in sources.items() if begins.search(text)}


def problems_in(files: Mapping[str, str], read: Callable[[str, str], object]) -> list[Problem]:
    """What is wrong in them, by what they are read with: it raises ShopFileProblems."""
    found: list[Problem] = []
    for name, text in files.items():
        try:
            read(name, text)
        except ShopFileProblems as wrong:
            found += wrong.problems
    return found
