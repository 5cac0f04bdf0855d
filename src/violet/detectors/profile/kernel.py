"""Counting numbers against frozen edges: sort what fits in the cache, then look the edges up in it.

A vectorised sort (numpy has one for AVX-512, AVX2 and NEON) takes 2 to 4 ns a value; looking up 1,400 edges in 65,536
sorted values a fraction of that. So edges may lie wherever they are needed, at no cost: point masses, quantiles, tails.
Computing places in uniform bins and counting them (``bincount``) took 3 ns in the same run, and knows uniform bins
only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from violet.detectors.profile.layout import NumberLayout

    Array = NDArray[Any]

BLOCK = 65_536
MOMENTS = 8
ROWS, MISSING, BELOW, ABOVE, TOTAL, SQUARES, LEAST, MOST = range(MOMENTS)
"""``BELOW`` and ``ABOVE`` are infinite."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Of one column: ``counts`` int64 and ``sums`` float64 ``(bins,)`` (sums of ``x - center`` of finite values), and
    ``moments``: rows, missing, infinite below and above, sum and sum of squares of ``x - center``, least and greatest
    finite value."""

    counts: Array
    sums: Array
    moments: Array


def edges_for(column: NumberLayout, single: bool) -> Array:
    """The edges for values of single or double precision: where the reference has 0.1 in double precision, its bin
    holds the 0.1 of single precision too."""
    if not single or column.single or not len(column.atoms):
        return column.edges
    edges = column.edges.copy()
    nearest = edges[column.atoms].astype(np.float32)
    edges[column.atoms] = nearest
    edges[column.atoms + 1] = np.nextafter(nearest, np.float32(np.inf))
    return np.asarray(np.maximum.accumulate(edges))


class Counter:
    """Buffers for one stream; counts one column at a time."""

    def __init__(self, block: int = BLOCK) -> None:
        self.block = block
        self._sorted = np.empty(block)
        self._away = np.empty(block + 1)

    def count(self, values: Array, column: NumberLayout) -> Counted:
        """Count ``values`` ``(n,)``, of any number type."""
        counts = np.zeros(column.bins, np.int64)
        sums = np.zeros(column.bins)
        moments = empty_moments()
        edges = edges_for(column, values.dtype == np.float32)
        for piece in self._pieces(values, column.single):
            self._block(piece, edges, column.center, counts, sums, moments)
        return Counted(counts, sums, moments)

    def _pieces(self, values: Array, single: bool) -> Iterator[Array]:
        for start in range(0, len(values), self.block):
            part = values[start : start + self.block]
            if single and part.dtype != np.float32:
                with np.errstate(over="ignore"):
                    part = part.astype(np.float32)
            buffer = self._sorted[: len(part)]
            buffer[:] = part
            yield buffer

    def _block(self, x: Array, edges: Array, center: float, counts: Array, sums: Array, moments: Array) -> None:
        x.sort()
        known = len(x)
        if known and np.isnan(x[-1]):
            known = int(x.searchsorted(np.nan))
        moments[ROWS] += len(x)
        moments[MISSING] += len(x) - known
        if not known:
            return
        x = x[:known]
        places = x.searchsorted(edges)
        counts[0] += places[0]
        counts[1:-1] += places[1:] - places[:-1]
        counts[-1] += known - places[-1]
        begin = int(x.searchsorted(-np.inf, "right")) if x[0] == -np.inf else 0
        end = int(x.searchsorted(np.inf)) if x[-1] == np.inf else known
        moments[BELOW] += begin
        moments[ABOVE] += known - end
        if end == begin:
            return
        finite = end - begin
        away = self._away[: finite + 1]
        np.subtract(x[begin:end], center, out=away[:finite])
        away[finite] = 0.0  # where empty bins at the end begin
        starts = np.empty(len(edges) + 1, np.int64)
        starts[0] = 0
        np.clip(places - begin, 0, finite, out=starts[1:])
        parts = np.add.reduceat(away, starts)
        parts[:-1][starts[1:] == starts[:-1]] = 0.0  # an empty bin has the sum of the one behind it
        if starts[-1] == finite:
            parts[-1] = 0.0
        sums += parts
        moments[TOTAL] += parts.sum()
        moments[SQUARES] += away[:finite] @ away[:finite]
        moments[LEAST] = min(moments[LEAST], x[begin])
        moments[MOST] = max(moments[MOST], x[end - 1])


def empty_moments() -> Array:
    moments = np.zeros(MOMENTS)
    moments[LEAST], moments[MOST] = np.inf, -np.inf
    return moments


def added_moments(a: Array, b: Array) -> Array:
    """Of two parts together, ``(..., 8)``."""
    both = a + b
    both[..., LEAST] = np.minimum(a[..., LEAST], b[..., LEAST])
    both[..., MOST] = np.maximum(a[..., MOST], b[..., MOST])
    return both
