"""Inputs far from all benign ones: what the model was never made for, and answers by extrapolation.

## What it sees
Rows whose Mahalanobis distance from the benign mean, or whose distance from the nearest of 256 benign rows, only one
benign row in a thousand exceeds. The second finds holes inside the benign cloud, which the first cannot. Both cuts are
tail probabilities of the reference itself; pictures have to be 1.9 or 1.3 times as far. A sequential test adds rows up:
one is noise.

## Needs
Rows and a reference; for distances from benign rows, one that keeps 400 or more of them.

## Cost
About 1 microsecond a row in batches of 64. 200 bytes a client, and four rows of those that had odd ones.

## Misses
Adversarial examples near benign rows: that is what they are made to be. Whatever lies between benign rows. A new
population of honest customers that lies outside of the benign one is accused, as far as more than one in fifty of its
rows does: make a new profile.

## Source
Lee et al. 2018, "A simple unified framework for detecting out-of-distribution samples and adversarial attacks", for the
Mahalanobis distance (of inputs here, as there is no view into the model); Sun et al. 2022, "Out-of-distribution
detection with deep nearest neighbors", for the nearest one. The test: Page 1954, of Bernoulli trials.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.contrast import RAREST
from violet.detectors.odds import Odds
from violet.detectors.reference import QUANTILES
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference

    Array = NDArray[Any]

FACTS = Facts(
    id="inputs/out_of_distribution",
    title="Inputs far from benign ones",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=10.0,
    unit="nats",
    width=1,
    microseconds=1.0,
    techniques=("AML.T0043", "AML.T0015"),
    references=("https://arxiv.org/abs/1807.03888", "https://arxiv.org/abs/2204.06507"),
    options={"tail": 0.001, "usual": 0.02, "attack": 0.3},
)

NEIGHBOURS = 256
FEWEST = 400
ROOM = 1.05
FARTHER = 1.9, 1.3
"""How many times as far, by either distance, pictures have to be: honest ones that are shifted, or taken in other
light, lie at the outskirts."""


@detector(FACTS)
class OutOfDistribution(Summing[Odds]):
    """``tail`` (0.001 or more) is the share of benign rows that is as far out; ``usual`` and ``attack`` are the shares
    of such rows that honest clients may have, and attackers have."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        self._reference = setup.reference
        tail = min(max(float(setup.options["tail"]), RAREST), 0.1)
        self._strange = -math.log(tail) - 1e-9
        far = float(np.interp(1 - tail, QUANTILES, setup.reference.distance))
        self._least = FARTHER[0] * far if setup.reference.shape else 0.0
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))
        self._kept, self._square, self._cut = _neighbours(setup.reference, tail)
        if setup.reference.shape:
            self._cut *= FARTHER[1]

    def observe(self, batch: Batch) -> Scores:
        far = measures.strangeness(batch, self._reference) >= self._strange
        if self._least and far.any():
            far[far] = self._reference.mahalanobis(batch.x[far]) > self._least
        near = self._nearest(batch.x)
        lone = near > self._cut
        rows, value = self._sums.take(batch, np.where(far & lone, 1.3, (far | lone).astype(np.float64)))

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            x = batch.x[row]
            distance = float(self._reference.mahalanobis(x[None])[0])
            benign = float(self._reference.distance[-4]) if len(self._reference.distance) > 4 else math.nan
            figures: dict[str, float | str] = {
                "odd": float(self._sums.raised(slot)),
                "rows": float(self._sums.since(slot)),
                "distance": distance,
                "benign": benign,
            }
            if len(self._kept):
                figures |= {"nearest": float(near[row]), "nearest benign": float(self._cut)}
            return Evidence(
                f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} rows lie as far out as one benign "
                f"row in a thousand, or farther; this one is {distance:.3g} from the mean, by "
                f"{_columns(self._reference, x)}.",
                figures,
                self._sums.queries(slot, batch.exchange),
                f"distances of {self._reference.rows} benign rows",
            )

        return Scores(rows, value, explain)

    def _nearest(self, x: Array) -> Array:
        """Distance from the nearest benign row kept, float64 ``(n,)``; 0 where none are kept."""
        if not len(self._kept):
            return np.zeros(len(x))
        apart = (x @ self._kept.T) * np.float32(-2)
        apart += self._square
        square = apart.min(axis=1) + np.einsum("ij,ij->i", x, x)
        return np.asarray(np.sqrt(np.maximum(square, 0.0)))


def _neighbours(reference: Reference, tail: float) -> tuple[Array, Array, float]:
    """Rows to be near to, their squares, and the distance from them that a share ``tail`` of the other benign rows
    exceeds."""
    sample = np.asarray(reference.sample, np.float32)
    if len(sample) < FEWEST:
        return np.empty((0, reference.width), np.float32), np.empty(0, np.float32), math.inf
    # The sample stands in the order of the data, which may be sorted by anything.
    sample = sample[np.random.default_rng([reference.seed, 97]).permutation(len(sample))]
    kept, others = sample[:NEIGHBOURS], sample[NEIGHBOURS:]
    square = np.einsum("ij,ij->i", kept, kept)
    apart = square - 2 * (others @ kept.T) + np.einsum("ij,ij->i", others, others)[:, None]
    nearest = np.sqrt(np.maximum(apart.min(axis=1), 0.0))
    return np.ascontiguousarray(kept), square, ROOM * float(np.quantile(nearest, 1 - tail))


def _columns(reference: Reference, x: Array) -> str:
    """The three that are farthest from their middle."""
    chosen = np.argsort(-np.abs(x), kind="stable")[:3].tolist()
    return ", ".join(f"{reference.encoded_names[place]} ({x[place]:+.1f})" for place in chosen)
