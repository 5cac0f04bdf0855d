"""A record and its shadow: slight changes all around one record after the other, to see how firm the model is there.

A model is firmer, and surer, around records that it was trained on; who has labels only measures how far the answer
holds when a record is disturbed.

## What it sees
Runs of a client's rows that differ a little from the row before, in features that are others from row to row (or, where
most features move, in directions that are). Analysts move the same one or two features through a run. From the third
row of a run on, rows count that change otherwise than the last four did, no more than five of one run: so it takes two
records at least. Rows the model is less sure of count for less.

## Needs
Rows and a reference.

## Cost
About 2 microseconds a row of 20 columns in batches of 64. 600 bytes a client, and four a column.

## Misses
Neighbours of many records in shuffled order; changes in the same features each time; one record alone, which looks like
a search for an adversarial example (``evasion/ring`` sees those).

## Source
Choquette-Choo et al. 2021, "Label-only membership inference attacks", ICML, section 4; Li and Zhang 2021, "Membership
leakage in label-only exposures", CCS, section 4. The test: Page 1954, of Bernoulli trials. What counts is ours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.steps import dense, far_of
from violet.detectors.sums import Cusum, Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="membership/shadow_neighbours",
    title="Records and slight changes all around them",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=16.0,
    unit="nats",
    width=1,
    microseconds=2.0,
    techniques=("AML.T0024.000",),
    references=("https://arxiv.org/abs/2007.14321", "https://arxiv.org/abs/2007.15528"),
    options={"honest": 0.02, "suspicious": 0.4, "slight": 1.5},
)

A_RUN = 5
"""Rows of one run that count."""
LAST = 4
"""Changes of a run that one is compared with."""
OTHERS = 3
"""Features by which two changes differ, at least, for them to be changes of another kind."""
TURNED = (0.4, 0.85)
"""Share of features whose direction is another one, between two changes around one record: half of them by accident,
two thirds where each is seen from the one before. On a slider few do, or nearly all."""


@detector(FACTS)
class ShadowNeighbours(Summing[Cusum]):
    """``honest`` and ``suspicious`` are shares of such rows; ``slight`` is how many standard deviations a feature moves
    at most. (Of pictures, all of it as well: no further than half of what one benign picture in twenty lies from the
    nearest of a thousand.)"""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        self._reference = setup.reference
        honest, suspicious = float(setup.options["honest"]), float(setup.options["suspicious"])
        self._hit = math.log(suspicious / honest)
        self._miss = math.log((1 - suspicious) / (1 - honest))
        self._slight = float(setup.options["slight"])
        width = setup.reference.width
        self._many = dense(width)
        self._far = far_of(setup.reference) / 2
        self._sums = Cusum(setup.clients)
        self._last = np.full((setup.clients, width), np.nan, np.float32)
        self._run: list[tuple[tuple[int, int], ...]] = [()] * setup.clients
        """The last changes of the run: which features moved, and which of them rose, as bits."""
        self._counted = [0] * setup.clients
        self._records = [0] * setup.clients

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)
        self._last[slots] = np.nan
        for slot in slots.tolist():
            self._run[slot] = ()
            self._counted[slot] = self._records[slot] = 0

    def observe(self, batch: Batch) -> Scores:
        moved, risen, kind = self._changes(batch)
        sure = measures.below(batch, self._reference)
        increments = np.where(kind == SAME, 0.0, self._miss)
        run = self._run
        for row, (slot, change) in enumerate(zip(measures.slots(batch), kind.tolist(), strict=True)):
            if change == SLIGHT:
                weight = 0.6 + 0.4 * float(sure[row]) if np.isfinite(sure[row]) else 1.0
                increments[row] = self._weigh(slot, moved[row], risen[row]) * weight
            elif change == NEW and run[slot]:
                run[slot] = ()
                self._counted[slot] = 0
        value = self._sums.step(batch, increments)

        def explain(index: int) -> Evidence:
            slot = int(batch.client[index])
            hits, rows = self._sums.raised(slot), self._sums.since(slot)
            return Evidence(
                f"{hits} of the latest {rows} rows are slight changes around records, each time in other features; "
                f"{self._records[slot]} records so far.",
                {"neighbours": float(hits), "rows": float(rows), "records": float(self._records[slot])},
                self._sums.queries(slot, batch.exchange),
                f"no feature moves by more than {self._slight:g} standard deviations of benign rows",
            )

        return Scores(np.arange(len(batch)), value, explain)

    def _weigh(self, slot: int, moved: int, risen: int) -> float:
        """Nats for one slight change, and what is to be remembered of it."""
        run = self._run[slot]
        self._run[slot] = (*run[1 - LAST :], (moved, risen))
        if not run:
            return 0.0
        if not all(self._differ(moved, risen, *before) for before in run):
            return self._miss
        if self._counted[slot] >= A_RUN:
            return 0.0
        if not self._counted[slot]:
            self._records[slot] += 1
        self._counted[slot] += 1
        return self._hit

    def _differ(self, moved: int, risen: int, before: int, rose: int) -> bool:
        """Whether two changes are of different features, or, where they are many, neither of one direction nor of
        opposite ones, as those between two cases that are looked at in turn."""
        if (moved ^ before).bit_count() >= OTHERS:
            return True
        common = moved & before
        flipped = ((risen ^ rose) & common).bit_count()
        return moved.bit_count() >= self._many and TURNED[0] <= flipped / max(common.bit_count(), 1) <= TURNED[1]

    def _changes(self, batch: Batch) -> tuple[dict[int, int], dict[int, int], Array]:
        """Of each row, beside its client's row before: what kind of change it is, int8 ``(n,)``; of slight ones, which
        features moved, and which of them rose, as bits."""
        by = measures.groups(batch)
        x = batch.x[by.order]
        before = np.empty_like(x)
        before[1:] = x[:-1]
        before[by.starts] = self._last[by.slots]
        self._last[by.slots] = x[by.starts + by.counts - 1]
        away = x - before
        size = np.abs(away)
        largest = np.where(np.isnan(away[:, 0]), np.inf, np.nan_to_num(size, nan=np.inf).max(axis=1))
        if self._far:
            distance = np.sqrt(np.einsum("ij,ij->i", away, away))
            largest = np.where(distance <= self._far, largest, np.inf)
        kind = np.empty(len(batch), np.int8)
        kind[by.order] = np.where(largest == 0, SAME, np.where(largest <= self._slight, SLIGHT, NEW))
        slight = np.flatnonzero((largest > 0) & (largest <= self._slight))
        bits = np.packbits(away[slight] != 0, axis=1, bitorder="little")
        up = np.packbits(away[slight] > 0, axis=1, bitorder="little")
        rows = by.order[slight].tolist()
        moved = {row: int.from_bytes(b.tobytes(), "little") for row, b in zip(rows, bits, strict=True)}
        risen = {row: int.from_bytes(b.tobytes(), "little") for row, b in zip(rows, up, strict=True)}
        return moved, risen, kind


SAME, SLIGHT, NEW = 1, 2, 3
