"""Where walks along the border between labels begin, how they find the border, and the books they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.geometry import flattened
from violet.attacks.tally import Tally
from violet.domain.robustness import Norm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.attacks.base import AttackResult, Problem

    Array = NDArray[Any]

NONE, POOL, NOISE, EARLIER = 0, 1, 2, 3
"""How a walk began: not at all, from an input of another label, from a random input, from what an earlier run left."""

TRIES = 20
"""Inputs of each kind that one sample asks about before it gives up."""

LARGEST_POOL = 2000


class Walk:
    """All samples at once. ``near`` ``(n, d)`` is, of each, the nearest input of another label met so far, whether or
    not it lies within the radius, and ``distance`` its distance (``inf``: none is known)."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.tally = Tally(problem)
        self.norm = problem.threat.norm
        self.rng = np.random.default_rng(problem.seed)
        self.shape = problem.x.shape[1:]
        self.x = flattened(problem.x).astype(self.tally.dtype)
        self.features = self.x.shape[1]
        self.near = self.x.copy()
        self.distance = np.full(len(self.x), np.inf)
        self.begun = np.full(len(self.x), NONE, dtype=np.int64)
        self.rounds = np.zeros(len(self.x), dtype=np.int64)
        """Rounds each sample has made, those of earlier runs included."""
        if problem.earlier is not None:
            self._take_up(problem.earlier)

    def _take_up(self, earlier: AttackResult) -> None:
        known = np.asarray(earlier.diagnostics.get("start", np.where(earlier.fooled, POOL, NONE)))
        rows = np.flatnonzero((known != NONE) | earlier.fooled)
        self.near[rows] = flattened(earlier.adversarial[rows])
        self.distance[rows] = self.tally.measure(self._shaped(self.near[rows]), self.problem.x[rows])
        self.begun[rows] = EARLIER
        self.rounds += np.asarray(earlier.diagnostics.get("rounds", 0), dtype=np.int64)

    def _shaped(self, flat: Array) -> Array:
        return flat.reshape(-1, *self.shape)

    def ask(self, rows: Array, candidates: Array) -> Array:
        """Whether each of ``candidates`` ``(m, d)`` fools; ``rows`` ``(m,)`` names no sample twice."""
        shaped = self._shaped(candidates)
        fooling = self.tally.fools(rows, shaped)
        at = np.flatnonzero(fooling)
        if at.size:
            found = self.tally.measure(shaped[at], self.problem.x[rows[at]])
            nearer = found < self.distance[rows[at]]
            hit = rows[at[nearer]]
            self.near[hit] = candidates[at[nearer]]
            self.distance[hit] = found[nearer]
        return fooling

    def standing(self, cost: int = 1) -> Array:
        """Samples that go on and know an input of another label."""
        rows = self.tally.active(cost)
        return np.asarray(rows[np.isfinite(self.distance[rows]) & (self.distance[rows] > 0)])

    def result(self, attack: str) -> AttackResult:
        known = np.flatnonzero(np.isfinite(self.distance))
        self.tally.approach(known, self._shaped(self.near[known]), self.distance[known])
        return self.tally.result(attack, {"start": self.begun, "rounds": self.rounds})

    def start(self) -> None:
        """Find an input of another label for as many samples as possible: the nearest ones of the pool (or of the
        other samples) whose labels are known, one of those nobody has asked about, or noise."""
        for kind, offer in ((POOL, self._from_pool()), (NOISE, self._noise)):
            for attempt in range(TRIES):
                rows = self.tally.active()
                rows = rows[self.begun[rows] == NONE]
                if not rows.size:
                    return
                tried = offer(rows, attempt)
                if tried is None:
                    break
                self.begun[rows[self.ask(rows, tried)]] = kind

    def _noise(self, rows: Array, attempt: int) -> Array | None:
        del attempt
        return self.rng.random((len(rows), self.features)).astype(self.tally.dtype)

    def _from_pool(self) -> Any:
        problem, rng = self.problem, self.rng
        points, labels = problem.x, problem.y
        if problem.pool is not None and len(problem.pool):
            given = problem.pool_labels
            labels = np.full(len(problem.pool), -1) if given is None else given
            points = problem.pool
        if len(points) > LARGEST_POOL:
            chosen = rng.choice(len(points), LARGEST_POOL, replace=False)
            points, labels = points[chosen], labels[chosen]
        points = flattened(points).astype(self.tally.dtype)
        squares = np.einsum("ij,ij->i", points, points, dtype=np.float64)
        blind = not (labels >= 0).any()

        def offer(rows: Array, attempt: int) -> Array | None:
            if blind:
                return points[rng.integers(0, len(points), len(rows))]
            other = (labels[None, :] >= 0) & (labels[None, :] != problem.y[rows][:, None])
            if not other.any():
                return None
            far = np.where(other, squares[None, :] - 2.0 * (self.x[rows] @ points.T), np.inf)
            pick = np.argsort(far, axis=1, kind="stable")[:, min(attempt, len(points) - 1)]
            return points[pick]

        return offer

    def between(self, rows: Array, far: Array, part: Array) -> Array:
        """On the way from the samples (``part`` 0) to ``far`` (1): along the line, for Linf into the smaller ball."""
        x = self.x[rows]
        if self.norm is Norm.LINF:
            size = (np.abs(far - x).max(axis=1) * part)[:, None]
            return np.clip(far, x - size, x + size).astype(x.dtype)
        return np.asarray((x + (far - x) * part[:, None]).astype(x.dtype))

    def to_border(self, rows: Array, far: Array, tolerance: float) -> Array:
        """From ``far`` ``(m, d)``, which fool, to where they nearly do not: halving until the rest is ``tolerance`` of
        the distance. Gives the points on the side that fools."""
        low = np.zeros(len(rows))
        high = np.ones(len(rows))
        while True:
            going = self.tally.going(rows) & (high - low > tolerance)
            if not going.any():
                return self.between(rows, far, high)
            at = np.flatnonzero(going)
            middle = (low[at] + high[at]) / 2
            fooling = self.ask(rows[at], self.between(rows[at], far[at], middle))
            high[at[fooling]] = middle[fooling]
            low[at[~fooling]] = middle[~fooling]
