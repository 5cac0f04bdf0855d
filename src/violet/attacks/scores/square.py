"""Square: a random search that sets one square of the image at a time to the border of the ball.

Needs scores and no gradient, so a model that hides its gradient is no harder for it. It is strong on images at a few
thousand queries, and weak where the radius is so large that the border of the ball is not the place to look. For
inputs that are no images a random handful of features takes the place of the square.

## Method
A first guess of vertical stripes; then, step by step, a square of random place and sign, smaller as the budget is used
up. The change is kept where the margin of the true class does not grow: equal margins are kept too, since a forest's
margin stands still over wide areas and a search that may wander crosses them. A square that would change nothing is
turned over instead, which on images of one channel saves half of the queries. L2: mass is moved from one square to
another, shaped like the bump that the paper derives.

## Cost
One forward row a step and sample.

## Source
Andriushchenko et al. 2020, "Square Attack: a query-efficient black-box adversarial attack via random search", ECCV,
algorithms 1 to 3; the schedule of sizes is that of its section 4, scaled to the budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.geometry import flattened
from violet.attacks.images import grid
from violet.attacks.scores._live import Live
from violet.attacks.tally import Tally
from violet.domain.robustness import Norm
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ATTACK = Attack(
    id="scores/square",
    title="Square",
    needs=Offers.SCORES,
    norms=(Norm.LINF, Norm.L2),
    strength=Strength.STRONG,
    queries=1000,
    options={"share": 0.8},
    references=("https://arxiv.org/abs/1912.00049",),
)

HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Of 10,000 queries: after which the share of changed features is halved."""


def share(spent: int, budget: int, first: float) -> float:
    """Of the features, how many a change covers after ``spent`` of ``budget`` queries."""
    at = spent * 10_000 / budget
    return float(first / 2 ** sum(at > bound for bound in HALVINGS))


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    tally = Tally(problem)
    rng = np.random.default_rng(problem.seed)
    rows = tally.active()
    if rows.size:
        search = _Linf(tally, rows, rng) if problem.threat.norm is Norm.LINF else _L2(tally, rows, rng)
        search.go(float(problem.option("share")))
    return tally.result(ATTACK.id)


class _Search:
    """What both norms share: the books of the standing samples, and when to keep a change."""

    def __init__(self, tally: Tally, rows: Array, rng: np.random.Generator) -> None:
        self.tally = tally
        self.rng = rng
        self.problem = tally.problem
        self.shape = self.problem.x.shape[1:]
        self.grid = grid(self.problem.target.domain)
        x = flattened(self.problem.x[rows]).astype(tally.dtype)
        self.features = x.shape[1]
        earlier = self.problem.earlier is not None
        current = tally.best[rows].reshape(x.shape).astype(tally.dtype) if earlier else x.copy()
        self.live = Live(rows, x=x, loss=np.full(len(rows), np.inf), current=current)

    def ask(self, candidates: Array) -> Array:
        return self.tally.margins(self.live.rows, candidates.reshape(-1, *self.shape))

    def go(self, first: float) -> None:
        tally, live = self.tally, self.live
        self.begin()
        live["loss"][:] = self.ask(live["current"])
        while len(live):
            stay = tally.going(live.rows) & ~tally.fooled[live.rows]
            left = np.flatnonzero(~stay)
            tally.approach(live.rows[left], live["current"][left].reshape(-1, *self.shape), live["loss"][left])
            live.keep(stay)
            if len(live):
                self.step(share(int(tally.queries[live.rows].max()), self.problem.budget.queries, first))

    def begin(self) -> None:
        raise NotImplementedError

    def step(self, part: float) -> None:
        raise NotImplementedError

    def side(self, part: float, least: int) -> int:
        assert self.grid is not None
        size = round((part * self.grid.height * self.grid.width) ** 0.5)
        return int(min(max(size, least), self.grid.height, self.grid.width))

    def places(self, part: float, least: int = 1) -> tuple[Array, int]:
        """Flat positions to change ``(m, groups * k)`` and ``groups``: runs that share one sign."""
        count = len(self.live)
        if self.grid is not None:
            size = self.side(part, least)
            corners = self.grid.corners(self.rng, count, size)
            square = self.grid.square(size)
            return corners[:, None] + square.reshape(1, -1), self.grid.channels
        number = min(max(round(part * self.features), least), self.features)
        return self.rng.integers(0, self.features, (count, number)), number


