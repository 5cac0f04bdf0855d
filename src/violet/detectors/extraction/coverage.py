"""How fast a client visits rare parts of the input space, against what benign rows drawn at random would.

A thief has to see the model everywhere; a customer sees the corner where customers are.

## What it sees
Rows are projected on 16 of the reference's whitened directions, the narrow ones first, and each of 8 pairs is a map of
64 cells. A cell that a client visits for the first time in its latest 256 rows counts by how rare benign rows are in it
(``-log`` of their share). The sum is compared with that of as many random benign rows, in standard deviations.

## Needs
Rows of four features or more, and a reference.

## Cost
About 2 microseconds a row of 20 columns in batches of 64. 200 bytes a client.

## Misses
Natural data of the same population. Narrow and repeated queries never raise it, so neither do analysts, probes, retries
and nightly runs.

## Source
Coverage of the input space as a measure of what extraction has learned: Kesarwani et al. 2018, "Model extraction
warning in MLaaS paradigm", ACSAC. Cells, surprise and the null by simulation are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, Stateless, detector
from violet.detectors.recent import Recent
from violet.detectors.reference import pseudo_sample
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference

    Array = NDArray[Any]

FACTS = Facts(
    id="extraction/coverage",
    title="Rare parts of the input space visited fast",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=8.0,
    unit="sigma",
    microseconds=2.0,
    techniques=("AML.T0024.002",),
    references=("https://arxiv.org/abs/1711.07221",),
)

WINDOW = 256
MAPS = 8
EDGES = np.array([-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0])
CELLS = (len(EDGES) + 1) ** 2
FEWEST = 8
"""Rows before which nothing is said."""


@detector(FACTS)
class Coverage(Stateless):
    """State is one integer of 512 bits, a count and a sum a client."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        reference = self._reference = setup.reference
        directions = reference.whiten.shape[1]
        maps = max(1, min(MAPS, directions // 2))
        self._project = reference.whiten[:, : 2 * maps].astype(np.float32)
        self._offset = reference.mean @ self._project
        self._maps = maps
        self._base = np.arange(maps) * CELLS
        sample = self._cells(pseudo_sample(reference))
        share = np.stack([np.bincount(sample[:, at] - at * CELLS, minlength=CELLS) for at in range(maps)])
        self._weight: list[float] = (-np.log((share + 0.5) / (len(sample) + 0.5 * CELLS))).ravel().tolist()
        self._mean, self._spread = self._null(sample, reference)
        self._recent = Recent.of(setup)
        self._seen = [0] * setup.clients
        self._rows = [0] * setup.clients
        self._sum = [0.0] * setup.clients

    def _cells(self, x: Array) -> Array:
        """The cell of each map ``(n, maps)``."""
        place = np.searchsorted(EDGES, x @ self._project - self._offset)
        return np.asarray(place[:, 0::2] * (len(EDGES) + 1) + place[:, 1::2] + self._base)

    def _masks(self, x: Array) -> list[int]:
        """The cells of each row as bits."""
        if not len(x):
            return []
        bits = np.zeros((len(x), self._maps * CELLS), np.uint8)
        bits[np.arange(len(x))[:, None], self._cells(x)] = 1
        packed = np.packbits(bits, axis=1, bitorder="little")
        width, content = packed.shape[1], packed.tobytes()
        return [int.from_bytes(content[at : at + width], "little") for at in range(0, len(content), width)]

    def _null(self, sample: Array, reference: Reference) -> tuple[list[float], list[float]]:
        """Mean and standard deviation of the sum after 1, 2, ... rows drawn from the reference."""
        rng = np.random.default_rng([reference.seed, 78])
        paths = np.zeros((100, WINDOW))
        weight = np.array(self._weight)
        for path in paths:
            rows = sample[rng.integers(0, len(sample), WINDOW)]
            for column in rows.T:
                cells, first = np.unique(column, return_index=True)
                np.add.at(path, first, weight[cells])
        sums = np.cumsum(paths, axis=1)
        spread = np.maximum(sums.std(axis=0), 1.0)
        return [0.0, *sums.mean(axis=0).tolist()], [1.0, *spread.tolist()]

    def forget(self, slots: Array) -> None:
        self._recent.forget(slots)
        for slot in slots.tolist():
            self._seen[slot], self._rows[slot], self._sum[slot] = 0, 0, 0.0

    def observe(self, batch: Batch) -> Scores:
        self._recent.step(batch)
        value, visited = [], []
        seen, rows, sums, weight = self._seen, self._rows, self._sum, self._weight
        mean, spread = self._mean, self._spread
        for slot, own in zip(measures.slots(batch), self._masks(batch.x), strict=True):
            if rows[slot] >= WINDOW:
                seen[slot], rows[slot], sums[slot] = 0, 0, 0.0
            known, total = seen[slot], sums[slot]
            new = own & ~known
            seen[slot] = known | own
            while new:
                cell = new & -new
                total += weight[cell.bit_length() - 1]
                new ^= cell
            count = rows[slot] + 1
            rows[slot], sums[slot] = count, total
            value.append((total - mean[count]) / spread[count] if count >= FEWEST else 0.0)
            visited.append((count, slot, total))

        def explain(index: int) -> Evidence:
            count, slot, total = visited[index]
            distinct = seen[slot].bit_count()
            return Evidence(
                f"In {count} rows, {distinct} of {self._maps * CELLS} cells were visited that add up to a rarity of "
                f"{total:.0f}; as many benign rows reach {mean[count]:.0f} +/- {spread[count]:.0f}.",
                {"rows": float(count), "cells": float(distinct), "rarity": total, "benign": mean[count]},
                self._recent.queries(int(batch.client[index]), batch.exchange),
                f"cells of {len(self._reference.sample) or self._reference.rows} benign rows",
            )

        return Scores(np.arange(len(batch)), np.array(value), explain)
