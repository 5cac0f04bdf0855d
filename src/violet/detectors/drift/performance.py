"""Answers that the model is less sure of than in the reference.

## What it sees
In each window of 2,000 answers, the mean difference between the two greatest scores, and by how much it fell below that
of the reference beyond chance; with the accuracy that the scores themselves promise (the mean of the greatest one).

## Needs
Scores for every class, and a reference that was made with scores.

## Cost
One partition of the scores of each row.

## Misses
Answers that are wrong and sure: a change of what is right (concept drift), an attack the model falls for. The promised
accuracy is that of a calibrated model; most promise too much. violet drift calibrates with labels.

## Source
Guillory et al. 2021, "Predicting with confidence on unseen distributions" (difference of confidences); Garg et al.
2022, "Leveraging unlabeled data to predict out-of-distribution performance".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Accuses, Facts, Needs, Stage, detector
from violet.detectors.drift._windows import WINDOW, Windowed
from violet.detectors.reference import QUANTILES
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup

    Array = NDArray[Any]

FACTS = Facts(
    id="drift/performance",
    title="The model is less sure of its answers",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.SCORES | Needs.REFERENCE,
    accuses=Accuses.MODEL,
    threshold=0.05,
    unit="fall of the mean margin beyond chance",
    microseconds=0.2,
    response=Response.ALLOW,
    techniques=("AML.T0031",),
    references=("https://arxiv.org/abs/2107.03315", "https://arxiv.org/abs/2201.04234"),
    options={"window": WINDOW, "seconds": 0.0},
)


@detector(FACTS)
class Performance(Windowed):
    """Sums of margins and confidences."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        reference = setup.reference
        assert reference is not None
        margin = reference.margin.astype(np.float64)
        if len(margin) == len(QUANTILES):
            # The mean and variance of what has these quantiles: straight lines between them.
            weight = np.diff(QUANTILES)
            middle = (margin[1:] + margin[:-1]) / 2
            self._mean = float(weight @ middle)
            self._variance = max(0.0, float(weight @ middle**2) - self._mean**2)
            self._known = reference.rows
        else:
            self._mean, self._variance, self._known = math.nan, 0.0, 0
        self._begin()

    def _begin(self) -> None:
        self._sum = self._squares = self._confidence = 0.0
        self._answers = 0

    def add(self, batch: Batch, rows: slice) -> None:
        if batch.scores is None:
            return
        scores = batch.scores[rows]
        if scores.ndim != 2 or not scores.shape[1]:
            return
        if scores.shape[1] == 1:
            first = np.maximum(scores[:, 0], 1 - scores[:, 0])
            second = 1 - first
        elif scores.shape[1] == 2:
            first, second = np.maximum(scores[:, 0], scores[:, 1]), np.minimum(scores[:, 0], scores[:, 1])
        else:
            two = np.partition(scores, -2, axis=1)[:, -2:]
            first, second = two[:, 1], two[:, 0]
        margin = (first - second).astype(np.float64)
        known = np.isfinite(margin) & (first <= 1 + 1e-4) & (second >= -1e-4)
        margin = margin[known]
        self._sum += float(margin.sum())
        self._squares += float(margin @ margin)
        self._confidence += float(first[known].sum(dtype=np.float64))
        self._answers += len(margin)

    def close(self) -> tuple[float, Evidence]:
        n = self._answers
        if not n or not self._known:
            self._begin()
            return 0.0, Evidence("The model gave no scores, or the reference has none to compare with.")
        mean = self._sum / n
        variance = max(0.0, self._squares / n - mean**2)
        chance = 2 * math.sqrt(variance / n + self._variance / self._known)
        fall = self._mean - mean
        confidence = self._confidence / n
        figures: dict[str, float | str] = {
            "answers": n,
            "mean margin": round(mean, 4),
            "of the reference": round(self._mean, 4),
            "chance": round(chance, 4),
            "promised accuracy": round(confidence, 4),
        }
        self._begin()
        summary = (
            f"The mean margin of the last {n:,} answers is {mean:.3f}, that of the reference {self._mean:.3f}; a "
            f"calibrated model with such scores is right in {100 * confidence:.1f} % of them."
        )
        return fall - chance, Evidence(summary, figures, reference=f"margins of {self._known:,} answers")
