"""Descent along gradients that are estimated from pairs of scores: what NES and SPSA share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.geometry import flattened, project, spread
from violet.attacks.images import grid
from violet.attacks.tally import Tally
from violet.domain.robustness import Norm

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from violet.attacks.base import AttackResult, Problem

    Array = NDArray[Any]
    Noise = Callable[[np.random.Generator, tuple[int, ...]], Array]


class Descent:
    """Of all standing samples at once. ``noise`` draws directions; ``pairs`` of opposite ones make one estimate;
    ``reach`` is how far they look, in radii."""

    def __init__(self, problem: Problem, noise: Noise, pairs: int, reach: float) -> None:
        self.problem = problem
        self.tally = Tally(problem)
        self.rng = np.random.default_rng(problem.seed)
        self.noise = noise
        self.pairs = max(pairs, 1)
        self.features = int(np.prod(problem.x.shape[1:]))
        image = grid(problem.target.domain)
        self.tiles = None if image is None else image.tiles(max(round(min(image.height, image.width) / 9), 1))
        """Of images, which tile each position belongs to: neighbours move together, as in images they do."""
        self.free = self.features if self.tiles is None else int(self.tiles.max()) + 1
        linf = problem.threat.norm is Norm.LINF
        self.reach = reach * self.tally.radius / (1.0 if linf else np.sqrt(self.features))
        self.x = flattened(problem.x).astype(self.tally.dtype)
        self.current = self.tally.best.reshape(self.x.shape).astype(self.tally.dtype)
        self.steps = np.zeros(len(self.x))
        self.flat = np.zeros(len(self.x))

    def run(self, attack: str, move: Callable[[Array, Array], Array]) -> AttackResult:
        """``move(rows, gradient)`` gives the change ``(m, d)`` that makes the margin smaller."""
        tally = self.tally
        while True:
            rows = tally.active(3)
            if not rows.size:
                break
            rows = rows[~tally.fooled[rows]]
            if not rows.size:
                break
            gradient = self.estimate(rows)
            self.steps[rows] += 1
            self.flat[rows] += ~gradient.any(axis=1)
            rows_left = ~tally.fooled[rows] & (tally.left(rows) >= 1)
            rows, gradient = rows[rows_left], gradient[rows_left]
            if rows.size:
                self.advance(rows, self.current[rows] + move(rows, gradient))
        return tally.result(attack, {"zero_estimate": self.flat / np.maximum(self.steps, 1)})

    @property
    def memory(self) -> float:
        """Over how many steps estimates should be gathered: until there are as many directions as features, as far as
        a third of the run allows. One step alone knows little of a gradient of many features."""
        steps = self.problem.budget.queries / (2 * self.pairs + 1)
        return float(max(min(self.free / self.pairs, steps / 3), 2.0))

    def progress(self, rows: Array) -> Array:
        """The share of the budget that is spent, ``(m, 1)``."""
        return np.asarray(self.tally.queries[rows, None] / self.problem.budget.queries)

    def estimate(self, rows: Array) -> Array:
        """Of the margin's gradient ``(m, d)``, by antithetic differences. Fewer pairs where the budget ends."""
        tally = self.tally
        pairs = int(min(self.pairs, (tally.left(rows).min() - 1) // 2))
        found = np.zeros((len(rows), self.features), dtype=tally.dtype)
        for piece in tally.pieces(rows, 2 * pairs):
            here = rows[piece]
            u = self.noise(self.rng, (len(here), pairs, self.free)).astype(tally.dtype)
            if self.tiles is not None:
                u = u[:, :, self.tiles]
            around = self.current[here][:, None, None, :]
            shift = np.stack([u, -u], axis=1) * np.asarray(self.reach, dtype=tally.dtype)
            candidates = np.clip(around + shift, 0.0, 1.0)
            losses = tally.margins(np.repeat(here, 2 * pairs), candidates.reshape(-1, *self.problem.x.shape[1:]))
            both = losses.reshape(len(here), 2, pairs)
            slopes = ((both[:, 0] - both[:, 1]) / (2 * self.reach * pairs)).astype(tally.dtype)
            found[piece] = np.einsum("np,npd->nd", slopes, u)
        return found

    def advance(self, rows: Array, moved: Array) -> None:
        inside = project(moved, self.x[rows], self.problem.threat.norm, self.tally.radius).astype(self.tally.dtype)
        self.current[rows] = inside
        shaped = inside.reshape(-1, *self.problem.x.shape[1:])
        self.tally.approach(rows, shaped, self.tally.margins(rows, shaped))


def steepest(gradient: Array, norm: Norm) -> Array:
    """The direction of unit length in the norm along which the margin falls most."""
    if norm is Norm.LINF:
        return np.asarray(-np.sign(gradient))
    length = np.sqrt((gradient.astype(np.float64) ** 2).sum(axis=1))
    return np.asarray(-gradient / spread(np.maximum(length, 1e-30), gradient))
