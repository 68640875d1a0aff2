"""Learns the intent weights from the example sentences and writes them beside this file.

    python -m dialogs.understanding.train

Needs scikit-learn, which serving does not. Thresholds come from out-of-fold scores: each
sentence is judged by a model that has not seen it.
"""

import json
import sys
from collections import Counter

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import (  # type: ignore[import-untyped]  # it ships no types
    LogisticRegression,
)
from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]  # likewise

from dialogs.understanding.examples import digest, example_features, examples
from dialogs.understanding.features import FEATURES_VERSION
from dialogs.understanding.intents import ABOUT, OUT_OF_SCOPE, WEIGHTS

_FOLDS, _SEED = 5, 7
_MIN_SENTENCES = 2  # a feature of one sentence alone teaches nothing about others
_C = 30.0  # best of 3, 10, 30, 100 out of fold
# Amid a question a wrong guess loses an answer: at most this share of small talk may interrupt.
_MAY_INTERRUPT = 0.02
Floats = npt.NDArray[np.float64]


def train() -> dict[str, float]:
    """Write the weights; gives the out-of-fold figures."""
    rows = [example_features(example) for example in examples()]
    labels = np.array([example.intent for example in examples()])
    vocabulary = _vocabulary(rows)
    idf = _idf(rows, vocabulary)
    matrix = _matrix(rows, vocabulary, idf)
    chances, names = _out_of_fold(matrix, labels)
    thresholds, figures = _thresholds(chances, names, labels)
    model = _fit(matrix, labels)
    np.savez_compressed(
        WEIGHTS, idf=idf.astype(np.float16), weights=model.coef_.T.astype(np.float16),
        bias=model.intercept_.astype(np.float32),
    )  # fmt: skip
    about = {
        "digest": digest(), "features_version": FEATURES_VERSION, "thresholds": thresholds,
        "out_of_fold": figures, "labels": list(model.classes_), "features": list(vocabulary),
    }  # fmt: skip
    ABOUT.write_text(json.dumps(about, ensure_ascii=False) + "\n", encoding="utf-8")
    return figures


def _vocabulary(rows: list[Counter[str]]) -> dict[str, int]:
    seen: Counter[str] = Counter(name for row in rows for name in row)
    kept = sorted(name for name, count in seen.items() if count >= _MIN_SENTENCES)
    return {name: place for place, name in enumerate(kept)}


def _idf(rows: list[Counter[str]], vocabulary: dict[str, int]) -> Floats:
    seen: Counter[str] = Counter(name for row in rows for name in row)
    counts = np.array([seen[name] for name in vocabulary], dtype=float)
    idf: Floats = np.log((1 + len(rows)) / (1 + counts)) + 1
    return idf


def _matrix(rows: list[Counter[str]], vocabulary: dict[str, int], idf: Floats) -> Floats:
    matrix = np.zeros((len(rows), len(vocabulary)))
    for line, row in zip(matrix, rows, strict=True):
        for name, count in row.items():
            if name in vocabulary:
                line[vocabulary[name]] = (1 + np.log(count)) * idf[vocabulary[name]]
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(lengths > 0, lengths, 1.0)
    return matrix


def _fit(matrix: Floats, labels: npt.NDArray[np.str_]) -> LogisticRegression:
    model = LogisticRegression(C=_C, max_iter=2000, class_weight="balanced", random_state=_SEED)
    return model.fit(matrix, labels)


def _out_of_fold(
    matrix: Floats, labels: npt.NDArray[np.str_]
) -> tuple[Floats, npt.NDArray[np.str_]]:
    names = np.unique(labels)
    chances: Floats = np.zeros((len(labels), len(names)))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    for seen, unseen in folds.split(matrix, labels):
        chances[unseen] = _fit(matrix[seen], labels[seen]).predict_proba(matrix[unseen])
    return chances, names


def _thresholds(
    chances: Floats, names: npt.NDArray[np.str_], labels: npt.NDArray[np.str_]
) -> tuple[dict[str, float], dict[str, float]]:
    best = names[chances.argmax(axis=1)]
    confidence = chances.max(axis=1)
    outside = labels == OUT_OF_SCOPE

    def accuracy(threshold: float) -> float:
        answer = np.where(confidence >= threshold, best, OUT_OF_SCOPE)
        return float((answer == labels).mean())

    start = max(np.arange(0.1, 0.7, 0.01), key=accuracy)
    wrong = np.sort(confidence[outside & (best != OUT_OF_SCOPE)])[::-1]
    allowed = int(_MAY_INTERRUPT * outside.sum())
    interrupt = float(wrong[allowed]) + 0.01 if len(wrong) > allowed else float(start)
    interrupt = max(interrupt, float(start))
    taken = confidence >= start
    figures = {
        "accuracy": accuracy(float(start)),
        "in_scope_accuracy": float((taken & (best == labels))[~outside].mean()),
        "oos_recall": float((~taken | (best == OUT_OF_SCOPE))[outside].mean()),
        "sentences": len(labels),
    }
    rounded = {name: round(value, 4) for name, value in figures.items()}
    return {"start": round(float(start), 3), "interrupt": round(interrupt, 3)}, rounded


if __name__ == "__main__":
    sys.stdout.write(json.dumps(train(), indent=1) + "\n")
