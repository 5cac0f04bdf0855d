"""Attackers that copy the model, of four kinds, and what their copy is worth.

``random`` asks about uniform rows; ``synthesis`` grows a few rows of its own by steps along the sign of a surrogate's
gradient (Papernot et al. 2017, section 4; the queries that PRADA, Juuti et al. 2019, is about); ``boundary`` asks where
its surrogate is least sure (Tramèr et al. 2016, section 6; Pal et al. 2020); ``knockoff`` asks about natural data of
another origin (Orekondy et al. 2019). All of them keep to the application's grids. ``natural``, who has the population
itself, is not among them: no query of it differs from an honest one, and what there is to see is that it asks much.

Its goal is reached with the query after which a copy fitted to the answers agrees with the model on 90 % of the
population.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.traffic.trace import START, Piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.traffic.world import World

    Array = NDArray[Any]

AGREEMENT = 0.9
SEEDS = 60
"""Rows of the population that the attacker has to begin with."""


def steal(
    world: World,
    kind: str,
    seed: int,
    queries: int = 1500,
    *,
    start: float = START,
    rate: float = 2.0,
    goal: bool = True,
) -> Piece:
    """Traffic of one attacker, ``rate`` queries a second. ``kind`` is one of ``STEALING``, or ``natural``. Without
    ``goal`` no copy is fitted, which is faster."""
    rng = np.random.default_rng([seed, 31])
    rows = STEALING.get(kind, _natural)(world, rng, queries)[:queries]
    at = start + np.cumsum(rng.exponential(1.0 / rate, len(rows)))
    reached = np.zeros(len(rows), dtype=bool)
    if goal:
        when = worth(world, rows)
        if when >= 0:
            reached[when] = True
    name = f"extraction:{kind}"
    return Piece(f"key:{name}-{seed}", name, at, rows, goal=reached, campaign=f"{name}/{seed}")


def _random(world: World, rng: np.random.Generator, queries: int) -> Array:
    low, high = world.domain.low.reshape(-1), world.domain.high.reshape(-1)
    return np.asarray(world.population.snap(rng.uniform(low, high, (queries, len(low)))))


def _synthesis(world: World, rng: np.random.Generator, queries: int) -> Array:
    rows = world.population.draw(rng, SEEDS)
    step = 0.3
    while len(rows) < queries:
        surrogate = Surrogate(world, rows, rng)
        some = rng.permutation(len(rows))[: queries - len(rows)]
        unit = world.reference.scale if not world.shape else np.full(rows.shape[1], 0.3)
        away = np.sign(surrogate.gradient(rows[some])) * np.where(rng.random((len(some), rows.shape[1])) < 0.7, 1, 0)
        step = -step
        rows = np.concatenate([rows, world.population.snap(rows[some] + step * away * unit)])
    return rows


def _boundary(world: World, rng: np.random.Generator, queries: int) -> Array:
    own = world.population.draw(rng, SEEDS)
    rows = own
    while len(rows) < queries:
        surrogate = Surrogate(world, rows, rng)
        a, b = own[rng.integers(0, SEEDS, 2000)], rows[rng.integers(0, len(rows), 2000)]
        mixed = np.where(rng.random(a.shape) < 0.5, a, b) if not world.shape else a + rng.random((2000, 1)) * (b - a)
        pool = world.population.snap(mixed)
        unsure = np.argsort(surrogate.margin(pool))[: min(40, queries - len(rows))]
        rows = np.concatenate([rows, pool[rng.permutation(unsure)]])
    return rows


def _knockoff(world: World, rng: np.random.Generator, queries: int) -> Array:
    return np.asarray(world.population.foreign(rng, queries))


def _natural(world: World, rng: np.random.Generator, queries: int) -> Array:
    return np.asarray(world.population.draw(rng, queries))


STEALING: Mapping[str, Callable[[World, np.random.Generator, int], Array]] = {
    "random": _random,
    "synthesis": _synthesis,
    "boundary": _boundary,
    "knockoff": _knockoff,
}


class Surrogate:
    """A copy fitted to answers: ridge regression of the log-odds on random features of the encoded rows."""

    def __init__(self, world: World, rows: Array, rng: np.random.Generator, width: int = 256) -> None:
        self._world = world
        x = self._encode(rows)
        self._omega = rng.normal(size=(x.shape[1], width)) / (2.0 * np.sqrt(x.shape[1]))
        self._phase = rng.uniform(0, 2 * np.pi, width)
        features = self._features(x)
        target = _log_odds(world.answer(rows))
        gram = features.T @ features + 0.3 * np.eye(features.shape[1])
        self._weights = np.linalg.solve(gram, features.T @ target)

    def _encode(self, rows: Array) -> Array:
        return np.asarray(np.clip(self._world.reference.encode(rows).astype(float), -4, 4))

    def _features(self, x: Array) -> Array:
        return np.concatenate([np.cos(x @ self._omega + self._phase), x * 0.5, np.ones((len(x), 1))], axis=1)

    def scores(self, rows: Array) -> Array:
        """``(n, k)`` log-odds."""
        return np.asarray(self._features(self._encode(rows)) @ self._weights)

    def margin(self, rows: Array) -> Array:
        top = np.partition(self.scores(rows), -2, axis=1)[:, -2:]
        return np.asarray(top[:, 1] - top[:, 0])

    def gradient(self, rows: Array) -> Array:
        """Of the best score less the second, by the raw row ``(n, p)`` (for pictures: spread over their cells)."""
        x = self._encode(rows)
        order = np.argsort(self.scores(rows), axis=1)
        wide = self._omega.shape[1]
        slope = self._weights[:wide][:, order[:, -1]] - self._weights[:wide][:, order[:, -2]]
        inner = (-np.sin(x @ self._omega + self._phase) * slope.T) @ self._omega.T
        linear = self._weights[wide:-1]
        inner = inner + 0.5 * (linear[:, order[:, -1]] - linear[:, order[:, -2]]).T
        return np.asarray(self._world.spread(inner))


def worth(world: World, rows: Array, agreement: float = AGREEMENT) -> int:
    """The query (from 0) after which the better of two copies agrees with the model so often; -1: never. Looked at with
    every third more queries; between two looks the first one that suffices is said."""
    known = world.held[:2000]
    labels = world.labels(known)
    size = 50
    while size <= len(rows):
        if max(_agreements(world, rows[:size], known, labels)) >= agreement:
            return size - 1
        size = len(rows) if size < len(rows) < size * 1.333 else int(size * 1.333)
    return -1


def _agreements(world: World, rows: Array, known: Array, labels: Array) -> list[float]:
    surrogate = Surrogate(world, rows, np.random.default_rng(3), 384)
    found = [float(np.mean(surrogate.scores(known).argmax(axis=1) == labels))]
    if not world.shape and len(rows) >= 100:
        from sklearn.ensemble import HistGradientBoostingRegressor

        odds = _log_odds(world.answer(rows))[:, 1]
        trees = HistGradientBoostingRegressor(max_iter=80, max_leaf_nodes=15, learning_rate=0.15, random_state=0)
        trees.fit(rows, odds)
        found.append(float(np.mean((trees.predict(known) > 0) == labels)))
    return found


def _log_odds(scores: Array) -> Array:
    logs = np.log(np.clip(scores, 1e-4, 1 - 1e-4))
    return np.asarray(logs - np.log(np.clip(1 - scores, 1e-4, 1)))
