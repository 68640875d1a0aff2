"""Learns the intent weights from the example sentences and writes them beside this file.

    python -m dialogs.understanding.train

Needs scikit-learn, which serving does not. Thresholds come from out-of-fold scores: each
line is judged by a model that has not seen it.
"""

import json
import sys
from collections import Counter

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # it ships no types
from sklearn.model_selection import StratifiedGroupKFold  # type: ignore[import-untyped]
from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

from dialogs.understanding.examples import digest, example_features, examples
from dialogs.understanding.features import FAMILY_WEIGHTS, FEATURES_VERSION
from dialogs.understanding.intents import ABOUT, OUT_OF_SCOPE, WEIGHTS

_FOLDS = 5
_SPLITS = (7, 8, 9)  # seeds: between two splits the thresholds differ by up to a tenth
_MIN_SENTENCES = 3  # rarer features changed no out-of-fold figure, and are most of the size
_C = 2.0  # best of 0.1, 0.5 and 2 out of fold
# Amid a question a wrong guess loses an answer: at most this share of small talk may interrupt.
_MAY_INTERRUPT = 0.02
_FLAT = 0.003  # less than one sentence in three hundred
Floats = npt.NDArray[np.float64]


def train() -> dict[str, float]:
    """Write the weights; gives the out-of-fold figures."""
    rows = [example_features(example) for example in examples()]
    labels = np.array([example.intent for example in examples()])
    vocabulary = _vocabulary(rows)
    idf = _idf(rows, vocabulary)
    matrix = _matrix(rows, vocabulary, idf)
    scores, names = _out_of_fold(matrix, labels)
    judged = np.tile(labels, len(_SPLITS))
    sharpness = _sharpness(scores, names, judged)
    thresholds, figures = _thresholds(_chances(scores * sharpness), names, judged)
    model = _fit(matrix, labels)
    np.savez_compressed(
        WEIGHTS, idf=idf.astype(np.float16), weights=(model.coef_.T * sharpness).astype(np.float16),
        bias=(model.intercept_ * sharpness).astype(np.float32),
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
    weights = np.array([FAMILY_WEIGHTS.get(name[0], 1.0) for name in vocabulary])
    idf: Floats = (np.log((1 + len(rows)) / (1 + counts)) + 1) * weights
    return idf


def _matrix(rows: list[Counter[str]], vocabulary: dict[str, int], idf: Floats) -> csr_matrix:
    """Sparse, each row of length one."""
    data: list[float] = []
    columns: list[int] = []
    ends = [0]
    for row in rows:
        known = [(vocabulary[name], count) for name, count in row.items() if name in vocabulary]
        values = np.array([(1 + np.log(count)) * idf[column] for column, count in known])
        data += list(values / (np.linalg.norm(values) or 1.0))
        columns += [column for column, _ in known]
        ends.append(len(data))
    return csr_matrix((data, columns, ends), shape=(len(rows), len(vocabulary)))


def _fit(matrix: csr_matrix, labels: npt.NDArray[np.str_]) -> LinearSVC:
    return LinearSVC(C=_C, random_state=_SPLITS[0]).fit(matrix, labels)


def _out_of_fold(
    matrix: csr_matrix, labels: npt.NDArray[np.str_]
) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Scores, one split after the other. All sentences of one line are unseen together, else they
    betray each other."""
    names = np.unique(labels)
    lines = [example.line for example in examples()]
    scores: Floats = np.zeros((len(_SPLITS), len(labels), len(names)))
    for split, seed in zip(scores, _SPLITS, strict=True):
        folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
        for seen, unseen in folds.split(matrix, labels, lines):
            split[unseen] = _fit(matrix[seen], labels[seen]).decision_function(matrix[unseen])
    return scores.reshape(-1, len(names)), names


def _sharpness(scores: Floats, names: npt.NDArray[np.str_], labels: npt.NDArray[np.str_]) -> float:
    """What to multiply scores by, so that their softmax says how often a guess is right."""
    right = np.searchsorted(names, labels)
    rows = np.arange(len(labels))

    def surprise(sharpness: float) -> float:
        return float(-np.log(_chances(scores * sharpness)[rows, right] + 1e-12).mean())

    return min((float(step) for step in np.arange(0.5, 8.0, 0.25)), key=surprise)


def _chances(scores: Floats) -> Floats:
    raised: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=1, keepdims=True)
    return shares


def _thresholds(
    chances: Floats, names: npt.NDArray[np.str_], labels: npt.NDArray[np.str_]
) -> tuple[dict[str, float], dict[str, float]]:
    best = names[chances.argmax(axis=1)]
    confidence = chances.max(axis=1)
    outside = labels == OUT_OF_SCOPE

    acts = best != OUT_OF_SCOPE

    def gain(threshold: float) -> float:
        """A right act helps as much as a wrong one harms; to say "I am not sure" does neither."""
        taken = acts & (confidence >= threshold)
        return float((taken & (best == labels)).mean() - (taken & (best != labels)).mean())

    # The gain is flat around its best; the lowest threshold that is as good answers most people.
    gains = {float(step): gain(float(step)) for step in np.arange(0.1, 0.8, 0.01)}
    start = min(step for step, gained in gains.items() if gained >= max(gains.values()) - _FLAT)
    wrong = np.sort(confidence[outside & (best != OUT_OF_SCOPE)])[::-1]
    allowed = int(_MAY_INTERRUPT * outside.sum())
    interrupt = max(float(wrong[allowed]) + 0.01 if len(wrong) > allowed else start, start)
    taken = confidence >= start
    figures = {
        "accuracy": float((np.where(taken, best, OUT_OF_SCOPE) == labels).mean()),
        "in_scope_accuracy": float((taken & (best == labels))[~outside].mean()),
        "oos_recall": float((~taken | (best == OUT_OF_SCOPE))[outside].mean()),
        "sentences": len(labels) // len(_SPLITS),
    }
    rounded = {name: round(value, 4) for name, value in figures.items()}
    return {"start": round(start, 3), "interrupt": round(interrupt, 3)}, rounded


if __name__ == "__main__":
    sys.stdout.write(json.dumps(train(), indent=1) + "\n")
