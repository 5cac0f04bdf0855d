"""What happens to tables on their way: values go missing, are measured less exactly, drift, and change places.

Every function takes rows ``(n, d)`` float64, the features that describe them, the strength 1 to 5 and a random
generator. Values keep their type and range. Relations between features may break, as they do in such accidents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.schema import FeatureType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from violet.targets.schema import Feature

    Array = NDArray[Any]
    Random = np.random.Generator
    Features = Sequence[Feature]

ALIKE = 0.8
"""Columns whose correlation is at least this are taken for near-duplicates."""


def missing(x: Array, features: Features, strength: int, rng: Random) -> Array:
    """Cells are filled with the schema's default, or with what is usual: the mean, or the most frequent value."""
    share = (0.05, 0.1, 0.2, 0.3, 0.5)[strength - 1]
    found = np.array(x, copy=True)
    gone: dict[str, Array] = {}
    for column, feature in enumerate(features):
        if feature.group and feature.group in gone:
            lost = gone[feature.group]
        else:
            lost = rng.random(len(x)) < share
            if feature.group:  # all members go together
                gone[feature.group] = lost
        found[lost, column] = _usual(x, features, column)
    return found


def _usual(x: Array, features: Features, column: int) -> float:
    feature = features[column]
    if feature.default is not None:
        return feature.default
    values = x[:, column][np.isfinite(x[:, column])]
    if not len(values):
        return float("nan")
    if feature.group:
        members = [index for index, other in enumerate(features) if other.group == feature.group]
        return float(members[int(np.nansum(x[:, members], axis=0).argmax())] == column)
    if feature.type in (FeatureType.BINARY, FeatureType.CATEGORICAL):
        kinds, counts = np.unique(values, return_counts=True)
        return float(kinds[counts.argmax()])
    return float(_kept(np.array([values.mean()]), feature)[0])


def noise(x: Array, features: Features, strength: int, rng: Random) -> Array:
    """Measured less exactly: normal noise, a share of each column's standard deviation."""
    share = (0.05, 0.1, 0.2, 0.35, 0.5)[strength - 1]
    found = np.array(x, copy=True)
    for column in _numbers(features):
        spread = np.nanstd(x[:, column]) if np.isfinite(x[:, column]).any() else 0.0
        found[:, column] = _kept(x[:, column] + rng.normal(0.0, 1.0, len(x)) * share * spread, features[column])
    return found


def rounding(x: Array, features: Features, strength: int, rng: Random) -> Array:
    """Each column in few levels between its lowest and highest value."""
    levels = (64, 32, 16, 8, 4)[strength - 1]
    found = np.array(x, copy=True)
    for column in _numbers(features):
        low, high = _ends(x[:, column])
        if high > low:
            step = (high - low) / levels
            found[:, column] = _kept(low + np.rint((x[:, column] - low) / step) * step, features[column])
    return found


def drift(x: Array, features: Features, strength: int, rng: Random) -> Array:
    """The world moves on: each column is shifted as a whole, by a share of its standard deviation, up or down."""
    share = (0.1, 0.2, 0.4, 0.7, 1.0)[strength - 1]
    found = np.array(x, copy=True)
    for column in _numbers(features):
        spread = np.nanstd(x[:, column]) if np.isfinite(x[:, column]).any() else 0.0
        by = share * spread * (1 if rng.random() < 0.5 else -1)
        found[:, column] = _kept(x[:, column] + by, features[column])
    return found


def swapped(x: Array, features: Features, strength: int, rng: Random) -> Array | None:
    """In some rows each pair of near-duplicate columns has changed places. ``None`` where there is no such pair."""
    share = (0.05, 0.1, 0.25, 0.5, 1.0)[strength - 1]
    pairs = _alike(x, list(_numbers(features)))
    if not pairs:
        return None
    found = np.array(x, copy=True)
    for first, second in pairs:
        some = rng.random(len(x)) < share
        found[some, first] = _kept(x[some, second], features[first])
        found[some, second] = _kept(x[some, first], features[second])
    return found


TABLES = {
    "missing-features": missing,
    "noise": noise,
    "rounding": rounding,
    "drift": drift,
    "swapped-columns": swapped,
}


def _alike(x: Array, columns: list[int]) -> list[tuple[int, int]]:
    """Pairs of columns that go together, each column in one pair at most, the most alike first."""
    whole = x[:, columns]
    whole = whole[np.isfinite(whole).all(axis=1)]
    if len(whole) < 3 or len(columns) < 2:
        return []
    with np.errstate(all="ignore"):
        alike = np.nan_to_num(np.corrcoef(whole, rowvar=False))
    found: list[tuple[int, int]] = []
    used: set[int] = set()
    first, second = np.triu_indices(len(columns), 1)
    for place in np.argsort(-alike[first, second], kind="stable").tolist():
        a, b = columns[first[place]], columns[second[place]]
        if alike[first[place], second[place]] < ALIKE:
            break
        if a not in used and b not in used:
            found.append((a, b))
            used |= {a, b}
    return found


def _numbers(features: Features) -> list[int]:
    kinds = (FeatureType.REAL, FeatureType.INTEGER)
    return [column for column, feature in enumerate(features) if feature.type in kinds and not feature.group]


def _ends(values: Array) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)


def _kept(values: Array, feature: Feature) -> Array:
    """On the feature's grid and in its range."""
    begin, step = feature.grid
    if step > 0:
        values = begin + np.rint((values - begin) / step) * step
    return np.asarray(np.clip(values, *feature.bounds))
