"""Small real models behind targets, and Shapley values the slow way: by asking about every coalition."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import InputDomain, InputKind, Offers
from violet.targets.callable_target import CallableTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.targets.schema import TableSchema

    Array = Any


def table(count: int = 600, features: int = 6, seed: int = 0, classes: int = 2) -> tuple[Array, Array]:
    """Rows whose class depends on three features, one product included; the others are noise."""
    random = np.random.default_rng(seed)
    x = random.uniform(0, 1, size=(count, features))
    score = 2 * x[:, 0] + 3 * x[:, 1] * x[:, 2]
    edges = np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])
    return x.astype(np.float32), np.searchsorted(edges, score).astype(np.int64)


def box(features: int, names: tuple[str, ...] = (), schema: TableSchema | None = None) -> InputDomain:
    return InputDomain(InputKind.TABLE, (features,), np.zeros(features), np.ones(features), names=names, schema=schema)


def image_domain(rows: int = 8, columns: int = 8) -> InputDomain:
    shape = (rows, columns)
    return InputDomain(InputKind.IMAGE, shape, np.zeros(shape), np.ones(shape), layout="hw")


def target_of(
    model: Any, domain: InputDomain, *, native: bool = True, before: Callable[[Array], Array] | None = None
) -> CallableTarget:
    """A target of ``predict_proba``; the model itself is at hand unless ``native`` says no."""
    flat = before or (lambda x: x.reshape(len(x), -1))
    target = CallableTarget(
        lambda x: model.predict_proba(flat(x)), domain, len(model.classes_), Offers.PROBABILITIES, type(model).__name__
    )
    return target.show(model) if native else target


def brute_force(value: Callable[[Array], float], players: int) -> Array:
    """Shapley's formula itself: ``value`` of a boolean coalition ``(players,)``."""
    worth = {}
    for size in range(players + 1):
        for members in combinations(range(players), size):
            chosen = np.zeros(players, dtype=bool)
            chosen[list(members)] = True
            worth[members] = value(chosen)
    found = np.zeros(players)
    for player in range(players):
        others = [other for other in range(players) if other != player]
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for members in combinations(others, size):
                found[player] += weight * (worth[tuple(sorted((*members, player)))] - worth[members])
    return found


def interventional(score: Callable[[Array], Array], x: Array, background: Array) -> Callable[[Array], float]:
    """The value of a coalition for one row ``x``: the mean score of the background with its features in place."""
    return lambda chosen: float(np.mean(score(np.where(chosen, x, background))))
