"""Rows that no customer has: columns that do not belong together.

Who makes queries up, by random numbers, by mixing known rows or by taking data of another origin, gets each column
right before long, and seldom all of them together. Narrow and foreign customers are real: their columns belong
together.

## What it sees
A quadratic classifier is trained, when the guard starts, to tell the rows of the reference's sample from rows whose
columns are mixed from two or from all of them. What it says of a row becomes the share of benign rows (left out of the
training) that look made up as much, and a sequential test sums up how much likelier such shares are of made-up rows.

## Needs
Rows of three columns or more, and a reference that keeps a sample of rows. Without a sample it says nothing.

## Cost
About 1 microsecond a row of 20 columns in batches of 64; some 0.1 s at the start. 390 bytes a client.

## Misses
Natural rows, whatever for; small changes to natural rows (``extraction/distances`` sees those); tables whose columns
are independent of each other.

## Source
Density by comparison: Gutmann and Hyvarinen 2012, "Noise-contrastive estimation", JMLR 13, section 2; shuffled columns
as the contrast: Breiman and Cutler's unsupervised forests; the test: Page 1954, with p-values under the alternative
Beta(theta, 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.contrast import Contrast
from violet.detectors.steps import Steps
from violet.detectors.sums import Summing, Surprise
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="extraction/made_up",
    title="Rows whose columns do not belong together",
    severity=Severity.HIGH,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=16.0,
    unit="nats",
    width=2,
    microseconds=1.0,
    techniques=("AML.T0024.002",),
    references=("https://jmlr.org/papers/v13/gutmann12a.html",),
    options={"theta": 0.3, "hidden": 0.1},
)


@detector(FACTS)
class MadeUp(Summing[Surprise]):
    """``theta`` in (0, 1): the smaller, the more made up rows have to look for their client to be suspected. ``hidden``
    is the least share of them among natural ones, as who hides has it."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        self._reference = setup.reference
        self._steps = Steps.of(setup)
        self._contrast = Contrast.of(setup)
        self._sums = Surprise(setup.clients, float(setup.options["theta"]), float(setup.options["hidden"]))

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)
        self._steps.forget(slots)

    def observe(self, batch: Batch) -> Scores:
        counts = self._steps.step(batch).counts
        beyond = self._contrast.beyond(batch)
        value = self._sums.take(batch, beyond, counts & (not self._contrast.silent))

        def explain(index: int) -> Evidence:
            slot = int(batch.client[index])
            odd, rows = self._sums.raised(slot), self._sums.since(slot)
            return Evidence(
                f"{odd} of the latest {rows} rows combine values as few benign rows do; of those, "
                f"{float(beyond[index]):.1%} look made up as much as this one.",
                {"odd": float(odd), "rows": float(rows), "beyond": float(beyond[index])},
                self._sums.queries(slot, batch.exchange),
                f"a sample of {len(self._reference.sample)} benign rows, and their columns mixed",
            )

        return Scores(np.arange(len(batch)), value, explain)
