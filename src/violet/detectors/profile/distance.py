"""How far two counts of one column lie apart: the distances, what chance alone gives, and their significance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.kernel import ABOVE, BELOW, LEAST, MOST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.kernel import Counted
    from violet.detectors.profile.layout import NumberLayout

    Array = NDArray[Any]

FLOOR = 1e-4
"""Shares below this count as this in the population stability index, which is infinite otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """``ks`` in [0, 1], and the ``place`` in the edges where it is reached (-1: nowhere); ``psi``; ``js`` the square
    root of the Jensen-Shannon divergence in bits, in [0, 1]; ``chi2`` with ``freedom`` degrees; ``variation`` the total
    variation of coarse shares, in [0, 1]; ``wasserstein`` in the column's unit. NaN where it does not apply."""

    ks: float
    ks_p: float
    psi: float
    js: float
    chi2: float
    chi2_p: float
    freedom: int
    variation: float
    wasserstein: float = math.nan
    place: int = -1


def ks(before: Array, after: Array) -> tuple[float, int]:
    """The Kolmogorov-Smirnov distance from counts ``(bins,)``, and the edge where it is reached."""
    n, m = before.sum(), after.sum()
    if not n or not m:
        return math.nan, -1
    apart = np.abs(np.cumsum(before[:-1]) / n - np.cumsum(after[:-1]) / m)
    if not len(apart):
        return 0.0, -1
    place = int(np.argmax(apart))
    return float(apart[place]), place


def ks_p_value(distance: float, n: float, m: float) -> float:
    """Two-sided, by Kolmogorov's limit with Stephens' correction (1970): within 0.01 of the exact one from about 20
    rows a side; too great (conservative) where the column has point masses."""
    if not (n and m) or math.isnan(distance):
        return math.nan
    root = math.sqrt(n * m / (n + m))
    at = (root + 0.12 + 0.11 / root) * distance
    if at < 0.2:
        return 1.0
    total = math.fsum((1 if k % 2 else -1) * math.exp(-2 * (k * at) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * total))


def ks_noise(n: float, m: float, level: float) -> float:
    """What the distance of two samples of one distribution exceeds with probability ``level`` at most, for large
    ones."""
    return math.sqrt(-0.5 * math.log(level / 2) * (1 / n + 1 / m)) if n and m else 1.0


def psi(before: Array, after: Array) -> float:
    """Population stability index of counts: the sum of ``(q - p) * ln(q / p)``."""
    n, m = before.sum(), after.sum()
    if not n or not m:
        return math.nan
    p, q = np.maximum(before / n, FLOOR), np.maximum(after / m, FLOOR)
    return float(np.sum((q - p) * np.log(q / p)))


def psi_noise(bins: int, n: float, m: float, level: float) -> float:
    """Likewise for the index: times ``nm / (n + m)`` it is chi-square with ``bins - 1`` degrees (Yurdakul 2018,
    chapter 2)."""
    return chi2_quantile(1 - level, max(bins - 1, 1)) * (1 / n + 1 / m) if n and m else math.inf


def jensen_shannon(before: Array, after: Array) -> float:
    """The distance: the root of the divergence, base 2."""
    n, m = before.sum(), after.sum()
    if not n or not m:
        return math.nan
    p, q = before / n, after / m
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(p > 0, p * np.log2(p / middle), 0.0) + np.where(q > 0, q * np.log2(q / middle), 0.0)
    return math.sqrt(max(0.0, float(parts.sum()) / 2))


def total_variation(before: Array, after: Array) -> float:
    n, m = before.sum(), after.sum()
    return float(np.abs(before / n - after / m).sum() / 2) if n and m else math.nan


def variation_noise(before: Array, after: Array, level: float) -> float:
    """What the total variation of two samples of one distribution exceeds with probability ``level`` at most: its mean
    under multinomial noise, and McDiarmid's bound above that."""
    n, m = float(before.sum()), float(after.sum())
    if not n or not m:
        return 1.0
    share = (before + after) / (n + m)
    mean = float(np.sqrt(2 / math.pi * share * (1 - share) * (1 / n + 1 / m)).sum() / 2)
    return mean + math.sqrt(-0.5 * math.log(level) * (1 / n + 1 / m))


def chi_square(before: Array, after: Array) -> tuple[float, int, float]:
    """Of homogeneity: the statistic, degrees of freedom and p-value. Cells with fewer than 5 expected rows on either
    side are pooled."""
    n, m = float(before.sum()), float(after.sum())
    if not n or not m:
        return math.nan, 0, math.nan
    both = before + after
    rare = both * (min(n, m) / (n + m)) < 5
    table = np.stack([before, after]).astype(np.float64)
    kept = table[:, ~rare]
    if rare.any():
        pooled = table[:, rare].sum(axis=1, keepdims=True)
        if pooled.sum():
            kept = np.concatenate([kept, pooled], axis=1)
    if kept.shape[1] < 2:
        return 0.0, 0, 1.0
    expected = kept.sum(axis=0) * (np.array([[n], [m]]) / (n + m))
    statistic = float(((kept - expected) ** 2 / expected).sum())
    freedom = kept.shape[1] - 1
    return statistic, freedom, chi2_p_value(statistic, freedom)


