"""How a change went over windows: at once, by and by, again and again, or there from the beginning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.drift import Course

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FEWEST = 6
"""Windows from which a course can be told."""
EXPLAINED = 0.5
"""The part of the variance that a course has to explain."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """``value`` ``(windows,)``: by how much the share of the bins that gained rows, all windows together, exceeds that
    of the reference; ``variance`` what chance gives a window. Windows without rows are NaN."""

    value: Array
    variance: Array

    @classmethod
    def toward(cls, before: Array, after: Array, windows: Sequence[Array]) -> Series:
        """Of counts ``(bins,)``."""
        p, q = before / max(1, before.sum()), after / max(1, after.sum())
        gained = q > p
        base, rate = float(p[gained].sum()), float(q[gained].sum())
        rows = np.array([float(window.sum()) for window in windows])
        inside = np.array([float(window[gained].sum()) for window in windows])
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.where(rows > 0, inside / rows - base, np.nan)
            variance = np.where(rows > 0, max(rate * (1 - rate), 1e-4) / rows, np.nan)
        return cls(value, variance)


def course_of(series: Series) -> tuple[Course, int]:
    """The course, and the window in which the change began (-1: not told).

    A constant, one step, a straight line and waves are fitted by least squares; the one with the least information
    criterion (Schwarz 1978) is it, where it explains half of the variance.
    """
    known = np.flatnonzero(np.isfinite(series.value))
    y, chance = series.value[known], float(np.mean(series.variance[known])) if len(known) else 0.0
    n = len(y)
    if n < FEWEST:
        return Course.UNKNOWN, -1
    whole = float(((y - y.mean()) ** 2).sum())
    if whole / n <= 3 * chance or whole / n <= (0.1 * max(abs(float(y.mean())), 1e-9)) ** 2:
        return Course.CONSTANT, int(known[0])
    step_error, step = _step(y)
    fits = [
        (_criterion(step_error, n, 3, chance), step_error, Course.SUDDEN),
        (_criterion(_line(y), n, 2, chance), _line(y), Course.GRADUAL),
    ]
    wave_error = min(_waves(y), _blocks(y))
    if math.isfinite(wave_error):
        fits.append((_criterion(wave_error, n, 4, chance), wave_error, Course.RECURRING))
    _, error, course = min(fits, key=lambda fit: fit[0])
    if 1 - error / whole < EXPLAINED:
        return Course.IRREGULAR, -1
    if course is Course.SUDDEN:
        return course, int(known[step])
    if course is Course.GRADUAL:
        beyond = np.flatnonzero(np.abs(y) > 3 * math.sqrt(chance))
        return course, int(known[beyond[0]]) if len(beyond) else int(known[0])
    return course, -1


def _criterion(error: float, n: int, parameters: int, chance: float) -> float:
    return n * math.log(max(error / n, 0.25 * chance, 1e-12)) + parameters * math.log(n)


def _step(y: Array) -> tuple[float, int]:
    """The best single step: its squared error, and the first window behind it."""
    n = len(y)
    sums, squares = np.cumsum(y), np.cumsum(y * y)
    k = np.arange(1, n)
    left = squares[:-1] - sums[:-1] ** 2 / k
    right = (squares[-1] - squares[:-1]) - (sums[-1] - sums[:-1]) ** 2 / (n - k)
    errors = left + right
    best = int(np.argmin(errors))
    return float(max(errors[best], 0.0)), best + 1


def _line(y: Array) -> float:
    x = np.arange(len(y)) - (len(y) - 1) / 2
    slope = float(x @ y) / float(x @ x)
    return float(((y - y.mean() - slope * x) ** 2).sum())


def _waves(y: Array) -> float:
    """The squared error of the best sine with two to a third as many periods as there are windows."""
    n = len(y)
    power = np.abs(np.fft.rfft(y - y.mean())) ** 2
    cycles = np.arange(len(power))
    usable = (cycles >= 2) & (cycles <= n // 3)
    if not usable.any():
        return math.inf
    return float(max(0.0, ((y - y.mean()) ** 2).sum() - 2 * power[usable].max() / n))


def _blocks(y: Array) -> float:
    """The squared error of two levels that alternate three times or more."""
    low, high = float(y.min()), float(y.max())
    for _ in range(20):
        upper = y > (low + high) / 2
        if upper.all() or not upper.any():
            return math.inf
        low, high = float(y[~upper].mean()), float(y[upper].mean())
    upper = y > (low + high) / 2
    if int(np.abs(np.diff(upper.astype(int))).sum()) < 3:
        return math.inf
    return float(((y - np.where(upper, high, low)) ** 2).sum())
