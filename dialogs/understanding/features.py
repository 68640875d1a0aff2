"""What the classifier sees of a message: letters of Chinese, words and letters of English, and
which kinds of value it holds. Training and serving share this file, so they cannot disagree.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise

from dialogs.understanding.lexicon import concepts
from dialogs.understanding.outcome import Entity

# Raise it whenever the features of an unchanged sentence change.
FEATURES_VERSION = 3
_READ_AT_MOST = 400  # letters; wishes are short, and a page of text would only blur the counts
_RUNS = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+")
# Whole words, kinds of value and concepts tell more than pieces of words: best of a few tried
# out of fold (.765 without, .783 with).
FAMILY_WEIGHTS = {"w": 1.5, "e": 1.5, "k": 2.0}
# Kinds of value that hint at a wish. A new kind elsewhere does not make the weights stale.
_KINDS = frozenset(
    {"age", "attribute", "content", "date", "exclusion", "interest", "money", "occasion",
     "ordinal", "period", "quantity", "relation"}
)  # fmt: skip
_MOST_CONCEPTS = 8
_LONGEST_HAN = 4
_SHORTEST_WB, _LONGEST_WB = 2, 5


def kinds_of(entities: Iterable[Entity]) -> list[str]:
    """ "Her birthday is on 3 May" is to be remembered; "is next week" is no day one could keep."""
    return ["period" if "until" in one.fields else one.kind for one in entities]


def features_of(text: str, kinds: Iterable[str]) -> Counter[str]:
    """Counts of features in a folded text; `kinds` are those of its values."""
    text = text[:_READ_AT_MOST].replace("'", "")  # "dont" is "don't"
    runs: list[str] = _RUNS.findall(text)
    kinds = [kind for kind in kinds if kind in _KINDS]
    counts: Counter[str] = Counter(f"e:{kind}" for kind in kinds)
    if not runs:  # an emoji or a question mark: its length alone must not speak
        return counts
    for run in runs:
        counts.update(_han(run) if run[0] > "\u3400" else _letters(run))
    words = [run for run in runs if run[0] < "\u3400"]
    counts.update(f"w:{word}" for word in words)
    counts.update(f"w:{one} {two}" for one, two in pairwise(words))
    counts.update(_concepts(text, kinds))
    counts[f"l:{min(sum(map(_length, runs)), 12) // 3}"] += 1
    return counts


def _concepts(text: str, kinds: Iterable[str]) -> Iterator[str]:
    """Words of like meaning count as one, in every language; so do two of them together, and a
    concept beside a kind of value."""
    found = sorted({hit.name for hit in concepts().find(text)})
    yield from (f"k:{name}" for name in found)
    seen = found[:_MOST_CONCEPTS] + sorted({f"e-{kind}" for kind in kinds})
    yield from (f"k:{one}+{other}" for one, other in combinations(seen, 2))


def _length(run: str) -> int:
    """A Chinese letter counts as half a word."""
    return (len(run) + 1) // 2 if run[0] > "\u3400" else 1


def _han(run: str) -> Iterator[str]:
    padded = f"^{run}$"
    for size in range(1, _LONGEST_HAN + 1):
        for start in range(len(padded) - size + 1):
            yield f"c:{padded[start : start + size]}"


def _letters(word: str) -> Iterator[str]:
    padded = f" {word} "
    for size in range(_SHORTEST_WB, min(_LONGEST_WB, len(padded)) + 1):
        for start in range(len(padded) - size + 1):
            yield f"b:{padded[start : start + size]}"
