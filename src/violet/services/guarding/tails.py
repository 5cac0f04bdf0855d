"""How rare scores are beyond what was seen: a generalised Pareto tail over a high level, and counts with intervals.

Pickands (1975) and Balkema and de Haan (1974): excesses over a high level are nearly generalised Pareto. It is fitted
by probability-weighted moments (Hosking and Wallis 1987, section 3), whose shape is drawn towards 0 (an exponential
tail) as far as the excesses are few, and kept between ``LIGHT`` and ``HEAVY``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

LIGHT, HEAVY = -0.3, 0.5
DRAWN = 30.0
"""So many excesses weigh as much as the belief that the tail is exponential."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Scores above ``base`` exceed it by more than ``y`` with probability ``(1 + shape * y / scale) ** (-1 / shape)``.
    ``rate`` is how many episodes a query reach ``base``."""

    base: float
    shape: float
    scale: float
    rate: float

    def above(self, level: float) -> float:
        """Episodes a query that reach ``level`` (at or above ``base``)."""
        y = max(0.0, level - self.base) / self.scale if self.scale > 0 else (0.0 if level <= self.base else math.inf)
        if abs(self.shape) < 1e-9:
            return self.rate * math.exp(-y)
        inner = 1.0 + self.shape * y
        return self.rate * inner ** (-1.0 / self.shape) if inner > 0 else 0.0

    def level(self, rate: float) -> float:
        """The score that so many episodes a query reach."""
        if rate >= self.rate:
            return self.base
        odds = self.rate / rate
        if abs(self.shape) < 1e-9:
            return self.base + self.scale * math.log(odds)
        return float(self.base + self.scale / self.shape * (odds**self.shape - 1.0))


def fit_tail(peaks: Array, base: float, queries: float) -> Tail:
    """Of peaks at or above ``base`` (five or more), among ``queries`` rows."""
    excess = np.sort(np.asarray(peaks, dtype=np.float64)) - base
    n = len(excess)
    first = float(excess.mean())
    weight = 1.0 - (np.arange(1, n + 1) - 0.35) / n
    second = float(np.mean(weight * excess))
    lack = first - 2.0 * second
    shape = 2.0 - first / lack if lack > 1e-12 * max(first, 1e-300) else HEAVY
    shape = min(HEAVY, max(LIGHT, shape)) * n / (n + DRAWN)
    return Tail(base, shape, max(first * (1.0 - shape), 1e-12), n / queries)


def poisson_interval(count: int, level: float = 0.95) -> tuple[float, float]:
    """Exact bounds of a Poisson mean of which ``count`` were seen (Garwood 1936)."""
    each = (1.0 - level) / 2.0
    low = 0.0 if count == 0 else _mean_where(lambda mean: 1.0 - _poisson_below(count - 1, mean), each, count)
    high = _mean_where(lambda mean: 1.0 - _poisson_below(count, mean), 1.0 - each, count)
    return low, high


def _mean_where(rising: Any, wanted: float, count: int) -> float:
    low, high = 0.0, count + 10.0 * math.sqrt(count + 1.0) + 20.0
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2.0


def _poisson_below(count: int, mean: float) -> float:
    """Probability of at most ``count``."""
    if mean <= 0:
        return 1.0
    if count > 2000:  # Wilson and Hilferty (1931)
        k = count + 1.0
        z = ((mean / k) ** (1 / 3) - 1 + 1 / (9 * k)) * 3 * math.sqrt(k)
        return 0.5 * math.erfc(z / math.sqrt(2))
    logs = np.arange(count + 1) * math.log(mean) - mean - _log_factorials(count)
    return float(min(1.0, np.exp(logs).sum()))


def _log_factorials(count: int) -> Array:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1)))])


def dispersed(counts: Array, weights: Array) -> bool:
    """Whether counts differ more than chance explains, given how much each should have: chi-square beyond its 99.9 %
    (by Wilson and Hilferty's approximation)."""
    total, free = float(counts.sum()), len(counts) - 1
    if free < 1 or total < 5 * len(counts):
        return False
    expected = total * weights / weights.sum()
    statistic = float(np.sum((counts - expected) ** 2 / np.maximum(expected, 1e-9)))
    bound = free * (1 - 2 / (9 * free) + 3.09 * math.sqrt(2 / (9 * free))) ** 3
    return statistic > bound
