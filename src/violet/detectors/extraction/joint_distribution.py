"""What a client asks as a whole, beside what benign clients ask: the kernel two-sample test, client by client.

## What it sees
The squared distance (MMD) between the mean random feature of a client's latest some hundred rows and that of the
reference, in standard deviations of what it would be if the client's rows were drawn from the reference. Honest clients
differ from the pool too, but most by being narrower than it (one region, one product, one base row): for what the
client's rows resemble each other more than benign rows do, twice as much is taken off. Queries that a thief makes up
are unlike benign ones and unlike each other.

## Needs
Rows and a reference.

## Cost
About 3 microseconds a row of 20 columns in batches of 64, most of it for blocks that others want as well. 1.1 kB a
client, and 570 bytes of blocks; 524 bytes are exchanged.

## Misses
Thieves who ask what benign clients ask. Natural inputs of another population and an honest customer who brings them
look alike here.

## Source
Gretton et al. 2012, "A kernel two-sample test", JMLR 13, section 3 (unbiased estimate) and section 2.2; Rahimi and
Recht 2007, "Random features for large-scale kernel machines".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.blocks import BLOCK, Blocks
from violet.detectors.recent import Recent
from violet.detectors.reference import FEATURES, pseudo_sample
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference

    Array = NDArray[Any]

FACTS = Facts(
    id="extraction/joint_distribution",
    title="Queries unlike benign ones as a whole",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=150.0,
    unit="sigma",
    width=FEATURES + 3,
    microseconds=3.0,
    techniques=("AML.T0024.002",),
    references=("https://jmlr.org/papers/v13/gretton12a.html",),
    options={"remembered": 128, "credit": 2.0},
)

ROWS, SQUARES, PAIRS = range(FEATURES, FEATURES + 3)


@detector(FACTS)
class JointDistribution:
    """``remembered`` is how many of a client's latest rows count, about; ``credit`` what is taken off for
    narrowness."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        reference = self._reference = setup.reference
        self._blocks = Blocks.of(setup)
        self._keep = 1.0 - BLOCK / max(float(setup.options["remembered"]), 2 * BLOCK)
        self._credit = float(setup.options["credit"])
        self._m = len(reference.phase)
        self._mean = reference.feature_mean.astype(np.float64)
        self._self = float(self._mean @ self._mean)
        self._spread = _feature_spread(reference)
        self._sums = np.zeros((setup.clients, FACTS.width), np.float32)
        self._fresh = np.zeros((setup.clients, FACTS.width), np.float32)
        self._recent = Recent.of(setup)

    def forget(self, slots: Array) -> None:
        self._blocks.forget(slots)
        self._sums[slots] = 0
        self._fresh[slots] = 0
        self._recent.forget(slots)

    def delta(self, slots: Array) -> Array:
        found = self._fresh[slots]
        self._fresh[slots] = 0
        return found

    def absorb(self, slots: Array, values: Array) -> None:
        # As many blocks as come have made older ones fade there.
        self._fade(slots, values[:, ROWS] / BLOCK)
        self._sums[slots] += values

    def _fade(self, slots: Array, blocks: Array) -> None:
        fade = self._keep ** blocks[:, None]
        self._sums[slots] *= fade
        # What is a sum of squares of weights fades twice.
        self._sums[slots, SQUARES : PAIRS + 1] *= fade

    def observe(self, batch: Batch) -> Scores:
        blocks = self._blocks.step(batch)
        self._recent.step(batch)
        k = len(blocks.rows)
        value, distance, alike = np.empty(k), np.empty(k), np.empty(k)
        if k:
            new = np.zeros((k, FACTS.width), np.float32)
            new[:, : self._m] = blocks.features
            new[:, ROWS] = BLOCK
            new[:, SQUARES] = blocks.squares
            new[:, PAIRS] = BLOCK
            for index, slot in enumerate(blocks.clients.tolist()):
                sums = self._sums[slot]
                sums *= np.float32(self._keep)
                sums[SQUARES : PAIRS + 1] *= np.float32(self._keep)
                sums += new[index]
                self._fresh[slot] += new[index]
                value[index], distance[index], alike[index] = self._judge(sums.astype(np.float64))

        def explain(index: int) -> Evidence:
            slot = int(blocks.clients[index])
            return Evidence(
                f"The latest rows are {value[index]:.0f} standard deviations further from benign ones than chance "
                f"allows (MMD {math.sqrt(max(distance[index], 0)):.2f}), and as unlike each other "
                f"(likeness {alike[index]:.2f}, benign {self._self:.2f}).",
                {"sigma": float(value[index]), "mmd2": float(distance[index]), "likeness": float(alike[index])},
                self._recent.queries(slot, batch.exchange),
                f"mean random features of {self._reference.rows} benign rows",
            )

        return Scores(blocks.rows, value, explain)

    def _judge(self, sums: Array) -> tuple[float, float, float]:
        total = float(sums[ROWS])
        pairs = total * total - float(sums[PAIRS])
        if pairs <= 0:
            return 0.0, 0.0, 0.0
        mean = sums[: self._m]
        alike = (float(mean @ mean) - float(sums[SQUARES])) / pairs
        distance = alike + self._self - 2 * float(mean @ self._mean) / total
        narrow = max(0.0, alike - self._self)
        sigma = self._spread * math.sqrt(2.0 / pairs)
        return (distance - self._credit * narrow) / sigma, distance, alike


def _feature_spread(reference: Reference) -> float:
    """The Frobenius norm of the covariance of benign random features: the standard deviation of the unbiased MMD^2 of
    ``n`` benign rows against the reference is ``sqrt(2 / (n (n - 1)))`` times it."""
    phi = reference.features(pseudo_sample(reference)).astype(np.float64)
    away = phi - phi.mean(axis=0)
    return float(np.linalg.norm(away.T @ away / len(away)))
