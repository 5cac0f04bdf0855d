"""Figures with intervals: means and rank correlations by bootstrap, areas under the ROC curve."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.rate import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]

RESAMPLES = 2000


def percentiles(samples: Array, level: float = 0.95) -> Interval:
    """The percentile interval of bootstrapped figures; NaN among them are left out."""
    known = samples[np.isfinite(samples)]
    if not len(known):
        return Interval(math.nan, math.nan, level, "bootstrap")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, "bootstrap")


def weights(count: int, seed: int, resamples: int = RESAMPLES) -> Array:
    """How often each of ``count`` cases is drawn in each resample: ``(resamples, count)`` float64."""
    random = np.random.default_rng(seed)
    return random.multinomial(count, np.full(count, 1 / count), size=resamples).astype(np.float64)


def mean_interval(values: Array, seed: int) -> Interval:
    """Of the mean of ``(n,)`` values; NaN are left out."""
    known = values[np.isfinite(values)]
    if not len(known):
        return Interval(math.nan, math.nan, method="bootstrap")
    return percentiles(weights(len(known), seed) @ known / len(known))


def ranks(values: Array) -> Array:
    """Mid-ranks from 1 along the last axis, ties in the middle."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values, axis=-1))


def spearman(a: Array, b: Array) -> Array:
    """Rank correlation of each row of ``a`` with the same row of ``b``: ``(n, k)`` twice to ``(n,)``; NaN where one of
    them is constant."""
    x, y = ranks(a), ranks(b)
    x = x - x.mean(axis=-1, keepdims=True)
    y = y - y.mean(axis=-1, keepdims=True)
    size = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    product = (x * y).sum(axis=-1)
    return np.asarray(np.divide(product, size, out=np.full(product.shape, np.nan), where=size > 0))


def wins(positive: Array, negative: Array) -> Array:
    """``(p, n)``: 1 where the positive case scores higher, one half where they tie."""
    difference = positive[:, None] - negative[None]
    return np.asarray((difference > 0) + 0.5 * (difference == 0))


def auc(positive: Array, negative: Array) -> float:
    """The area under the ROC curve: the chance that a positive case scores above a negative one (Mann-Whitney)."""
    return float(wins(positive, negative).mean())


def auc_interval(area: float, positives: int, negatives: int, level: float = 0.95) -> Interval:
    """Newcombe's method 5 (2006, part 2): the areas that the observed one is within z standard errors of, with the
    variance that each of them would have. Unlike the bootstrap and DeLong's it has a width where the area is 1."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    both = (positives + negatives) / 2 - 1

    def beyond(true: float) -> float:
        spread = 1 + both * ((1 - true) / (2 - true) + true / (1 + true))
        return abs(true - area) - z * math.sqrt(max(true * (1 - true) * spread, 0.0) / (positives * negatives))

    return Interval(_edge(beyond, 0.0, area), _edge(beyond, 1.0, area), level, "newcombe")


def _edge(beyond: Callable[[float], float], outside: float, inside: float) -> float:
    """Where ``beyond`` changes its sign, by bisection. At an area of 0 or 1 itself both are the same point."""
    if outside == inside:
        return outside
    step = 1e-9 if inside < outside else -1e-9
    inner = inside + step if beyond(inside) >= 0 else inside
    for _ in range(60):
        middle = (outside + inner) / 2
        if beyond(middle) > 0:
            outside = middle
        else:
            inner = middle
    return (outside + inner) / 2


def auc_gain(first: tuple[Array, Array], second: tuple[Array, Array], seed: int) -> tuple[float, Interval]:
    """AUC of ``first`` less that of ``second``, each ``(attacked, clean)`` of the same pairs of inputs, with a
    bootstrap over the pairs: what the two have in common falls out of the difference."""
    one, two = wins(*first), wins(*second)
    count = len(one)
    drawn = weights(count, seed)
    difference = ((drawn @ (one - two)) * drawn).sum(axis=1) / count**2
    return float(one.mean() - two.mean()), percentiles(difference)
