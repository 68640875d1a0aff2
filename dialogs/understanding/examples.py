"""The example sentences of all languages, and the digest that tells whether weights are stale."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache

from ruamel.yaml import YAML

from data.kernel.locales import Locale
from dialogs.understanding.features import FEATURES_VERSION, features_of
from dialogs.understanding.folding import fold
from dialogs.understanding.lexicon import language_files
from dialogs.understanding.values import Setting, extract

# Any day will do: only the kinds of value count, not what they come to.
_SOME_DAY = Setting(date(2026, 1, 15), Locale.EN)


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    intent: str
    locale: Locale


@cache
def examples() -> tuple[Example, ...]:
    found = []
    for file in language_files("sentences.yml"):
        locale = Locale(file.parent.name)
        for intent, texts in YAML(typ="safe").load(file).items():
            found += [Example(str(text), intent, locale) for text in texts]
    return tuple(found)


def example_features(example: Example) -> Counter[str]:
    folded = fold(example.text)
    kinds = [entity.kind for entity in extract(folded, _SOME_DAY)]
    return features_of(folded.text, kinds)


def digest() -> str:
    """Changes when any sentence, or what the classifier would see of it, changes."""
    sha = hashlib.sha256(f"{FEATURES_VERSION}\n".encode())
    for example in examples():
        counts = sorted(example_features(example).items())
        sha.update(f"{example.intent}\t{counts}\n".encode())
    return sha.hexdigest()
