"""A client whose behaviour is no longer its own: an account that was taken over, or whose owner has begun to steal.

Honest clients differ from each other more than a careful thief differs from one of them. Each is its own best baseline.

## What it sees
Blocks of 16 rows beside those the client sent before: how far their mean random feature lies from the client's own, how
made up and how far out their rows are, how near to the boundary, how one-sided the answers, how fast they came. Each
measure is compared with its own mean and spread over the client's last 30 blocks or so. One is said to have risen where
a sum of standardised excesses, each less three quarters of a standard deviation, does. What makes the analyst's blocks
differ from each other (a new case each time) is in the spread.

## Needs
Rows and a reference; 8 blocks of a client before it says anything. Margins and labels where the model gives them.

## Cost
About 1.5 microseconds a row of 20 columns in batches of 64, beside ``extraction/joint_distribution``, which makes the
same blocks. 500 bytes a client.

## Misses
Who steals from the first query on, and who changes by small degrees over some hundred rows.

## Source
Page 1954 (cumulative sums of standardised deviations, allowance 0.75); self-starting, with a prior for the spread:
Hawkins 1987, "Self-starting CUSUM charts for location and scale", The Statistician 36. Random features: Rahimi and
Recht 2007.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, Stateless, detector
from violet.detectors.blocks import BLOCK, LABELS, Blocks, Completed
from violet.detectors.recent import Recent
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="extraction/own_change",
    title="A client whose behaviour has changed",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=10.0,
    unit="sigma",
    microseconds=1.5,
    techniques=("AML.T0024.002",),
    references=("https://doi.org/10.2307/2348827",),
    options={"warmup": 8, "remembered": 30, "allowance": 0.75},
)

MEASURES = (
    "distance from its own mean",
    "made-up rows",
    "far-out rows",
    "closeness to the boundary",
    "one-sided answers",
    "pace",
)
PRIOR = np.array([0.5, 0.35, 0.35, 0.35, 0.5, 1.5])
"""Standard deviation of each measure between blocks of one client, before any is known."""
WEIGHT = 8.0
"""Blocks that the prior is worth."""
CLIP = 4.0
CAP = 60.0


@detector(FACTS)
class OwnChange(Stateless):
    """``warmup`` is how many blocks of 16 rows make a baseline, ``remembered`` how many it rests on at most;
    ``allowance`` the change, in standard deviations, that is nobody's business."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        self._blocks = Blocks.of(setup)
        self._recent = Recent.of(setup)
        self._warmup = int(setup.options["warmup"])
        self._most = int(setup.options["remembered"])
        self._allowance = float(setup.options["allowance"])
        clients, m, k = setup.clients, len(setup.reference.phase), len(MEASURES)
        self._count = np.zeros(clients, np.int32)
        self._base = np.zeros((clients, m), np.float32)
        self._labels = np.zeros((clients, LABELS), np.float32)
        self._mean = np.zeros((clients, k))
        self._square = np.zeros((clients, k))
        self._sums = np.zeros((clients, k))
        self._last = np.full(clients, -np.inf)

    def forget(self, slots: Array) -> None:
        self._blocks.forget(slots)
        self._recent.forget(slots)
        for state in (self._count, self._base, self._labels, self._mean, self._square, self._sums):
            state[slots] = 0
        self._last[slots] = -np.inf

    def observe(self, batch: Batch) -> Scores:
        blocks = self._blocks.step(batch)
        self._recent.step(batch)
        value, said = np.zeros(len(blocks.rows)), []
        for index, (row, slot) in enumerate(zip(blocks.rows.tolist(), blocks.clients.tolist(), strict=True)):
            now = self._measure(blocks, index, slot, float(batch.at[row]))
            before = self._mean[slot].copy()
            count = int(self._count[slot])
            self._take(slot, now, count)
            sums = self._sums[slot]
            top = int(np.argmax(sums))
            value[index] = sums[top]
            said.append((top, float(now[top]), float(before[top]), count))

        def explain(index: int) -> Evidence:
            top, now, before, count = said[index]
            return Evidence(
                f"The client's {MEASURES[top]} has risen: {now:.2f} in its last 16 rows, {before:.2f} on average in "
                f"{min(count, self._most)} blocks before.",
                {"measure": MEASURES[top], "now": now, "before": before, "sigma": float(value[index])},
                self._recent.queries(int(blocks.clients[index]), batch.exchange),
                "the client's own earlier blocks of 16 rows",
            )

        return Scores(blocks.rows, value, explain)

    def _measure(self, blocks: Completed, index: int, slot: int, at: float) -> Array:
        """The six measures of a block; the client's means of features and labels take it in."""
        count = int(self._count[slot])
        block = blocks.features[index] / BLOCK
        labels = blocks.labels[index] / BLOCK
        share = 1.0 / min(count + 1, self._most)
        away = block - self._base[slot]
        own = labels - self._labels[slot]
        # Of the block's rows, each its own: what their scatter adds to the distance is known.
        noise = max(0.0, float(blocks.squares[index]) / BLOCK - float(block @ block)) / (BLOCK - 1)
        distance = float(away @ away) + 0.25 * noise
        known = max(float(blocks.known[index]), 1.0)
        gap = max(at - float(self._last[slot]), 1e-3)
        pace = -math.log(gap / BLOCK) if math.isfinite(gap) else float(self._mean[slot, 5])
        self._base[slot] += np.float32(share) * away.astype(np.float32)
        self._labels[slot] += np.float32(share) * own.astype(np.float32)
        self._last[slot] = at
        return np.array(
            [
                math.log(max(distance, 1e-6)) if count else float("nan"),
                float(blocks.odd[index]) / BLOCK,
                float(blocks.strange[index]) / BLOCK,
                float(blocks.near[index]) / known,
                math.log(0.02 + float(own @ own)) if count else float("nan"),
                pace,
            ]
        )

    def _take(self, slot: int, now: Array, count: int) -> None:
        """Sum up, and let the baseline follow, the less the further off."""
        mean, square = self._mean[slot], self._square[slot]
        now = np.where(np.isnan(now), mean, now)
        weight = min(count, self._most)
        spread = np.sqrt((WEIGHT * PRIOR**2 + weight * square) / (WEIGHT + weight) * (1 + 1 / max(weight, 1)))
        excess = (now - mean) / spread
        if count >= self._warmup:
            step = np.minimum(np.maximum(excess, -CLIP), CLIP) - self._allowance
            self._sums[slot] = np.minimum(np.maximum(self._sums[slot] + step, 0.0), CAP)
        share = 1.0 / min(count + 1, self._most)
        calm = np.minimum(np.maximum(excess, -2.0), 2.0) * spread if count >= self._warmup else now - mean
        square += share * (calm * calm - square) if count else 0.0
        mean += share * calm
        self._count[slot] = count + 1
