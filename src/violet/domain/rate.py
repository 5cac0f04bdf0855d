"""A share of cases, with the interval that belongs to it. No share is printed without one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Interval:
    """Two-sided, at the confidence ``level``; ``method`` is ``wilson``, ``clopper-pearson`` or ``bootstrap``."""

    low: float
    high: float
    level: float = 0.95
    method: str = "wilson"

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``total`` cases."""

    hits: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.total:
            raise ValueError(f"{self.hits} of {self.total} is no rate")

    @property
    def value(self) -> float:
        """The share; NaN where there were no cases."""
        return self.hits / self.total if self.total else math.nan

    def interval(self, level: float = 0.95) -> Interval:
        """Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001, section 3.1.1)."""
        if not self.total:
            return Interval(0.0, 1.0, level)
        z = NormalDist().inv_cdf(0.5 + level / 2)
        n, p = self.total, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        low = 0.0 if self.hits == 0 else max(0.0, middle - half)
        high = 1.0 if self.hits == n else min(1.0, middle + half)
        return Interval(low, high, level)

    def __str__(self) -> str:
        """``71.2 % (64.5 to 77.1, 142 of 200)``."""
        if not self.total:
            return "not measured (no cases)"
        interval = self.interval()
        low, high = 100 * interval.low, 100 * interval.high
        return f"{100 * self.value:.1f} % ({low:.1f} to {high:.1f}, {self.hits:,} of {self.total:,})"
