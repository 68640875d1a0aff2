"""One message made ready: folded, and stripped to the words that a short answer consists of."""

import re
from dataclasses import dataclass
from functools import cache

from dialogs.understanding.folding import Folded, fold
from dialogs.understanding.lexicon import lexicon

# A fixed phrase is short; nobody says "cancel" in two hundred letters.
_LONGEST_PHRASE = 120
# Nobody explains a wish in more; the whole original still counts where free text is the answer.
_READ_AT_MOST = 4000
_EDGE = r"[\s.,!?~;:。,!?、…·\"'()\-]*"
_ENDS = re.compile(rf"^{_EDGE}|{_EDGE}$")
_PARTS = re.compile(r"\s*[,.!;,。!、;]+\s*")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Message:
    folded: Folded
    short: str = ""
    """Folded, without marks at its ends; empty when the message is long."""
    bare: str = ""
    """The same without politeness: "just cancel please" is "cancel"."""
    parts: tuple[str, ...] = ()
    """The same in pieces, at marks and in Chinese also at spaces: "sure, go ahead"."""

    @property
    def original(self) -> str:
        return self.folded.original

    @property
    def readings(self) -> tuple[str, ...]:
        """As it was said, then without politeness: for codes, which may end like such a word."""
        return (self.short,) if self.short == self.bare else (self.short, self.bare)


def read_message(text: str) -> Message:
    folded = fold(text, _READ_AT_MOST)
    short = folded.text.strip()
    if len(short) > _LONGEST_PHRASE:
        return Message(folded)
    tidied = tidy(short)
    return Message(folded, tidied, strip_fillers(tidied, "fillers"), tuple(_parts(tidied)))


def _parts(short: str) -> list[str]:
    parts = [part for part in _PARTS.split(short) if part]
    if short.isascii():
        return parts
    return [word for part in parts for word in part.split()]  # 不知道 你看着办


def tidy(short: str) -> str:
    stripped = _SPACES.sub(" ", _ENDS.sub("", short))
    return stripped or short  # "?!" is all that was said


def strip_fillers(short: str, *names: str) -> str:
    """Without these words at either end, unless nothing would be left."""
    start, end = _fillers(*names)
    while True:
        shorter = tidy(end.sub("", start.sub("", short)))
        if not shorter or shorter == short:
            return short
        short = shorter


@cache
def _fillers(*names: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    form = lexicon().pattern(*names)
    return re.compile(rf"^{form}(?=.){_EDGE}"), re.compile(rf"(?<=.){_EDGE}{form}$")
