"""One group of rows gets other answers than before, while the others do not: bias that somebody has put in.

Whoever poisons what a model is retrained on, or swaps it, often means a group: a region, a product, an age.

## What it sees
In windows of 2,000 rows, for each group (the words of a category, the quarters of the first columns of numbers), the
mean of what a line through the model's answers leaves over (see ``outputs/explanation_drift``), against the first two
windows and against all other rows of the same window. So a change of who asks, or of all answers, is not counted. The
score is what is beyond chance, by Welch's statistic with Bonferroni's correction for all groups.

## Needs
Rows, a reference with its sample of rows, and scores.

## Cost
About 1 microsecond a row in batches of 64. The rows of one window.

## Misses
Groups of less than 5 % of the reference's sample, groups by combinations of columns, and changes of less than a quarter
of the scores' standard deviation. What was so from the start: that is a matter of tests of fairness. It says that
answers have changed for a group, not whether they are right.

## Source
Groups as the place to look at: Sagadeeva and Boehm 2021, "SliceLine". Bias as the aim of an attack: Solans et al. 2020,
"Poisoning attacks on algorithmic fairness".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Accuses, Facts, Needs, Setup, Stage, detector
from violet.detectors.outputs._surrogate import Leftovers
from violet.detectors.segments import Segmentation
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="outputs/segment_shift",
    title="One group gets other answers than before",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE | Needs.SCORES,
    accuses=Accuses.MODEL,
    threshold=0.25,
    unit="standard deviations of scores beyond chance and beyond other rows",
    microseconds=0.5,
    response=Response.ALLOW,
    techniques=("AML.T0031", "AML.T0048"),
    references=("https://doi.org/10.1145/3448016.3457323", "https://arxiv.org/abs/2004.07401"),
    options={"window": 2000},
)

TAUGHT = 2
"""Windows that say what is usual."""
FEWEST = 40
"""Rows of a group below which nothing is said of it."""


@detector(FACTS)
class SegmentShift(Leftovers):
    """``window`` is how many rows are judged together (500 or more)."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert setup.reference is not None
        self._groups = Segmentation(setup.reference)
        self._before = np.zeros((len(self._groups), 3))
        """Rows, sums and sums of squares of each group in the windows that say what is usual."""
        self._all = np.zeros(2)
        self._taught = 0

    def close(self, x: Array, left: Array) -> tuple[float, Evidence]:
        if not self._groups:
            return 0.0, Evidence("The reference has no groups of rows to look at.")
        member = self._groups.members(x).astype(np.float64)
        now = np.stack([member.sum(axis=1), member @ left, member @ left**2], axis=1)
        whole = np.array([float(len(left)), float(left.sum())])
        if self._taught < TAUGHT:
            self._taught += 1
            self._before += now
            self._all += whole
            return 0.0, Evidence("What is usual is still being learned.")
        mean, error = _measured(now)
        was, was_error = _measured(self._before)
        moved = mean - was
        # Bonferroni, as a bound of Gaussian tails: one false alarm in 2,000 windows.
        z = math.sqrt(2 * math.log(2000.0 * len(moved)))
        chance = z * np.sqrt(error**2 + was_error**2)
        elsewhere = _rest(whole, now) - _rest(self._all, self._before)
        beyond = np.abs(moved - elsewhere) - chance
        beyond[(now[:, 0] < FEWEST) | (self._before[:, 0] < FEWEST)] = -np.inf
        group = int(np.argmax(beyond))
        if not math.isfinite(float(beyond[group])):
            return 0.0, Evidence("No group of rows was large enough to look at.")
        label = self._groups.labels[group]
        return max(float(beyond[group]), 0.0), Evidence(
            f"Where {label}, answers moved by {moved[group]:+.2f} standard deviations more than their inputs explain; "
            f"elsewhere by {elsewhere[group]:+.2f}.",
            {
                "segment": label,
                "rows of the segment": float(now[group, 0]),
                "moved by": float(moved[group]),
                "elsewhere by": float(elsewhere[group]),
                "chance": float(chance[group]),
            },
            reference=f"{int(self._before[group, 0]):,} rows of it at first",
        )


def _measured(sums: Array) -> tuple[Array, Array]:
    """Means and their standard errors."""
    n = np.maximum(sums[:, 0], 1)
    mean = sums[:, 1] / n
    return mean, np.sqrt(np.maximum(sums[:, 2] / n - mean**2, 0.0) / n)


def _rest(whole: Array, sums: Array) -> Array:
    """Means of the rows outside each group."""
    return np.asarray((whole[1] - sums[:, 1]) / np.maximum(whole[0] - sums[:, 0], 1))
