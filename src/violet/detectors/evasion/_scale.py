"""What counts as near, by the reference: what hardly ever happens among benign rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from violet.detectors.reference import QUANTILES

if TYPE_CHECKING:
    from violet.detectors.reference import Reference

PAIR = 0.01
"""Share of benign rows that have another one so near in a sample of 1,024: one in 100,000 pairs."""
RARER = 100.0
"""Times as rare among benign pairs is what counts as near in the long memory."""
SPARSE = 2
"""Columns of a table that who asks "what if?" moves at a time."""


@dataclass(frozen=True, slots=True)
class Scale:
    """``near`` and ``far``: distances that count as near among the client's last rows, and in the long memory. ``few``
    and ``fewer``: numbers of differing columns likewise. ``table``: the columns mean something each. ``varied``: how
    many columns are not constant."""

    near: float
    far: float
    few: int
    fewer: int
    table: bool
    varied: int


def scale_of(reference: Reference) -> Scale:
    nearest = np.asarray(reference.nearest, dtype=np.float64)
    zeros = float(np.interp(1e-9, nearest, QUANTILES)) if nearest[0] <= 0 else 0.0
    low, high = (float(np.interp(zeros + (1 - zeros) * share, QUANTILES, nearest)) for share in (PAIR, 10 * PAIR))
    # Around a point the number of rows grows with a power of the distance: the intrinsic dimension.
    steep = math.log(10) / math.log(high / low) if high > low > 0 else 30.0
    far = low * RARER ** (-1 / min(max(steep, 2.0), 30.0))
    table = not reference.shape
    sample = reference.sample[:512]
    few = fewer = 0
    width = reference.width
    if table and len(sample) >= 200:
        apart = np.array([np.count_nonzero(sample - row, axis=1) for row in sample])[np.triu_indices(len(sample), 1)]
        shares = np.bincount(apart, minlength=width + 1).cumsum() / len(apart)
        rare = max(PAIR / 1000, 1.0 / len(apart))
        few = int(np.searchsorted(shares, rare, side="right")) - 1
        few = min(max(few, 0), width // 2)
        fewer = max(few - 1, 0)
    elif table:
        few = fewer = 1 if width >= 8 else 0
    varied = int((np.ptp(reference.sample, axis=0) > 0).sum()) if len(reference.sample) else width
    return Scale(low, far, few, fewer, table, varied)
