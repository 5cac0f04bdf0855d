"""Answers of which the model is less sure than it ever is of benign inputs.

## What it sees
Of a model that gives logits: the energy, ``-log sum exp`` of the scores, above that of 199 in 200 benign rows; what is
usual is learned from the first 512 rows of the traffic, no more than 64 of them of one client. Of a model that gives
probabilities (they tell nothing of the energy): a difference of the two greatest below that of 199 in 200 benign rows,
as the reference has it. A sequential test adds rows up: one is noise.

## Needs
Scores; for probabilities, a reference that has margins (made with the model's scores).

## Cost
About 1.4 microseconds a row in batches of 64. 200 bytes a client, and four rows of those that had odd ones.

## Misses
Inputs far out where the model is sure of itself, as networks of ReLU are (Hein et al. 2019):
``inputs/out_of_distribution`` looks at the inputs. Models of few different answers (small trees). Traffic of logits
from fewer than eight clients, from which nothing is learned.

## Source
Liu et al. 2020, "Energy-based out-of-distribution detection", section 3; for probabilities, Hendrycks and Gimpel 2017,
"A baseline for detecting misclassified and out-of-distribution examples". The test: Page 1954, of Bernoulli trials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.odds import Odds, Warm
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="inputs/confidence_energy",
    title="Inputs of which the model is less sure than of benign ones",
    severity=Severity.LOW,
    stage=Stage.WINDOW,
    needs=Needs.SCORES,
    threshold=12.0,
    unit="nats",
    width=1,
    microseconds=1.4,
    techniques=("AML.T0043", "AML.T0015"),
    references=("https://arxiv.org/abs/2010.03759", "https://arxiv.org/abs/1610.02136"),
    options={"tail": 0.005, "usual": 0.04, "attack": 0.4},
)

LEARNED = 512


@detector(FACTS)
class ConfidenceEnergy(Summing[Odds]):
    """``tail`` is the share of benign rows that the model is as unsure of; ``usual`` and ``attack`` are the shares of
    such rows that honest clients may have, and attackers have."""

    def __init__(self, setup: Setup) -> None:
        self._reference = setup.reference
        self._tail = float(setup.options["tail"])
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))
        self._warm = Warm(LEARNED, 1)
        self._cut = np.inf
        self._middle = np.nan

    def observe(self, batch: Batch) -> Scores:
        if batch.scores is None or not len(batch) or not batch.scores.shape[1]:
            return NOTHING
        energy = energies(batch.scores)
        logits = np.isfinite(energy)
        strength = np.full(len(batch), np.nan)
        if logits.any():
            self._judge(batch, energy, logits, strength)
        if not logits.all() and self._reference is not None:
            below = measures.below(batch, self._reference)
            known = np.isfinite(below) & ~logits
            strength[known] = below[known] <= self._tail
        rows, value = self._sums.take(batch, strength)

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            odd, among = self._sums.raised(slot), self._sums.since(slot)
            if logits[row]:
                why = f"the energy of this one is {energy[row]:.3g}, the median of benign ones {self._middle:.3g}"
                figure = {"energy": float(energy[row]), "limit": float(self._cut)}
                beside = f"energies of {LEARNED} rows of many clients"
            else:
                margin = float(measures.margins(batch)[row])
                why = f"the two greatest scores of this one differ by {margin:.3g}"
                figure = {"margin": margin, "tail": self._tail}
                beside = "margins of the reference"
            return Evidence(
                f"{odd} of the latest {among} rows are such that the model is less sure of one benign row in "
                f"{1 / self._tail:.0f}; {why}.",
                {"odd": float(odd), "rows": float(among), **figure},
                self._sums.queries(slot, batch.exchange),
                beside,
            )

        return Scores(rows, value, explain)

    def _judge(self, batch: Batch, energy: Array, logits: Array, strength: Array) -> None:
        places = np.flatnonzero(logits)
        if not self._warm.ready():
            taken = self._warm.fill(batch.client[places], energy[places, None])
            if self._warm.ready():
                usual = self._warm.rows[:, 0]
                self._middle = float(np.median(usual))
                # A quantile of few rows is taken a little farther out.
                room = 0.1 * float(np.quantile(usual, 0.95) - self._middle)
                self._cut = float(np.quantile(usual, 1 - self._tail)) + room
            places = places[taken:]
        strength[places] = energy[places] > self._cut


def energies(scores: Array) -> Array:
    """``-log sum exp`` of logits, float64 ``(n,)``; NaN for rows of probabilities (none below 0, summing up to 1),
    of a single number, or of what is no number."""
    found = np.full(len(scores), np.nan)
    with np.errstate(all="ignore"):
        # NaN fails every comparison: what is left are logits and broken rows.
        likely = (np.abs(scores.sum(axis=1) - 1) <= 1e-2) & (scores.min(axis=1) >= 0)
        if likely.all() or scores.shape[1] < 2:
            return found
        values = scores.astype(np.float64)
        logits = ~likely & np.isfinite(values).all(axis=1)
        chosen = values[logits]
        top = chosen.max(axis=1)
        found[logits] = -(top + np.log(np.exp(chosen - top[:, None]).sum(axis=1)))
    return found
