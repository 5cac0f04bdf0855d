"""Confidence that means what it says: one temperature for all logits (Guo et al. 2017, section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

BINS = 15


def softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def to_logits(scores: Array, probabilities: bool) -> Array:
    """Logits of what a target gives, up to a constant a row."""
    return np.log(np.clip(scores, 1e-12, None)) if probabilities else np.asarray(scores, dtype=np.float64)


def calibration_error(probabilities: Array, y: Array) -> float:
    """Expected calibration error: the mean distance of confidence from accuracy over bins of equal width, weighted by
    how many rows fall into each (Naeini et al. 2015). ``(n, classes)`` and ``(n,)``."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    total = 0.0
    for number in range(BINS):
        inside = place == number
        if inside.any():
            total += inside.mean() * abs(float(right[inside].mean()) - float(confidence[inside].mean()))
    return float(total)


def fit_temperature(logits: Array, y: Array) -> float:
    """The temperature of the least negative log-likelihood, between 0.05 and 20."""
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(y))

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1)
        return float(np.mean(top + np.log(np.exp(scaled - top[:, None]).sum(axis=1)) - scaled[rows, y]))

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))
