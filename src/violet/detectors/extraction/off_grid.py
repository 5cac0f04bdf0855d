"""Values that the application never sends: more decimals than benign ones have, outside their range, unknown words.

Whoever makes queries with a generator of random numbers, or moves them along a gradient, has to round every column as
the application does, or is told from it after some rows.

## What it sees
Numbers off the grid that 99.9 % of the benign values of their column lie on, numbers more than 5 % of the benign range
beyond its ends, words that the profile does not know, values that are missing where none ever was.

## Needs
Rows and a reference. Columns without a grid (measurements with all their digits) are judged by their range alone;
pictures by the range of all their values.

## Cost
About 1 microsecond a row of 20 columns in batches of 64. 200 bytes a client.

## Misses
A thief who replays natural rows, or rounds as the application does. An honest client with an application of its own,
that rounds otherwise, is accused: let it have a profile of its own, or switch the detector off for it.

## Source
The sum of log-likelihood ratios of Poisson counts is Page's (1954, "Continuous inspection schemes", Biometrika 41).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.steps import Steps
from violet.detectors.sums import Cusum, Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="extraction/off_grid",
    title="Values that the application never sends",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=16.0,
    unit="nats",
    width=1,
    microseconds=1.0,
    techniques=("AML.T0024.002", "AML.T0043"),
    references=("https://doi.org/10.1093/biomet/41.1-2.100",),
    options={"suspicious": 0.5, "margin": 0.05},
)

MOST = 6.0
"""Nats that one row can add: three such rows are needed at least."""


@detector(FACTS)
class OffGrid(Summing[Cusum]):
    """``suspicious`` is how many such values a row of an attacker has on average, at least; ``margin`` the share of the
    benign range by which a value may leave it."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        reference = self._reference = setup.reference
        self._sums = Cusum(setup.clients)
        self._steps = Steps.of(setup)
        self._on = np.flatnonzero(reference.grid > 0)
        self._grid = reference.grid[self._on]
        low, high = reference.low.astype(np.float64), reference.high.astype(np.float64)
        if reference.shape:
            low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
        words = np.array([bool(known) for known in reference.categories])
        slack = float(setup.options["margin"]) * (high - low)
        slack = np.where(slack > 0, slack, 1e-6 * np.maximum(np.abs(low), 1.0))
        self._low, self._high = np.where(words, low, low - slack), np.where(words, high, high + slack)
        self._never = reference.missing == 0
        share = 0.001 * len(self._on) + (2.0 if reference.shape else 2.0 * len(low)) / max(reference.rows, 1)
        self._rate = max(share, 0.02)
        attack = max(float(setup.options["suspicious"]), 2 * self._rate)
        self._hit = math.log(attack / self._rate)
        self._miss = attack - self._rate

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)
        self._steps.forget(slots)

    def observe(self, batch: Batch) -> Scores:
        odd = self._odd(batch.raw)
        increments = np.minimum(odd.sum(axis=1) * self._hit - self._miss, MOST)
        # Variants of one odd row are one.
        increments = np.where(self._steps.step(batch).counts, increments, np.minimum(increments, 0.0))
        value = self._sums.step(batch, increments)

        def explain(index: int) -> Evidence:
            slot = int(batch.client[index])
            hits = self._sums.raised(slot)
            columns = np.flatnonzero(odd[index])[:3]
            said = "; ".join(self._say(int(column), float(batch.raw[index, column])) for column in columns)
            return Evidence(
                f"{hits} of the latest {self._sums.since(slot)} rows have values that the application never sends"
                + (f": {said}." if said else "."),
                {"rows": float(hits), "of": float(self._sums.since(slot)), "nats": float(value[index])},
                self._sums.queries(slot, batch.exchange),
                f"grid and range of {self._reference.rows} benign rows",
            )

        return Scores(np.arange(len(batch)), value, explain)

    def _odd(self, raw: Array) -> Array:
        """Which values are such, bool ``(n, p)``."""
        with np.errstate(all="ignore"):
            odd = (raw < self._low) | (raw > self._high)
            steps = np.abs(raw[:, self._on] / self._grid)
            # 0.1 sent as a float32 is 0.10000000149.
            off = np.abs(steps - np.rint(steps)) > 1e-6 + 2e-7 * steps
        odd[:, self._on] |= off
        missing = np.isnan(raw)
        if missing.any():
            odd[:, self._never] |= missing[:, self._never]
        return np.asarray(odd)

    def _say(self, column: int, value: float) -> str:
        reference = self._reference
        name = reference.names[column]
        if math.isnan(value):
            return f"{name} is missing, which it never is"
        if not self._low[column] <= value <= self._high[column]:
            if reference.categories[column]:
                return f"{name} is a word the profile does not know"
            return f"{name} is {value:.10g}, benign values lie between {self._low[column]:g} and {self._high[column]:g}"
        return f"{name} is {value:.10g}, benign values are multiples of {reference.grid[column]:g}"
