"""Effects and their noise for all columns at once, from coarse counts: of windows, segments and clients."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.layout import Layout

    Array = NDArray[Any]


class Coarse:
    """For flat counts ``(..., width)`` as ``layout.coarse_offsets`` cuts them. The effect of a column of numbers is the
    Kolmogorov-Smirnov distance at its coarse edges, that of a category the total variation of its coarse shares."""

    def __init__(self, layout: Layout) -> None:
        offsets = layout.coarse_offsets
        self.columns = len(offsets) - 1
        self.starts = offsets[:-1]
        self.widths = np.diff(offsets)
        self.numbers = len(layout.numbers)
        self._valid = np.ones(int(offsets[-1]), bool)
        self._valid[offsets[1:] - 1] = False  # the last of each is what is missing

    def totals(self, counts: Array) -> Array:
        """Rows with a value, by column ``(..., columns)``."""
        if not self.columns:
            return np.zeros((*counts.shape[:-1], 0))
        return np.add.reduceat(np.where(self._valid, counts, 0), self.starts, axis=-1).astype(np.float64)

    def shares(self, counts: Array) -> Array:
        """Parts of one, within each column; 0 where it has no value."""
        totals = np.repeat(np.maximum(self.totals(counts), 1.0), self.widths, axis=-1)
        return np.asarray(np.where(self._valid, counts, 0) / totals)

    def effects(self, before: Array, after: Array) -> Array:
        """``(..., columns)``; NaN where a side has no value."""
        empty = (self.totals(before) == 0) | (self.totals(after) == 0)
        apart = self.shares(after) - self.shares(before)
        apart = np.where(np.repeat(empty, self.widths, axis=-1), 0.0, apart)
        found = np.add.reduceat(np.abs(apart), self.starts, axis=-1) / 2 if self.columns else apart[..., :0]
        if self.numbers:
            ends = int(self.starts[self.numbers - 1] + self.widths[self.numbers - 1])
            running = np.cumsum(apart[..., :ends], axis=-1)
            # The sum of all differences in a column is 0, so that what runs on from the column before is 0 as well.
            steps = np.abs(running)
            found[..., : self.numbers] = np.maximum.reduceat(steps, self.starts[: self.numbers], axis=-1)
        return np.asarray(np.where(empty, np.nan, found))

    def noise(self, before: Array, after: Array, level: float) -> Array:
        """What chance exceeds with probability ``level`` at most, ``(..., columns)``."""
        rate = self._rate(before, after)
        found = np.sqrt(-0.5 * math.log(level / 2) * rate)
        words = slice(self.numbers, None)
        if self.columns > self.numbers:
            spread = np.add.reduceat(np.sqrt(self._spread(before, after)), self.starts, axis=-1)[..., words]
            mean = math.sqrt(2 / math.pi) * np.sqrt(rate[..., words]) * spread / 2
            found[..., words] = mean + np.sqrt(-0.5 * math.log(level) * rate[..., words])
        return np.asarray(np.minimum(found, 1.0))

    def chance(self, before: Array, after: Array) -> Array:
        """The mean square of the effect under chance, ``(..., columns)``: ``pi ** 2 / 12 * (1/n + 1/m)`` for the
        Kolmogorov-Smirnov distance; for total variation, the square of its mean and the variance around that, cell by
        cell."""
        rate = self._rate(before, after)
        found = math.pi**2 / 12 * rate
        words = slice(self.numbers, None)
        if self.columns > self.numbers:
            spread = self._spread(before, after)
            root = np.add.reduceat(np.sqrt(spread), self.starts, axis=-1)[..., words]
            whole = np.add.reduceat(spread, self.starts, axis=-1)[..., words]
            found[..., words] = (2 / math.pi * root**2 + (1 - 2 / math.pi) * whole) / 4 * rate[..., words]
        return np.asarray(found)

    def _rate(self, before: Array, after: Array) -> Array:
        """``1/n + 1/m``."""
        n, m = self.totals(before), self.totals(after)
        with np.errstate(divide="ignore"):
            return np.asarray(np.minimum(1 / n + 1 / m, 1e6))

    def _spread(self, before: Array, after: Array) -> Array:
        share = self.shares(before + after)
        return np.asarray(share * (1 - share))
