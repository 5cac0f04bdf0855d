"""The books of one run of an attack: who still stands, what each sample has spent, and the best that was found.

Every black-box attack asks the target through a ``Tally``, so that all count alike, none spends more than its budget,
and whatever stops an attack, what it had reached is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import AttackResult, Goal
from violet.attacks.geometry import distance, is_unit, rounded, slack
from violet.targets.base import Offers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from violet.attacks.base import Problem
    from violet.targets.base import InputDomain

    Array = NDArray[Any]
    Measure = Callable[[Array, Array], Array]


AT_ONCE = 1 << 20
"""Numbers in the candidates of one call: enough that the call costs nothing, few enough for the processor's cache."""

UNDERFLOW = 1e-38
"""The least probability that is told from 0: single precision knows none below."""


class Tally:
    """``measure(a, b)`` gives the distance of rows; by default that of the threat's norm, after rounding to what the
    model meets."""

    def __init__(self, problem: Problem, measure: Measure | None = None) -> None:
        n = len(problem.x)
        self.problem = problem
        self._domain = getattr(problem.target, "inner", problem.target).domain
        self.measure: Measure = measure or self._distance
        self.dtype: Any = "float32" if _unrounded(self._domain, problem.x) else "float64"
        """What candidates are best made in: that of the model, where unit space is its own, else float64."""
        room = 0.0 if measure else slack(self._domain, problem.threat.norm)
        self.radius = max(problem.threat.eps - room, problem.threat.eps / 2)
        """The threat's radius, less what rounding to the model's dtype may add."""
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

    def going(self, rows: Array, cost: int = 1) -> Array:
        """Which of these samples go on ``(m,)`` bool: not done, and with ``cost`` more queries in their budget. None
        when time is up. A sample is done when it is fooled, unless the goal is the smallest distance."""
        if self.problem.clock.expired():
            self.stopped = True
            return np.zeros(len(rows), dtype=bool)
        going = self.queries[rows] + cost <= self.problem.budget.queries
        if self.problem.goal is Goal.WITHIN:
            going &= ~self.fooled[rows]
        return np.asarray(going)

    def active(self, cost: int = 1) -> Array:
        """Indices of the samples that go on (see ``going``)."""
        return np.flatnonzero(self.going(np.arange(len(self.queries)), cost))

    def left(self, rows: Array) -> Array:
        """Queries left to each of these samples."""
        return np.asarray(self.problem.budget.queries - self.queries[rows])

    def labels(self, rows: Array, candidates: Array, keep: bool = True) -> Array:
        """Ask for the labels of ``candidates`` ``(m, *shape)``, of which each belongs to the sample in ``rows``
        ``(m,)`` (a sample may stand there several times). Counts them and, with ``keep``, takes up what fools."""
        answer = self.problem.target.labels(candidates)
        self._spend(rows)
        if keep:
            self._take(rows, candidates, answer != self.problem.y[rows])
        return answer

    def fools(self, rows: Array, candidates: Array, keep: bool = True) -> Array:
        """As ``labels``: whether each candidate gets another label than its sample, ``(m,)`` bool."""
        return np.asarray(self.labels(rows, candidates, keep) != self.problem.y[rows])

    def scores(self, rows: Array, candidates: Array) -> Array:
        """As ``labels``, for scores ``(m, classes)``."""
        answer = self.problem.target.scores(candidates)
        self._spend(rows)
        self._take(rows, candidates, answer.argmax(axis=1) != self.problem.y[rows])
        return answer

    def margins(self, rows: Array, candidates: Array) -> Array:
        """As ``scores``: the margin of each sample's own class ``(m,)``. That of the logarithms where scores are
        probabilities: they tell saturated answers apart, and of a softmax they are the margin of the logits."""
        answer = self.scores(rows, candidates)
        if Offers.PROBABILITIES in self.problem.target.offers:
            answer = np.log(np.maximum(answer, UNDERFLOW))
        return margin(answer, self.problem.y[rows])

    def pieces(self, rows: Array, each: int = 1) -> Iterator[slice]:
        """Slices of ``rows`` for calls of bearable size, where every sample brings ``each`` candidates. A copy of the
        model's answers stays small, and time is asked for between them."""
        features = max(int(np.prod(self.problem.x.shape[1:])), 1)
        step = max(AT_ONCE // (features * each), 1)
        for begin in range(0, len(rows), step):
            yield slice(begin, begin + step)

    def _distance(self, candidates: Array, x: Array) -> Array:
        if self.dtype == "float64" or candidates.dtype != self.dtype:
            candidates = rounded(candidates, self._domain)
        return distance(candidates, x, self.problem.threat.norm)

    def _spend(self, rows: Array) -> None:
        self.queries += np.bincount(rows, minlength=len(self.queries))

    def _take(self, rows: Array, candidates: Array, fooling: Array) -> None:
        """Keep, of the candidates that fool, the nearest of each sample."""
        at = np.flatnonzero(fooling)
        if not at.size:
            return
        found = self.measure(candidates[at], self.problem.x[rows[at]])
        nearer = found < self.distance[rows[at]]
        if self.problem.goal is Goal.WITHIN:
            nearer &= found <= self.problem.threat.eps * (1 + 1e-9)
        at, found = at[nearer], found[nearer]
        order = np.lexsort((found, rows[at]))
        at, found = at[order], found[order]
        owners, nearest = np.unique(rows[at], return_index=True)
        self.distance[owners] = found[nearest]
        self.best[owners] = candidates[at[nearest]]
        new = owners[~self.fooled[owners]]
        self.fooled[new] = True
        self.first[new] = self.queries[new]

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


def _unrounded(domain: InputDomain, x: Array) -> bool:
    """Whether candidates can be made in single precision without rounding anything: it is the model's own, unit space
    is the model's own, and the samples are such numbers."""
    return domain.dtype == "float32" and is_unit(domain) and bool((x.astype(np.float32) == x).all())


def margin(scores: Array, y: Array) -> Array:
    """Score of the true class less that of the best other one: ``(m, classes)`` and ``(m,)`` to ``(m,)``. Below 0:
    fooled."""
    rows = np.arange(len(y))
    own = scores[rows, y]
    others = np.array(scores, copy=True)
    others[rows, y] = -np.inf
    return np.asarray(own - others.max(axis=1))
