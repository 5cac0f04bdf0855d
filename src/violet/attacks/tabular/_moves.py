"""What can be done to a row: the values that each feature, or one-hot group, is tried at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.feasibility import Feasibility
from violet.targets.schema import Direction, Feature, TableSchema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from violet.attacks.base import Problem
    from violet.targets.base import InputDomain

    Array = NDArray[Any]

FEW = 48
"""A feature with no more values than this is tried at each of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """``m`` moves over ``d`` features: move ``j`` writes ``values[j]`` where ``sets[j]``; both ``(m, d)``. ``unit``
    ``(m,)`` is the place in ``schema.units`` of what it changes."""

    values: Array
    sets: Array
    unit: Array

    def __len__(self) -> int:
        return len(self.unit)

    def apply(self, x: Array, chosen: Array) -> Array:
        """``(r, d)`` rows, each with its moves ``(r, k)`` (-1: none) made in turn."""
        made = np.array(x, copy=True)
        for column in chosen.T:
            some = column >= 0
            made = np.where(self.sets[column] & some[:, None], self.values[column], made)
        return made.astype(x.dtype)


def rules_of(domain: InputDomain) -> Feasibility:
    """Those of the domain's schema, or of its ranges where it has none."""
    if domain.schema is not None:
        return Feasibility(domain.schema)
    low, high = (np.broadcast_to(np.asarray(end, dtype=np.float64), domain.shape).ravel() for end in _ends(domain))
    names = domain.names or tuple(f"feature {index}" for index in range(len(low)))
    features = (Feature(n, low=float(a), high=float(b)) for n, a, b in zip(names, low, high, strict=True))
    return Feasibility(TableSchema(tuple(features)))


def _ends(domain: InputDomain) -> tuple[Array, Array]:
    return domain.low, domain.high


def ranges(rules: Feasibility, domain: InputDomain, data: Array) -> tuple[Array, Array]:
    """``(d,)`` lowest and highest value of each feature that make sense: of the schema, else of the domain, else of the
    data."""
    ends = [np.array([feature.bounds[side] for feature in rules.schema.features]) for side in (0, 1)]
    told = [np.broadcast_to(np.asarray(end, dtype=np.float64), domain.shape).ravel() for end in _ends(domain)]
    finite = np.where(np.isfinite(data), data, np.nan)
    seen = [
        np.nan_to_num(reduce(finite, axis=0, initial=start, where=~np.isnan(finite)), posinf=0.0, neginf=0.0)
        for reduce, start in ((np.min, np.inf), (np.max, -np.inf))
    ]
    low, high = (
        np.where(np.isfinite(end), end, np.where(np.isfinite(other), other, last))
        for end, other, last in zip(ends, told, seen, strict=True)
    )
    return low, np.maximum(low, high)


def known_rows(problem: Problem) -> Array:
    """Rows the attacker has seen: the pool, or the samples themselves."""
    pool = problem.pool
    return np.asarray(problem.x if pool is None or not len(pool) else pool, dtype=np.float64)


def all_moves(rules: Feasibility, problem: Problem, count: int) -> Moves:
    """For each unit that an attacker can change: every value where there are few, else about ``count`` quantiles of
    what is known, and the ends of the range."""
    data = known_rows(problem)
    low, high = ranges(rules, problem.target.domain, data)
    d = len(low)
    values: list[Array] = []
    sets: list[Array] = []
    units: list[int] = []

    def add(unit: int, columns: Sequence[int], numbers: Sequence[float]) -> None:
        row, mask = np.zeros(d), np.zeros(d, dtype=bool)
        row[list(columns)] = numbers
        mask[list(columns)] = True
        values.append(row)
        sets.append(mask)
        units.append(unit)

    for unit, columns in enumerate(rules.schema.units):
        features = [rules.schema.features[column] for column in columns]
        if all(feature.direction is Direction.NONE for feature in features):
            continue
        if features[0].group:
            for place in range(len(columns)):
                add(unit, columns, [float(place == other) for other in range(len(columns))])
            continue
        column = columns[0]
        for value in _values(features[0], low[column], high[column], data[:, column], count):
            add(unit, columns, [float(value)])
    if not units:
        return Moves(np.zeros((0, d)), np.zeros((0, d), dtype=bool), np.zeros(0, dtype=np.int64))
    return Moves(np.array(values), np.array(sets), np.array(units))


def _values(feature: Feature, low: float, high: float, seen: Array, count: int) -> Array:
    begin, step = feature.grid
    if step > 0 and (high - low) / step < FEW:
        first = np.ceil((low - begin) / step - 1e-9)
        last = np.floor((high - begin) / step + 1e-9)
        return np.asarray(begin + step * np.arange(first, last + 1))
    seen = seen[np.isfinite(seen)]
    found = np.concatenate([[low, high], np.quantile(seen, np.linspace(0, 1, count)) if len(seen) else []])
    found = np.clip(found, low, high)
    if step > 0:
        found = begin + np.rint((found - begin) / step) * step
        found = found[(found >= low) & (found <= high)]
    return np.asarray(np.unique(found))