def wasserstein(
    edges: Array, before: tuple[Array, Array], after: tuple[Array, Array], center: float, ends: tuple[float, float]
) -> float:
    """The first Wasserstein distance, the area between the distribution functions, from counts and sums of
    ``x - center`` ``(bins,)``. ``ends`` are the least and the greatest value of both.

    Within a bin the area under a distribution function follows from the sum of the values there; so the result is exact
    but for bins within which the two functions cross, where it is a little short.
    """
    n, m = before[0].sum(), after[0].sum()
    if not n or not m or not all(map(math.isfinite, ends)):
        return math.nan
    inner = edges - center
    low = np.concatenate([[min(ends[0] - center, inner[0])], inner])
    high = np.concatenate([inner, [max(ends[1] - center, inner[-1])]])
    area = _areas(before, low, high, n) - _areas(after, low, high, m)
    # Where they cross inside a bin, only the difference of both areas is known: add what straight lines would add.
    f = np.cumsum(before[0]) / n - np.cumsum(after[0]) / m
    start = np.concatenate([[0.0], f[:-1]])
    crossing = start * f < 0
    if crossing.any():
        width, a, b = (high - low)[crossing], np.abs(start[crossing]), np.abs(f[crossing])
        with np.errstate(invalid="ignore"):
            straight = width * (a * a + b * b) / (2 * (a + b))
        area[crossing] = np.maximum(np.abs(area[crossing]), straight)
    return float(np.abs(area).sum())


def _areas(counted: tuple[Array, Array], low: Array, high: Array, n: float) -> Array:
    """The area under the distribution function within each bin."""
    counts, sums = counted
    below = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.asarray((below * (high - low) + counts * high - sums) / n)


def compare_numbers(column: NumberLayout, before: Counted, after: Counted) -> Distances:
    """All distances of a column of numbers. The Wasserstein distance is that of finite values."""
    distance, place = ks(before.counts, after.counts)
    n, m = int(before.counts.sum()), int(after.counts.sum())
    begins = np.concatenate([[0], column.coarse + 1])
    p, q = np.add.reduceat(before.counts, begins), np.add.reduceat(after.counts, begins)
    statistic, freedom, p_value = chi_square(p, q)
    ends = min(before.moments[LEAST], after.moments[LEAST]), max(before.moments[MOST], after.moments[MOST])
    return Distances(
        ks=distance,
        ks_p=ks_p_value(distance, n, m),
        psi=psi(p, q),
        js=jensen_shannon(p, q),
        chi2=statistic,
        chi2_p=p_value,
        freedom=freedom,
        variation=total_variation(p, q),
        wasserstein=wasserstein(column.edges, _finite(before), _finite(after), column.center, ends),
        place=place,
    )


def _finite(counted: Counted) -> tuple[Array, Array]:
    counts = counted.counts.copy()
    counts[0] -= int(counted.moments[BELOW])
    counts[-1] -= int(counted.moments[ABOVE])
    return counts, counted.sums


def compare_words(before: Array, after: Array) -> Distances:
    """All distances of a column of words, by counts of the same words ``(words,)``."""
    statistic, freedom, p_value = chi_square(before, after)
    return Distances(
        ks=math.nan,
        ks_p=math.nan,
        psi=psi(before, after),
        js=jensen_shannon(before, after),
        chi2=statistic,
        chi2_p=p_value,
        freedom=freedom,
        variation=total_variation(before, after),
    )


def chi2_p_value(statistic: float, freedom: int) -> float:
    """The upper tail of the chi-square distribution."""
    if freedom < 1 or statistic <= 0:
        return 1.0
    return upper_gamma(freedom / 2, statistic / 2)


def upper_gamma(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function: a series below ``a + 1``, a continued fraction above (Lentz's
    method; Thompson and Barnett 1986)."""
    if x <= 0:
        return 1.0
    scale = math.exp(max(-745.0, a * math.log(x) - x - math.lgamma(a)))
    if x < a + 1:
        term = total = 1 / a
        k = a
        for _ in range(10_000):
            k += 1
            term *= x / k
            total += term
            if term < total * 1e-15:
                break
        return min(1.0, max(0.0, 1 - total * scale))
    b = x + 1 - a
    c, d = 1e300, 1 / b
    fraction = d
    for i in range(1, 10_000):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b or 1e-300)
        c = b + an / c or 1e-300
        fraction *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return min(1.0, max(0.0, fraction * scale))


@cache
def chi2_quantile(level: float, freedom: float) -> float:
    """By Newton's method on the logarithm of the tail, from Wilson and Hilferty's approximation (1931). ``freedom``
    need not be whole."""
    from statistics import NormalDist

    part = 2 / (9 * freedom)
    at = freedom * max(0.1, 1 - part + NormalDist().inv_cdf(level) * math.sqrt(part)) ** 3
    half = freedom / 2
    for _ in range(8):
        tail = upper_gamma(half, at / 2)
        density = math.exp((half - 1) * math.log(at / 2) - at / 2 - math.lgamma(half)) / 2
        if tail <= 0 or density <= 0:
            break
        step = (math.log(tail) - math.log(1 - level)) * tail / density
        at = max(at / 4, at + step)
        if abs(step) < 1e-10 * at:
            break
    return at
