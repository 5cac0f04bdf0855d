"""Rows that are no longer distributed as in the reference, taken as a whole.

## What it sees
In each window of 2,000 rows, the distance of mean random features from those of the reference (the maximum mean
discrepancy with a Gaussian kernel), beyond what chance gives: combinations that did not occur, though each column looks
as ever.

## Needs
A reference: its mean random features.

## Cost
One product of each row with 128 random directions and as many cosines; every second row of many columns is left out.

## Misses
Changes that are small against the median distance of rows (the kernel's width), and what single columns among hundreds
do. It accuses nobody.

## Source
Gretton et al. 2012, "A kernel two-sample test", JMLR 13; Rahimi and Recht 2007, "Random features for large-scale kernel
machines".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Accuses, Facts, Needs, Stage, detector
from violet.detectors.drift._windows import WINDOW, Windowed
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup

    Array = NDArray[Any]

KNOWN = 50_000
"""Rows the reference's mean features were taken of, at most."""
SHOWN = 3

FACTS = Facts(
    id="drift/multivariate",
    title="Rows drifted as a whole",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    accuses=Accuses.MODEL,
    threshold=0.1,
    unit="part of the discrepancy of distributions with nothing in common",
    microseconds=0.5,
    response=Response.ALLOW,
    techniques=("AML.T0031", "AML.T0024"),
    references=("https://jmlr.org/papers/v13/gretton12a.html",),
    options={"window": WINDOW, "seconds": 0.0},
)


@detector(FACTS)
class Multivariate(Windowed):
    """Sums of random features; the same for any way to cut the stream, up to rounding."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        reference = setup.reference
        assert reference is not None
        self.reference = reference
        self.names = reference.encoded_names
        self.every = 2 if reference.width > 32 else 1
        self._seen = 0
        self._begin()
        self._variance = float(np.sum(reference.feature_variance, dtype=np.float64))

    def _begin(self) -> None:
        self._sum = np.zeros(len(self.reference.phase))
        self._x = np.zeros(self.reference.width)
        self._counted = 0

    def add(self, batch: Batch, rows: slice) -> None:
        count = rows.stop - rows.start
        first = -self._seen % self.every
        self._seen += count
        x = batch.x[rows][first :: self.every]
        if not len(x):
            return
        self._sum += self.reference.features(x).sum(axis=0, dtype=np.float64)
        self._x += x.sum(axis=0, dtype=np.float64)
        self._counted += len(x)

    def close(self) -> tuple[float, Evidence]:
        n, known = max(1, self._counted), max(2, min(self.reference.rows, KNOWN))
        apart = self._sum / n - self.reference.feature_mean
        chance = self._variance * (1 / n + 1 / known)
        square = float(apart @ apart)
        share = min(1.0, math.sqrt(max(0.0, square - chance) / max(2 * self._variance, 1e-12)))
        moved = np.abs(self._x / n - self.reference.mean)
        order = np.argsort(-moved, kind="stable")[:SHOWN]
        figures: dict[str, float | str] = {
            "rows": n,
            "discrepancy": round(math.sqrt(square), 4),
            "chance": round(math.sqrt(chance), 4),
            "share": round(share, 4),
        }
        for place in order:
            figures[f"{self.names[place]}: mean moved by"] = round(float(moved[place]), 3)
        self._begin()
        summary = (
            f"The last {self.rows:,} rows together are {100 * share:.1f} % as far from the reference as rows with "
            f"nothing in common would be. The means that moved most: {', '.join(self.names[place] for place in order)}."
        )
        return share, Evidence(summary, figures, reference=f"mean random features of {known:,} rows")
