"""Cuts text into the words that the index knows, in Chinese and English, with nothing installed.

A richer tokeniser (one script, real words) may stand in: put it in `Session.info[TOKENISE]`.
Index and query must be cut by the same one, so changing it means a `reindex`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from sqlalchemy.orm import Session

Tokenise = Callable[[str], list[str]]
TOKENISE = "tokenise"  # the key in Session.info

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUNS = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_HAN_ONLY = re.compile(rf"[{_HAN}]+")
# Particles join what they stand between into words that nobody indexed; English has its own.
_PARTICLES = "的了吗嗎呢吧呀啊"
_PARTICLE = re.compile(f"[{_PARTICLES}]")
_FILLERS = frozenset(["a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with"])
_LONGEST = 40  # of one word: what is longer was not typed by a person
_SHORTEST_STEM = 3
_REMEMBERED_LENGTH = 120


def tokenise(text: str) -> list[str]:
    """Single Han characters and their pairs; other words in lower case, their endings cut."""
    return list(_remembered(text) if len(text) <= _REMEMBERED_LENGTH else _cut(text))


def runs(text: str) -> list[str]:
    """Stretches of Chinese as they stand, each other word as its stem, in their order."""
    plain = _PARTICLE.sub(" ", unicodedata.normalize("NFKC", text).lower())
    return [
        run if is_han(run) else _stem(run[:_LONGEST])
        for run in _RUNS.findall(plain)
        if run not in _FILLERS
    ]


def _cut(text: str) -> list[str]:
    tokens: list[str] = []
    for run in runs(text):
        if is_han(run):
            tokens += [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
        else:
            tokens.append(run)
    return tokens


# Titles and colours are cut again for every question; descriptions only for the index.
_remembered = lru_cache(maxsize=10_000)(_cut)


def tokeniser_of(session: Session) -> Tokenise:
    """The tokeniser this application wired, else ours; what it gives is made fit for an index."""
    return _made_fit(session.info.get(TOKENISE, tokenise))


@cache
def _made_fit(wired: Tokenise) -> Tokenise:
    return lambda text: [cut for token in wired(text) for cut in token[:_LONGEST].split()]


def without_colour(word: str) -> str:
    """红色 and 紅色 mean what 砖红 and 酒紅 end in; 色 alone stays."""
    return word.removesuffix("色") if len(word) > 1 else word


def is_han(token: str) -> bool:
    return _HAN_ONLY.fullmatch(token) is not None


def telling(tokens: Iterable[str]) -> list[str]:
    """Without the single characters that a longer Chinese word of the same query contains."""
    unique = list(dict.fromkeys(tokens))
    longer = "".join(token for token in unique if len(token) > 1 and is_han(token))
    return [token for token in unique if len(token) > 1 or token not in longer]


def _stem(word: str) -> str:
    """Endings that a shopper varies: cups, boxes, berries, baking, hiked. Not a linguist's stem."""
    if not word.isascii() or not word.isalpha():
        return word
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", "")):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST_STEM and not (ending == "s" and stem[-1] == "s"):
            return _without_e(_undoubled(stem + instead))
    return _without_e(word)


def _undoubled(word: str) -> str:
    """running gives run, as run does; tall keeps both letters, as nothing was cut from it."""
    doubled = word[-1] == word[-2] and word[-1] not in "aeiouls"
    return word[:-1] if doubled else word


def _without_e(word: str) -> str:
    """bake and baking meet at bak."""
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST_STEM else word
