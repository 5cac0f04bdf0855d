"""Columns whose values are no longer distributed as in the reference.

## What it sees
In each window of 2,000 rows, the column with the greatest Kolmogorov-Smirnov distance from the reference, beyond what
chance gives with so many rows. It names the columns beyond the threshold, with mean and population stability index.

## Needs
A reference with its sample of rows; without one, columns are compared with normal ones of their means and covariance.

## Cost
A copy of each row, and once a window a count of its values in 256 uniform bins.

## Misses
Changes of what columns do together (see drift/multivariate), of a segment of a few percent, and of anything shorter
than a window. It accuses nobody: whether many clients carry a change or few is told by violet drift.

## Source
Yurdakul 2018, "Statistical properties of the population stability index"; Gama et al. 2014, "A survey on concept drift
adaptation", section 3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Accuses, Facts, Needs, Stage, detector
from violet.detectors.drift._windows import WINDOW, Windowed
from violet.detectors.reference import LIMIT, pseudo_sample
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup

    Array = NDArray[Any]

BINS = 256
COARSE = 10
SHOWN = 5
MOST = 1 << 22
"""Values that are kept until they are counted."""

FACTS = Facts(
    id="drift/univariate",
    title="Values of columns drifted",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    accuses=Accuses.MODEL,
    threshold=0.15,
    unit="KS distance beyond chance",
    microseconds=0.25,
    response=Response.ALLOW,
    techniques=("AML.T0031",),
    references=("https://doi.org/10.1145/2523813",),
    options={"window": WINDOW, "seconds": 0.0},
)


@detector(FACTS)
class Univariate(Windowed):
    """Rows are kept as they come, and counted when there are many: one pass over each column at a time."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        reference = setup.reference
        assert reference is not None
        self.reference = reference
        sample = pseudo_sample(reference, 4096)
        self.width = reference.width
        self._names = reference.encoded_names
        self._kept = np.empty((max(64, min(self.window, MOST // max(1, self.width))), self.width), np.float32)
        self._have = 0
        self._offsets = np.arange(self.width, dtype=np.int64) * BINS
        self.counts = np.zeros(self.width * BINS, np.int64)
        self._sum = np.zeros(self.width)
        self._n = len(sample)
        known = self._count(sample).reshape(self.width, BINS)
        self._below = np.cumsum(known, axis=1)[:, :-1] / self._n
        self._coarse = [
            np.unique(np.searchsorted(np.cumsum(row) / self._n, np.arange(1, COARSE) / COARSE)) for row in known
        ]
        self._before = known
        self._mean = sample.mean(axis=0, dtype=np.float64)

    def add(self, batch: Batch, rows: slice) -> None:
        at = rows.start
        while at < rows.stop:
            take = min(rows.stop - at, len(self._kept) - self._have)
            self._kept[self._have : self._have + take] = batch.x[at : at + take]
            self._have += take
            at += take
            if self._have == len(self._kept):
                self._flush()

    def _flush(self) -> None:
        if self._have:
            x = self._kept[: self._have]
            self.counts += self._count(x)
            self._sum += x.sum(axis=0, dtype=np.float64)
            self._have = 0

    def _count(self, x: Array) -> Array:
        """Encoded values lie within ``LIMIT``: their bin is a multiplication away."""
        places = (x + np.float32(LIMIT)) * np.float32(BINS / (2 * LIMIT))
        cells = np.minimum(places.astype(np.int64), BINS - 1)
        cells += self._offsets
        return np.bincount(cells.ravel(), minlength=self.width * BINS)

    def close(self) -> tuple[float, Evidence]:
        self._flush()
        n = self.rows
        counts = self.counts.reshape(self.width, BINS)
        distance = np.abs(np.cumsum(counts, axis=1)[:, :-1] / n - self._below).max(axis=1)
        # What the greatest of so many distances reaches by chance, half of the time.
        chance = math.sqrt(-0.5 * math.log(0.5 / (2 * self.width)) * (1 / n + 1 / self._n))
        value = float(distance.max()) - chance
        order = np.argsort(-distance, kind="stable")[:SHOWN]
        worst = [int(place) for place in order if distance[place] - chance > FACTS.threshold] or [int(order[0])]
        figures: dict[str, float | str] = {"rows": n, "chance": round(chance, 4)}
        mean = self._sum / n
        for place in worst:
            name = self._names[place]
            figures[f"{name}: KS distance"] = round(float(distance[place]), 4)
            figures[f"{name}: PSI"] = round(self._psi(place, counts[place]), 4)
            figures[f"{name}: mean"] = f"{self._raw(place, self._mean[place])} to {self._raw(place, mean[place])}"
        self.counts[:] = 0
        self._sum[:] = 0
        names = ", ".join(self._names[place] for place in worst)
        summary = (
            f"In the last {n:,} rows {names} {'is' if len(worst) == 1 else 'are'} distributed otherwise than in the "
            f"reference: the greatest KS distance is {distance[order[0]]:.3f}, chance gives {chance:.3f}."
        )
        return value, Evidence(summary, figures, reference=f"{self._n:,} rows of the reference")

    def _psi(self, place: int, counts: Array) -> float:
        begins = np.concatenate([[0], self._coarse[place] + 1])
        begins = begins[begins < BINS]
        p = np.maximum(np.add.reduceat(self._before[place], begins) / self._n, 1e-3)
        q = np.maximum(np.add.reduceat(counts, begins) / max(1, counts.sum()), 1e-3)
        return float(((q - p) * np.log(q / p)).sum())

    def _raw(self, place: int, mean: float) -> str:
        """A mean in the column's own unit."""
        return f"{float(self.reference.center[place] + mean * self.reference.scale[place]):.4g}"
