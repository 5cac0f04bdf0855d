"""The books of one run of an attack: who still stands, what each sample has spent, and the best that was found.

Every black-box attack asks the target through a ``Tally``, so that all count alike, none spends more than its budget,
and whatever stops an attack, what it had reached is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import AttackResult, Goal
from violet.attacks.geometry import distance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from violet.attacks.base import Problem

    Array = NDArray[Any]
    Measure = Callable[[Array, Array], Array]


class Tally:
    """``measure(a, b)`` gives the distance of rows; by default that of the threat's norm."""

    def __init__(self, problem: Problem, measure: Measure | None = None) -> None:
        n = len(problem.x)
        self.problem = problem
        self.measure: Measure = measure or (lambda a, b: distance(a, b, problem.threat.norm))
        self.best = np.array(problem.x, copy=True)
        """The best iterate of each sample, ``(n, *shape)``."""
        self.distance = np.full(n, np.inf)
        self.fooled = np.zeros(n, dtype=bool)
        self.queries = np.zeros(n, dtype=np.int64)
        self.gradients = np.zeros(n, dtype=np.int64)
        self.first = np.full(n, -1, dtype=np.int64)
        self.progress = np.full(n, np.inf)
        """How far each sample is from being fooled, by the attack's own measure (see ``approach``)."""
        self.stopped = False
        if problem.earlier is not None:
            self._take_up(problem.earlier)

    def _take_up(self, earlier: AttackResult) -> None:
        self.best = np.array(earlier.adversarial, copy=True)
        self.distance = np.array(earlier.distance, copy=True)
        self.fooled = np.array(earlier.fooled, copy=True)
        self.queries = np.array(earlier.queries, copy=True)
        self.gradients = np.array(earlier.gradients, copy=True)
        self.first = np.array(earlier.first, copy=True)

    def active(self, cost: int = 1) -> Array:
        """Indices of the samples that go on: not done, and with ``cost`` more queries in their budget. Empty when time
        is up. A sample is done when it is fooled, unless the goal is the smallest distance."""
        if self.problem.clock.expired():
            self.stopped = True
            return np.zeros(0, dtype=np.int64)
        going = self.queries + cost <= self.problem.budget.queries
        if self.problem.goal is Goal.WITHIN:
            going &= ~self.fooled
        return np.flatnonzero(going)

    def left(self, rows: Array) -> Array:
        """Queries left to each of these samples."""
        return np.asarray(self.problem.budget.queries - self.queries[rows])

    def labels(self, rows: Array, candidates: Array) -> Array:
        """Ask for the labels of ``candidates`` ``(m, *shape)``, of which each belongs to the sample in ``rows``
        ``(m,)`` (a sample may stand there several times). Counts them and takes up what fools."""
        answer = self.problem.target.labels(candidates)
        self._spend(rows)
        self._take(rows, candidates, answer != self.problem.y[rows])
        return answer

    def scores(self, rows: Array, candidates: Array) -> Array:
        """As ``labels``, for scores ``(m, classes)``."""
        answer = self.problem.target.scores(candidates)
        self._spend(rows)
        self._take(rows, candidates, answer.argmax(axis=1) != self.problem.y[rows])
        return answer

    def _spend(self, rows: Array) -> None:
        np.add.at(self.queries, rows, 1)

    def _take(self, rows: Array, candidates: Array, fooling: Array) -> None:
        """Keep, of the candidates that fool, the nearest of each sample."""
        if not fooling.any():
            return
        at = np.flatnonzero(fooling)
        found = self.measure(candidates[at], self.problem.x[rows[at]])
        if self.problem.goal is Goal.WITHIN:
            inside = found <= self.problem.threat.eps * (1 + 1e-9)
            at, found = at[inside], found[inside]
        for place in np.argsort(-found, kind="stable"):  # the nearest comes last, and stays
            row = rows[at[place]]
            if found[place] < self.distance[row]:
                self.distance[row] = found[place]
                self.best[row] = candidates[at[place]]
                if not self.fooled[row]:
                    self.fooled[row] = True
                    self.first[row] = self.queries[row]

    def approach(self, rows: Array, candidates: Array, losses: Array) -> None:
        """Keep the iterates that came closest, of samples that are not fooled: the smaller the loss, the closer."""
        better = (losses < self.progress[rows]) & ~self.fooled[rows]
        at = np.flatnonzero(better)
        self.progress[rows[at]] = losses[at]
        self.best[rows[at]] = candidates[at]

    def result(self, attack: str, diagnostics: Mapping[str, Array] | None = None) -> AttackResult:
        return AttackResult(
            attack=attack,
            adversarial=self.best,
            fooled=self.fooled,
            distance=np.where(self.fooled, self.distance, np.inf),
            queries=self.queries,
            gradients=self.gradients,
            first=self.first,
            seconds=self.problem.clock.seconds,
            seed=self.problem.seed,
            complete=not self.stopped,
            diagnostics=dict(diagnostics or {}),
        )


def margin(scores: Array, y: Array) -> Array:
    """Score of the true class less that of the best other one: ``(m, classes)`` and ``(m,)`` to ``(m,)``. Below 0:
    fooled."""
    rows = np.arange(len(y))
    own = scores[rows, y]
    others = np.array(scores, copy=True)
    others[rows, y] = -np.inf
    return np.asarray(own - others.max(axis=1))
