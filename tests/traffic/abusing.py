"""Attackers that ask whether a record was in the training data, and such that make the model work until it stops.

Membership: ``repeats`` asks the same records again and again, to average what noise an answer has; ``neighbours`` asks
each record with slight changes and counts how often the label stays (Choquette-Choo et al. 2021, section 4.2). Half of
the records are training data. The goal is reached when ten records are decided.

Denial: ``sponge`` sends inputs that take the model 20 to 80 times as long as others of their size (Shumailov et al.
2021); ``oversized`` sends some hundred kB where others send some hundred bytes; ``flood`` sends ordinary rows, 100 a
second. The goal is reached when the model has spent 3 s, read 10 MB, or answered 3,000 rows.
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

DECIDED = 10
RECORDS = 40


def abuse(world: World, kind: str, seed: int, *, start: float = START) -> Piece:
    """Traffic of one attacker. ``kind`` is one of ``ABUSING``."""
    return ABUSING[kind](world, np.random.default_rng([seed, 51]), f"{kind}", seed, start)


def _records(world: World, rng: np.random.Generator) -> Array:
    half = RECORDS // 2
    inside = world.train[rng.choice(len(world.train), half, replace=False)]
    outside = world.population.draw(rng, half)
    return np.concatenate([inside, outside])[rng.permutation(RECORDS)]


def _piece(kind: str, seed: int, at: Array, raw: Array, goal: int, **more: Any) -> Piece:
    reached = np.zeros(len(raw), dtype=bool)
    if 0 <= goal < len(raw):
        reached[goal] = True
    return Piece(f"key:{kind}-{seed}", kind, at, raw, goal=reached, campaign=f"{kind}/{seed}", **more)


def _repeats(world: World, rng: np.random.Generator, kind: str, seed: int, start: float) -> Piece:
    """Ten records a round, each asked 15 times in a shuffled order; then the next ten."""
    records = _records(world, rng)
    order = [rng.permutation(np.repeat(np.arange(begin, begin + 10), 15)) for begin in range(0, RECORDS, 10)]
    raw = records[np.concatenate(order)]
    return _piece(kind, seed, start + np.cumsum(rng.exponential(1.0, len(raw))), raw, 149)


def _neighbours(world: World, rng: np.random.Generator, kind: str, seed: int, start: float) -> Piece:
    """Each record, and then 30 neighbours: every column moves with a chance of one in four."""
    span = world.reference.scale if not world.shape else np.full(world.train.shape[1], 0.1)
    parts = []
    for record in _records(world, rng):
        moved = rng.random((30, len(record))) < 0.25
        near = world.population.snap(record + rng.normal(size=moved.shape) * moved * span * 0.3)
        parts += [record[None], near]
    raw = np.concatenate(parts)
    return _piece(kind, seed, start + np.cumsum(rng.exponential(0.5, len(raw))), raw, DECIDED * 31 - 1)


def _sponge(world: World, rng: np.random.Generator, kind: str, seed: int, start: float) -> Piece:
    n = 600
    slow = rng.uniform(20, 80, n)
    goal = int(np.searchsorted(np.cumsum(slow) * world.seconds, 3.0))
    at = start + np.cumsum(rng.exponential(0.2, n))
    return _piece(kind, seed, at, world.population.draw(rng, n), goal, slow=slow)


def _oversized(world: World, rng: np.random.Generator, kind: str, seed: int, start: float) -> Piece:
    n = 300
    extra = rng.uniform(1e5, 9e5, n)
    goal = int(np.searchsorted(np.cumsum(extra), 1e7))
    at = start + np.cumsum(rng.exponential(1.0, n))
    return _piece(kind, seed, at, world.population.draw(rng, n), goal, extra=extra, slow=np.full(n, 2.0))


def _flood(world: World, rng: np.random.Generator, kind: str, seed: int, start: float) -> Piece:
    n = 5000
    return _piece(kind, seed, start + np.cumsum(rng.exponential(0.01, n)), world.population.draw(rng, n), 2999)


ABUSING: Mapping[str, Callable[[World, np.random.Generator, str, int, float], Piece]] = {
    "membership:repeats": _repeats,
    "membership:neighbours": _neighbours,
    "denial:sponge": _sponge,
    "denial:oversized": _oversized,
    "denial:flood": _flood,
}
