"""A small network that learns to answer as the target does, and gives its gradient by the input. numpy only."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

BATCH = 64
RATE = 2e-3
DECAYS = (0.9, 0.999)
WEIGHT_DECAY = 1e-4


class Network:
    """Two hidden layers of rectified units, trained by Adam (Kingma and Ba 2015) on cross-entropy. Inputs ``(n, d)``
    are centred and scaled by what the first training sees; single precision throughout."""

    def __init__(self, features: int, hidden: int, classes: int, rng: np.random.Generator) -> None:
        self.rng = rng
        sizes = (features, hidden, hidden, classes)
        self.weights = [(rng.standard_normal((a, b)) * np.sqrt(2.0 / a)).astype(np.float32) for a, b in pairwise(sizes)]
        self.biases = [np.zeros(size, dtype=np.float32) for size in sizes[1:]]
        self.centre = np.zeros(features, dtype=np.float32)
        self.scale = np.ones(features, dtype=np.float32)
        self._moments = [(np.zeros_like(p), np.zeros_like(p)) for p in (*self.weights, *self.biases)]
        self._steps = 0

    def fit_scale(self, x: Array) -> None:
        """One scale for all features that vary: dead ones must not become loud."""
        self.centre = x.mean(axis=0).astype(np.float32)
        spread = x.std(axis=0)
        self.scale = np.maximum(spread, max(float(spread.mean()) / 4, 1e-6)).astype(np.float32)

    def logits(self, x: Array) -> Array:
        return self._forward(x)[-1]

    def _forward(self, x: Array) -> list[Array]:
        layers = [((x - self.centre) / self.scale).astype(np.float32)]
        for depth, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            value = layers[-1] @ weight + bias
            layers.append(np.maximum(value, 0.0) if depth < 2 else value)
        return layers

    def _back(self, layers: list[Array], slope: Array) -> tuple[list[Array], list[Array], Array]:
        """Slopes of weights, biases and (scaled) inputs, given that of the logits."""
        weights: list[Array] = [slope] * 3
        biases: list[Array] = [slope] * 3
        for depth in (2, 1, 0):
            weights[depth] = layers[depth].T @ slope
            biases[depth] = slope.sum(axis=0)
            slope = slope @ self.weights[depth].T
            if depth:
                slope = slope * (layers[depth] > 0)
        return weights, biases, slope

    def train(self, x: Array, y: Array, rows: int) -> None:
        """On about ``rows`` rows, drawn without replacement as long as there are any."""
        done = 0
        while done < rows:
            order = self.rng.permutation(len(x))[: rows - done]
            for begin in range(0, len(order), BATCH):
                self._learn(x[order[begin : begin + BATCH]], y[order[begin : begin + BATCH]])
            done += len(order)

    def _learn(self, x: Array, y: Array) -> None:
        layers = self._forward(x)
        slope = softmax(layers[-1])
        slope[np.arange(len(y)), y] -= 1.0
        weights, biases, _ = self._back(layers, slope / np.float32(len(y)))
        self._steps += 1
        first, second = DECAYS
        rate = RATE * np.sqrt(1 - second**self._steps) / (1 - first**self._steps)
        slopes = [s + WEIGHT_DECAY * w for s, w in zip(weights, self.weights, strict=True)] + biases
        for value, slope, (mean, square) in zip((*self.weights, *self.biases), slopes, self._moments, strict=True):
            mean += (1 - first) * (slope - mean)
            square += (1 - second) * (slope * slope - square)
            value -= rate * mean / (np.sqrt(square) + 1e-8)

    def margin_slope(self, x: Array, y: Array) -> Array:
        """Gradient by the input ``(n, d)`` of the logit of ``y`` less the largest other one."""
        layers = self._forward(x)
        rows = np.arange(len(y))
        others = layers[-1].copy()
        others[rows, y] = -np.inf
        slope = np.zeros_like(layers[-1])
        slope[rows, y] = 1.0
        slope[rows, others.argmax(axis=1)] -= 1.0
        return np.asarray(self._back(layers, slope)[2] / self.scale)


def softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