class _Linf(_Search):
    """Every changed feature lies on the border of the ball, or of the box."""

    def begin(self) -> None:
        live, radius = self.live, self.tally.radius
        x = live["x"]
        low = np.clip(x - radius, 0.0, 1.0).astype(x.dtype)
        high = np.clip(x + radius, 0.0, 1.0).astype(x.dtype)
        if self.problem.earlier is None:
            if self.grid is not None:
                stripes = self.rng.random((len(live), self.grid.channels * self.grid.width)) < 0.5
                up = stripes[:, self.grid.columns()]
            else:
                up = self.rng.random(x.shape) < 0.5
            live["current"][:] = np.where(up, high, low)
        live.add(low=low, high=high)

    def step(self, part: float) -> None:
        live = self.live
        places, groups = self.places(part)
        count, width = places.shape
        flat = places + (np.arange(count) * self.features)[:, None]
        current = live["current"].reshape(-1)
        low, high = live["low"].reshape(-1)[flat], live["high"].reshape(-1)[flat]
        old = current[flat]
        up = np.repeat(self.rng.random((count, groups)) < 0.5, width // groups, axis=1)
        new = np.where(up, high, low)
        idle = (new == old).all(axis=1)
        if idle.any():
            new[idle] = np.where(up[idle], low[idle], high[idle])
        current[flat] = new
        loss = self.ask(live["current"])
        better = loss <= live["loss"]
        live["loss"][better] = loss[better]
        current[flat[~better]] = old[~better]


class _L2(_Search):
    """The perturbation is a sum of bumps, as long as the ball allows."""

    def begin(self) -> None:
        live = self.live
        if self.problem.earlier is not None:
            return
        x = live["x"]
        delta = np.zeros_like(x)
        if self.grid is None:
            delta[:] = self.rng.standard_normal(x.shape)
        else:
            size = max(min(self.grid.height, self.grid.width) // 5, 1)
            square = self.grid.square(size)
            shape = np.tile(bump(size).reshape(-1), self.grid.channels)
            for top in range(0, self.grid.height - size + 1, size):
                for left in range(0, self.grid.width - size + 1, size):
                    signs = np.repeat(_signs(self.rng, (len(x), self.grid.channels)), size * size, axis=1)
                    delta[:, top * self.grid.steps[1] + left * self.grid.steps[2] + square.reshape(-1)] = signs * shape
        live["current"][:] = self._onto(x, delta)

    def _onto(self, x: Array, delta: Array) -> Array:
        """``x`` plus ``delta`` stretched to the radius, cut to the box."""
        length = np.sqrt(np.einsum("ij,ij->i", delta, delta, dtype=np.float64))
        delta *= (self.tally.radius / np.maximum(length, 1e-12))[:, None].astype(delta.dtype)
        delta += x
        return np.clip(delta, 0.0, 1.0, out=delta)

    def step(self, part: float) -> None:
        live = self.live
        x = live["x"]
        here, groups = self.places(part, 3)
        there, _ = self.places(part, 3)
        count, width = here.shape
        each = width // groups
        at = np.arange(count)[:, None]
        delta = live["current"] - x
        whole = np.einsum("ij,ij->i", delta, delta, dtype=np.float64)
        old = delta[at, here].astype(np.float64)
        delta[at, there] = 0.0
        delta[at, here] = 0.0
        left = np.einsum("ij,ij->i", delta, delta, dtype=np.float64)
        # What lies outside both windows stays; all the rest of the radius goes into the first.
        free = np.maximum(self.tally.radius**2 - np.minimum(left, whole), 0.0)
        if self.grid is not None:
            shape = bump(round(each**0.5))
            shape = (shape if self.rng.random() < 0.5 else shape.T).reshape(-1)
            new = np.repeat(_signs(self.rng, (count, groups)), each, axis=1) * np.tile(shape, groups)
        else:
            new = _signs(self.rng, (count, width)) / np.sqrt(width)
        new += old / np.maximum(np.sqrt((old**2).sum(axis=1, keepdims=True)), 1e-12)
        parts = new.reshape(count, groups, each)
        size = np.sqrt((parts**2).sum(axis=2, keepdims=True))
        parts *= np.sqrt(free / groups)[:, None, None] / np.maximum(size, 1e-12)
        delta[at, here] = parts.reshape(count, width)
        candidates = self._onto(x, delta)
        loss = self.ask(candidates)
        better = loss <= live["loss"]
        live["loss"][better] = loss[better]
        live["current"][better] = candidates[better]


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.where(rng.random(shape) < 0.5, -1.0, 1.0)


def bump(size: int) -> Array:
    """Two pyramids of opposite sign, one above the other, of unit length ``(size, size)``: equation 2 of the paper."""
    found = np.zeros((size, size))
    half = size // 2
    found[:half] = _pyramid(half, size)
    found[half:] = -_pyramid(size - half, size)
    return np.asarray(found / max(np.sqrt((found**2).sum()), 1e-12))


def _pyramid(height: int, width: int) -> Array:
    """Rings around the middle, the inner ones higher: ring ``k`` adds ``1 / (n + 1 - k)^2``."""
    found = np.zeros((height, width))
    rings = max(height, width) // 2 + 1
    middle_row, middle_column = height // 2, width // 2
    for ring in range(rings):
        top, bottom = max(middle_row - ring, 0), middle_row + ring + 1
        left, right = max(middle_column - ring, 0), middle_column + ring + 1
        found[top:bottom, left:right] += 1.0 / (ring + 1) ** 2
    return found
