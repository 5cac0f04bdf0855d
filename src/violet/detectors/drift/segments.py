"""Groups of rows that changed while the others did not.

## What it sees
In each window of 4,000 rows, the means of all columns within groups (the words of a category; the quarters of the first
columns of numbers), against those of the reference's sample in the same group, in standard errors and in standard
deviations. A column that moved as far in the other rows is not counted: that is drift/univariate's.

## Needs
A reference with its sample of rows.

## Cost
One product of a matrix of memberships with the rows, once in some hundred rows.

## Misses
Groups of less than 5 % of the reference's sample, groups by combinations of columns, and changes that leave means
alone.

## Source
Sagadeeva and Boehm 2021, "SliceLine", for groups as the place to look at; the statistic is Welch's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Accuses, Facts, Needs, Stage, detector
from violet.detectors.drift._windows import Windowed
from violet.detectors.segments import Segmentation
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup

    Array = NDArray[Any]

WINDOW = 4000
BUFFER = 256
FEWEST = 30

FACTS = Facts(
    id="drift/segments",
    title="A segment drifted",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    accuses=Accuses.MODEL,
    threshold=0.6,
    unit="standard deviations beyond chance and beyond the other rows",
    microseconds=0.25,
    response=Response.ALLOW,
    techniques=("AML.T0031",),
    references=("https://doi.org/10.1145/3448016.3457323",),
    options={"window": WINDOW, "seconds": 0.0},
)


@detector(FACTS)
class Segments(Windowed):
    """Sums by group. A value is in the group of the nearest edge below it, so groups are told from encoded rows
    alone."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        reference = setup.reference
        assert reference is not None
        self.names = reference.encoded_names
        sample = np.asarray(reference.sample, dtype=np.float32)
        self._groups = Segmentation(reference)
        self.width = reference.width
        self._kept = np.empty((BUFFER, self.width), np.float32)
        self._have = 0
        member = self._groups.members(sample).astype(np.float64)
        x = sample.astype(np.float64)
        self._n = member.sum(axis=1)
        self._mean = member @ x / np.maximum(self._n, 1)[:, None]
        self._variance = member @ (x * x) / np.maximum(self._n, 1)[:, None] - self._mean**2
        self._rest_n = len(sample) - self._n
        self._rest_mean = (x.sum(axis=0) - member @ x) / np.maximum(self._rest_n, 1)[:, None]
        self._begin()

    def _begin(self) -> None:
        self._sums = np.zeros((len(self._groups), self.width))
        self._squares = np.zeros((len(self._groups), self.width))
        self._rows = np.zeros(len(self._groups))
        self._all = np.zeros(self.width)

    def add(self, batch: Batch, rows: slice) -> None:
        at = rows.start
        while at < rows.stop:
            take = min(rows.stop - at, BUFFER - self._have)
            self._kept[self._have : self._have + take] = batch.x[at : at + take]
            self._have += take
            at += take
            if self._have == BUFFER:
                self._flush()

    def _flush(self) -> None:
        x = self._kept[: self._have]
        self._have = 0
        if not len(x) or not self._groups:
            return
        member = self._groups.members(x).astype(np.float32)
        self._sums += member @ x
        self._squares += member @ (x * x)
        self._rows += member.sum(axis=1)
        self._all += x.sum(axis=0, dtype=np.float64)

    def close(self) -> tuple[float, Evidence]:
        self._flush()
        if not self._groups:
            return 0.0, Evidence("The reference has no groups of rows to look at.")
        n = np.maximum(self._rows, 1)[:, None]
        mean = self._sums / n
        variance = np.maximum(self._squares / n - mean**2, 0.0)
        moved = mean - self._mean
        # Bonferroni over all groups and columns, half of the time.
        z = math.sqrt(2 * math.log(max(2.0, 2 * mean.size)))
        chance = z * np.sqrt(variance / n + self._variance / np.maximum(self._n, 1)[:, None])
        rest = np.maximum(self.rows - self._rows, 1)[:, None]
        elsewhere = (self._all - self._sums) / rest - self._rest_mean
        score = np.abs(moved) - chance - np.abs(elsewhere)
        score[(self._rows < FEWEST) | (self._n < FEWEST)] = -np.inf
        score[np.arange(len(self._groups)), self._groups.columns] = -np.inf  # by which it was cut
        group, column = np.unravel_index(int(np.argmax(score)), score.shape)
        value = float(score[group, column])
        if not math.isfinite(value):
            self._begin()
            return 0.0, Evidence("No group of rows was large enough to look at.")
        name, label = self.names[column], self._groups.labels[group]
        figures: dict[str, float | str] = {
            "segment": label,
            "column": name,
            "rows of the segment": float(self._rows[group]),
            "mean moved by": round(float(moved[group, column]), 3),
            "elsewhere by": round(float(elsewhere[group, column]), 3),
            "chance": round(float(chance[group, column]), 3),
        }
        summary = (
            f"Where {label}, the mean of {name} moved by {moved[group, column]:+.2f} standard deviations in the last "
            f"{self.rows:,} rows; elsewhere by {elsewhere[group, column]:+.2f}."
        )
        self._begin()
        return value, Evidence(summary, figures, reference=f"{int(self._n[group]):,} rows of it in the reference")
