"""Two measurements of the same samples, compared."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from violet.domain.hardening import Paired
from violet.domain.rate import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def compare(before: Array, after: Array, level: float = 0.95) -> Paired:
    """``before`` and ``after`` are ``(n,)`` booleans of the same samples. McNemar's test is exact (binomial,
    two-sided); the interval is Wald's for paired proportions with Agresti and Min's (2005) half case added to each
    cell."""
    from statistics import NormalDist

    n = len(before)
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    moved = gained + lost
    tail = sum(math.comb(moved, k) for k in range(max(gained, lost), moved + 1)) / 2**moved if moved else 1.0
    b, c, m = gained + 0.5, lost + 0.5, n + 2
    z = NormalDist().inv_cdf(0.5 + level / 2)
    half = z * math.sqrt(max(b + c - (b - c) ** 2 / m, 0.0)) / m
    centre = (b - c) / m
    interval = Interval(max(-1.0, centre - half), min(1.0, centre + half), level, "agresti-min")
    return Paired(gained, lost, n, (gained - lost) / n if n else 0.0, interval, min(1.0, 2 * tail))
