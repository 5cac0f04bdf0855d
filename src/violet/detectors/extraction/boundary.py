"""Queries that seek the decision boundary: a thief learns most where the model is least sure.

## What it sees
A client whose answers are less sure, row after row, than those of benign clients. Each row's margin (the difference of
the two greatest scores) becomes the share of benign rows with a smaller one; a sequential test sums up how much
likelier such shares are of a client that seeks small margins.

## Needs
Scores, and a reference that has margins (made with the model's scores).

## Cost
About 3 microseconds a row of 20 columns in batches of 64, most of it for telling which rows count, which it shares with
others. 390 bytes a client, and 16 a column.

## Misses
Thieves who do not choose by the margin, and services that answer with labels only. Rows that differ in few features
from the client's row before do not count: analysts who vary one feature near the boundary are honest, and searches by
single coordinates are found by the detectors of evasion. Honest clients whose whole business lies near the boundary are
accused: their thresholds need calibration.

## Source
Margins as what active learners seek: Tramer et al. 2016, "Stealing machine learning models via prediction APIs",
section 6, and Chandrasekaran et al. 2020, "Exploring connections between active learning and model extraction". The
test: Page 1954; the alternative of p-values is the Beta(theta, 1) of Sellke, Bayarri and Berger 2001.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.contrast import RAREST
from violet.detectors.steps import Steps
from violet.detectors.sums import Summing, Surprise
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="extraction/boundary",
    title="Queries that keep to the decision boundary",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE | Needs.SCORES,
    threshold=16.0,
    unit="nats",
    width=2,
    microseconds=3.0,
    techniques=("AML.T0024.002",),
    references=("https://arxiv.org/abs/1609.02943", "https://arxiv.org/abs/1811.02054"),
    options={"theta": 0.35, "hidden": 0.1},
)


@detector(FACTS)
class Boundary(Summing[Surprise]):
    """``theta`` in (0, 1): the smaller, the nearer to the boundary a client has to keep to be suspected.
    ``hidden`` is the least share of such rows among others, as who hides has it."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        self._reference = setup.reference
        self._steps = Steps.of(setup)
        self._sums = Surprise(setup.clients, float(setup.options["theta"]), float(setup.options["hidden"]))

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)
        self._steps.forget(slots)

    def observe(self, batch: Batch) -> Scores:
        share = measures.below(batch, self._reference)
        known = np.isfinite(share)
        counts = self._steps.step(batch).counts & known
        rarity = np.maximum(np.where(known, share, 1.0), RAREST)
        value = self._sums.take(batch, rarity, counts)
        margin = measures.margins(batch)

        def explain(index: int) -> Evidence:
            slot = int(batch.client[index])
            near, rows = self._sums.raised(slot), self._sums.since(slot)
            return Evidence(
                f"{near} of the latest {rows} rows lie near the decision boundary; the margin of this one, "
                f"{float(margin[index]):.3g}, is less than {1 - float(rarity[index]):.0%} of benign ones.",
                {"near": float(near), "rows": float(rows), "margin": float(margin[index])},
                self._sums.queries(slot, batch.exchange),
                f"margins of {self._reference.rows} benign rows",
            )

        return Scores(np.arange(len(batch)), value, explain)
