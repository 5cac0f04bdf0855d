"""Stability: does the explanation survive noise that the prediction does not even notice?

An explanation that turns over when an input moves by a hundredth of its range says nothing about the input
(Alvarez-Melis and Jaakkola 2018; Ghorbani et al. 2019). Only features that are numbers on a scale get noise: codes,
whole numbers and members of one-hot groups stay, because no noise on them is small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import Stability
from violet.explain.statistics import mean_interval, spearman
from violet.targets.base import InputKind
from violet.targets.schema import FeatureType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.explain.base import Explainer
    from violet.explain.players import Players
    from violet.targets.base import InputDomain, Target

    Array = NDArray[Any]

NOISE = 0.01
DRAWS = 2
TOP = 5


def stability(
    target: Target,
    explainer: Explainer,
    players: Players,
    x: Array,
    *,
    seed: int,
    noise: float = NOISE,
    draws: int = DRAWS,
) -> Stability | None:
    """``x`` ``(n, *shape)`` raw; ``noise`` is a standard deviation in unit space. ``None`` where there is no feature
    that noise can be put on, fewer than three players, or no noisy input that kept its label."""
    free = continuous(target.domain, x)
    if not free.any() or len(players) < 3:
        return None
    random = np.random.default_rng(seed)
    repeated = np.repeat(x, draws, axis=0)
    unit = target.domain.to_unit(repeated)
    shaken = np.clip(unit + noise * random.standard_normal(unit.shape), 0.0, 1.0)
    noisy = np.where(free, target.domain.to_raw(shaken), repeated).astype(repeated.dtype)
    labels = np.asarray(target.labels(x))
    kept = np.flatnonzero(np.asarray(target.labels(noisy)) == np.repeat(labels, draws))
    if not len(kept):
        return None
    before = np.abs(players.total(explainer.explain(x, labels).values))
    rows = kept // draws
    after = np.abs(players.total(explainer.explain(noisy[kept], labels[rows]).values))
    top = min(TOP, max(1, len(players) // 2))
    correlation = _by_input(spearman(before[rows], after), rows)
    overlap = _by_input(_overlap(before[rows], after, top), rows)
    return Stability(
        noise=noise,
        inputs=len(np.unique(rows)),
        relabelled=len(noisy) - len(kept),
        correlation=float(np.nanmean(correlation)) if np.isfinite(correlation).any() else float("nan"),
        correlation_interval=mean_interval(correlation, seed),
        top=top,
        overlap=float(overlap.mean()),
        overlap_interval=mean_interval(overlap, seed + 1),
    )


def continuous(domain: InputDomain, x: Array) -> Array:
    """``(*shape)`` bool: which features are numbers on a scale, by the schema, or else by having other values than
    whole numbers."""
    if domain.kind is InputKind.IMAGE:
        return np.ones(domain.shape, dtype=bool)
    if domain.schema is not None:
        kinds = [feature.type is FeatureType.REAL and not feature.group for feature in domain.schema.features]
        return np.asarray(kinds).reshape(domain.shape)
    return np.asarray((x != np.round(x)).any(axis=0))


def _overlap(a: Array, b: Array, top: int) -> Array:
    """The share of the ``top`` largest of each row that both have."""
    first = np.argsort(-a, axis=1, kind="stable")[:, :top]
    second = np.argsort(-b, axis=1, kind="stable")[:, :top]
    return np.asarray((first[:, :, None] == second[:, None, :]).any(axis=2).mean(axis=1))


def _by_input(values: Array, rows: Array) -> Array:
    """The mean over the draws of each input, because those do not vary independently."""
    return np.array([values[rows == row].mean() for row in np.unique(rows)])
