"""A straight line through the model's answers: what they are explained by, cheaply, and when that changes.

The outcome of a row (one number) is regressed on its encoded features, over the first rows of the traffic; what is left
over afterwards is the model's own change, as far as a line can say: a change of who asks moves inputs and outcomes
together.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import NOTHING, Scores, Stateless
from violet.detectors.outputs._learning import Share
from violet.domain.alert import Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup
    from violet.detectors.reference import Reference

    Array = NDArray[Any]

LEARNED = 4000
"""Rows of the traffic from which the line is learned."""
RIDGE = 0.01
FAR = -math.log(0.005)
"""Of benign rows, one in 200 lies as far out."""
SHARE = 1 / 16
"""The most of a window that is of one client."""


class Surrogate:
    """``weights`` ``(d + 1,)``, the last one the intercept; ``spread`` the standard deviation of outcomes and ``left``
    that of what the line leaves over, once ``ready``. Rows that lie farther out than 199 in 200 benign ones are left
    out."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        d = reference.width
        classes = reference.classes
        self._usual = int(np.argmax(classes)) if len(classes) else 0
        self._gram = np.zeros((d + 1, d + 1))
        self._moment = np.zeros(d + 1)
        self._squares = self._sum = 0.0
        self._rows = 0
        self._share = Share(LEARNED, SHARE)
        self.weights = np.zeros(d + 1)
        self.spread = self.left = 0.0
        self.ready = False

    @classmethod
    def of(cls, setup: Setup) -> Surrogate:
        """The one of the setup's detectors."""
        assert setup.reference is not None
        found = setup.shared.get("surrogate")
        if found is None:
            found = setup.shared["surrogate"] = cls(setup.reference)
        assert isinstance(found, Surrogate)
        return found

    def step(self, batch: Batch) -> Array:
        """What the line leaves over of each row's outcome, in standard deviations of outcomes, float64 ``(n,)``; NaN
        while it is being learned and where the outcome is not known."""
        key = ("surrogate", self)
        found = batch.memo.get(key)
        if found is None:
            found = batch.memo[key] = self._step(batch)
        return np.asarray(found)

    def _step(self, batch: Batch) -> Array:
        y = outcomes(batch, self._usual)
        found = np.full(len(batch), np.nan)
        # What lies far out (attackers do, by the hundred) says nothing of how the model answers customers.
        near = measures.strangeness(batch, self._reference) < FAR
        places = np.flatnonzero(np.isfinite(y) & near)
        while len(places) and not self.ready:
            some, places = np.split(places, [LEARNED - self._rows])
            kept = some[self._share.taken(batch.client[some])]
            self._learn(augmented(batch.x[kept]), y[kept])
        if len(places) and self.spread > 0:
            found[places] = (y[places] - augmented(batch.x[places]) @ self.weights) / self.spread
        return found

    def _learn(self, z: Array, y: Array) -> None:
        self._gram += z.T @ z
        self._moment += z.T @ y
        self._squares += float(y @ y)
        self._sum += float(y.sum())
        self._rows += len(y)
        if self._rows == LEARNED:
            variance = self._squares / LEARNED - (self._sum / LEARNED) ** 2
            self.spread = float(np.sqrt(variance)) if variance > 1e-12 else 0.0
            self.weights = solved(self._gram, self._moment, LEARNED)
            explained = 2 * float(self.weights @ self._moment) - float(self.weights @ self._gram @ self.weights)
            over = max(self._squares - explained, 0.0)
            self.left = float(np.sqrt(over / LEARNED)) / self.spread if self.spread else 0.0
            self.ready = True


def augmented(x: Array) -> Array:
    """With a constant column, float64 ``(n, d + 1)``."""
    return np.concatenate([x.astype(np.float64), np.ones((len(x), 1))], axis=1)


def solved(gram: Array, moment: Array, rows: int) -> Array:
    """Ridge regression; the intercept is free."""
    penalty = RIDGE * rows * np.eye(len(gram))
    penalty[-1, -1] = 0.0
    return np.asarray(np.linalg.solve(gram + penalty, moment))


def outcomes(batch: Batch, usual: int) -> Array:
    """One number a row, float64: the second of two scores, a single score, or, of more, that of the ``usual`` class;
    where there are no scores, whether the label is that. NaN where nothing is known, or the number is absurd."""
    scores = batch.scores
    if scores is None or not scores.shape[1]:
        if scores is None and not (batch.label > 1).any() and usual <= 1:
            return np.where(batch.label >= 0, batch.label, np.nan).astype(np.float64)
        return np.where(batch.label >= 0, batch.label == usual, np.nan).astype(np.float64)
    column = scores.shape[1] - 1 if scores.shape[1] <= 2 else min(usual, scores.shape[1] - 1)
    found = scores[:, column].astype(np.float64)
    return np.where(np.isfinite(found) & (np.abs(found) < 1e6), found, np.nan)


class Leftovers(Stateless):
    """Windows of rows and what the line leaves over of each, no client's share of which is more than one in 16; give
    each to ``close``."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        self.reference = setup.reference
        self.surrogate = Surrogate.of(setup)
        self.window = max(500, int(setup.options["window"]))
        self._share = Share(self.window, SHARE)
        self._x = np.empty((self.window, setup.reference.width), np.float32)
        self._left = np.empty(self.window)
        self._have = 0
        self._last: list[int] = []

    @abstractmethod
    def close(self, x: Array, left: Array) -> tuple[float, Evidence]:
        """The score of a window, and why."""

    def observe(self, batch: Batch) -> Scores:
        if not len(batch):
            return NOTHING
        left = self.surrogate.step(batch)
        places = np.flatnonzero(np.isfinite(left))
        rows: list[int] = []
        values: list[float] = []
        told: list[Evidence] = []
        at = 0
        while at < len(places):
            some = places[at : at + self.window - self._have]
            at += len(some)
            kept = some[self._share.taken(batch.client[some])]
            end = self._have + len(kept)
            self._x[self._have : end], self._left[self._have : end] = batch.x[kept], left[kept]
            self._have = end
            self._last = [*self._last, *batch.request[kept].tolist()][-20:]
            if end == self.window:
                value, evidence = self.close(self._x, self._left)
                queries = tuple(dict.fromkeys(batch.exchange(number) for number in self._last))
                rows.append(int(kept[-1]))
                values.append(value)
                told.append(Evidence(evidence.summary, evidence.values, queries, evidence.reference))
                self._have = 0
                self._share.anew()
        return Scores(np.array(rows, np.int64), np.array(values), told.__getitem__) if rows else NOTHING
