"""The example sentences of all languages, and the digest that tells whether weights are stale.

A line may hold alternatives: `(show|give) me (more|others|)` stands for six sentences, of which
a fixed few are used, so that no line drowns the others.
"""

import hashlib
import random
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache

from ruamel.yaml import YAML

from data.kernel.locales import Locale
from dialogs.understanding.features import FEATURES_VERSION, features_of, kinds_of
from dialogs.understanding.folding import fold
from dialogs.understanding.lexicon import language_files
from dialogs.understanding.values import Setting, extract

# Any day will do: only the kinds of value count, not what they come to.
_PER_LINE = 10
_GROUP = re.compile(r"\(([^()]*)\)")
_SOME_DAY = Setting(date(2026, 1, 15), Locale.EN)


@dataclass(frozen=True, slots=True)
class Example:
    """`line` is the same for all sentences that one line stands for."""

    text: str
    intent: str
    locale: Locale
    line: int


@cache
def examples() -> tuple[Example, ...]:
    found: list[Example] = []
    for file in language_files("sentences.yml"):
        locale = Locale(file.parent.name)
        for intent, texts in YAML(typ="safe").load(file).items():
            for line in texts:
                number = len(found)
                found += [Example(text, intent, locale, number) for text in spread(str(line))]
    return tuple(found)


def spread(line: str) -> list[str]:
    """Sentences that a line stands for: all, or the same few each time."""
    parts = _GROUP.split(line)
    fixed, choices = parts[::2], [group.split("|") for group in parts[1::2]]
    dice = random.Random(line)  # noqa: S311  # a fixed sample, not a secret
    found: dict[str, None] = {}
    for _ in range(3 * _PER_LINE):
        picked = [dice.choice(choice) for choice in choices] + [""]
        text = "".join(a + b for a, b in zip(fixed, picked, strict=True))
        found.setdefault(re.sub(r"\s+", " ", text).strip())
        if len(found) == _PER_LINE:
            break
    return list(found)


def example_features(example: Example) -> Counter[str]:
    folded = fold(example.text)
    return features_of(folded.text, kinds_of(extract(folded, _SOME_DAY)))


def digest() -> str:
    """Changes when any sentence, or what the classifier would see of it, changes."""
    sha = hashlib.sha256(f"{FEATURES_VERSION}\n".encode())
    for example in examples():
        counts = sorted(example_features(example).items())
        sha.update(f"{example.intent}\t{counts}\n".encode())
    return sha.hexdigest()
