"""Guesses what a person wants, and says when it is unsure.

A linear model over TF-IDF; the weights are trained beforehand (train.py) and only the rows of
features that stand in the message are read. `Encoder` is where sentence vectors can join.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dialogs.understanding.features import FEATURES_VERSION, features_of

WEIGHTS = Path(__file__).parent / "weights" / "intents.npz"
ABOUT = Path(__file__).parent / "weights" / "intents.json"
OUT_OF_SCOPE = "oos"
Vector = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Turns sentences into vectors; none is shipped, for it would take half the server's memory."""

    @property
    def version(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Guess:
    """The two likeliest intents; `oos` is one of them when it fits best."""

    intent: str
    confidence: float
    second: str = OUT_OF_SCOPE
    second_confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Found on rows the model had not seen: `start` when idle, `interrupt` amid a question."""

    start: float
    interrupt: float


@dataclass(frozen=True)
class Classifier:
    labels: tuple[str, ...]
    vocabulary: dict[str, int]
    idf: Vector
    weights: Vector
    bias: Vector
    thresholds: Thresholds
    digest: str

    def guess(self, text: str, kinds: Sequence[str]) -> Guess:
        """For a folded text and the kinds of its values."""
        rows, counts = self._known(features_of(text, kinds))
        if not len(rows):
            return Guess(OUT_OF_SCOPE, 0.0)
        values = (1 + np.log(counts)) * self.idf[rows]
        values /= np.linalg.norm(values)
        chances = _softmax(values @ self.weights[rows] + self.bias)
        second, best = np.argsort(chances)[-2:]
        return Guess(
            self.labels[best], float(chances[best]), self.labels[second], float(chances[second])
        )

    def _known(self, counts: Counter[str]) -> tuple[npt.NDArray[np.intp], Vector]:
        known = [
            (self.vocabulary[name], n) for name, n in counts.items() if name in self.vocabulary
        ]
        rows = np.array([row for row, _ in known], dtype=np.intp)
        return rows, np.array([n for _, n in known], dtype=np.float32)


@cache
def classifier() -> Classifier:
    """Read once per process; refuses weights made for other features."""
    about = json.loads(ABOUT.read_text(encoding="utf-8"))
    if about["features_version"] != FEATURES_VERSION:
        raise ValueError("intent_weights_outdated")
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        return Classifier(
            labels=tuple(about["labels"]),
            vocabulary={name: row for row, name in enumerate(about["features"])},
            idf=arrays["idf"].astype(np.float32),
            weights=arrays["weights"].astype(np.float32),
            bias=arrays["bias"].astype(np.float32),
            thresholds=Thresholds(**about["thresholds"]),
            digest=about["digest"],
        )


def _softmax(scores: Vector) -> Vector:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum(), dtype=np.float32)
