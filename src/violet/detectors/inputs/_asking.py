"""What detectors that ask the model themselves have in common: which rows they look at, and how they read answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.reference import both_classes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch

    Array = NDArray[Any]

_MIX = np.uint64(0x9E3779B97F4A7C15)


def chosen(batch: Batch, every: int) -> Array:
    """One row in ``every``, by its content: the same row is chosen always or never, however the stream is cut."""
    mixed = batch.digest * _MIX
    fine = np.isfinite(batch.raw).all(axis=1)
    return np.flatnonzero(((mixed >> np.uint64(33)) % np.uint64(max(every, 1)) == 0) & fine)


def probabilities(answers: Any, rows: int) -> Array:
    """Scores ``(n, k)`` of the model as probabilities, float64: softmax of logits; NaN where they are no numbers.
    Raises ``ValueError`` where the model did not answer every row."""
    scores = np.asarray(answers, np.float64)
    if scores.ndim != 2 or len(scores) != rows or not scores.shape[1]:
        raise ValueError(f"the model answered {scores.shape}, where scores of {rows} rows were asked for")
    scores = both_classes(scores)
    with np.errstate(all="ignore"):
        fine = np.asarray(np.isfinite(scores).all(axis=1))
        likely = fine & (scores.min(axis=1) >= 0) & (np.abs(scores.sum(axis=1) - 1) <= 1e-2)
        if scores.shape[1] > 1:
            logits = fine & ~likely
            raised = np.exp(scores[logits] - scores[logits].max(axis=1, keepdims=True))
            scores = scores.copy()
            scores[logits] = raised / raised.sum(axis=1, keepdims=True)
        scores = np.where(fine[:, None], scores, np.nan)
    return np.asarray(scores)
