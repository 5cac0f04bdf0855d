"""Inputs whose answer changes when what hardly matters is taken out of them: a sign of adversarial examples.

## What it sees
The model is asked again, beside the traffic, about one row in four: with the digits or shades that carry little
taken away (pictures: six shades, and, from 16 pixels a side, a median of 3 by 3; tables: every column on the grid of
benign values, and in 32 steps). Where the scores move by more than those of 98 in 100 of the first 200 rows looked at,
the row is odd; a sequential test adds rows up. It is advice: it acts on nobody by itself.

## Needs
Rows, a reference, and a model that may be asked beside the traffic, three times a row that is looked at.

## Cost
Under 5 microseconds a row, and three rows in four that the model answers more. 200 bytes a client, and four rows of
those that had odd ones.

## Misses
Attackers who know of it pass through the squeezers on purpose (He et al. 2017); large perturbations; tables whose
columns have no grid. Models of trees jump between the 32 steps for benign rows too, so that only what is worse counts.

Measured on models trained in the tests: of 38 digits of 8 by 8 that ``scores/square`` moved within an eighth of the
range, 28 move the scores more than 98 in 100 honest ones do (AUC 0.99). Of nine of 28 by 28 by two attacks, AUC 0.99,
where the greatest probability alone has 0.96: so near to the boundary are they.

## Source
Xu, Evans and Qi 2018, "Feature squeezing: detecting adversarial examples in deep neural networks", sections 3 and 5;
He et al. 2017, "Adversarial example defenses: ensembles of weak defenses are not strong". Rounding tables to grids is
ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.inputs._asking import chosen, probabilities
from violet.detectors.odds import Odds, Warm
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference

    Array = NDArray[Any]

FACTS = Facts(
    id="inputs/feature_squeezing",
    title="Answers that do not outlast a little rounding of the input",
    severity=Severity.LOW,
    stage=Stage.ASIDE,
    needs=Needs.ROWS | Needs.REFERENCE | Needs.MODEL,
    threshold=12.0,
    unit="nats",
    width=1,
    microseconds=5.0,
    response=Response.ALLOW,
    techniques=("AML.T0043", "AML.T0015"),
    references=("https://arxiv.org/abs/1704.01155", "https://arxiv.org/abs/1706.04701"),
    options={"every": 4, "usual": 0.06, "attack": 0.4},
)

LEARNED = 200
TAIL = 0.02
LEAST = 0.1
"""A sum of absolute differences of probabilities that is no difference."""
SHADES = 5
STEPS = 31
SMALL = 16
"""The side of pictures below which a median leaves nothing of them."""
ASKED = 64
"""Rows of a batch that are asked about, at most."""


@detector(FACTS)
class FeatureSqueezing(Summing[Odds]):
    """One row in ``every`` is looked at; ``usual`` and ``attack`` are the shares of odd ones among those that honest
    clients may have, and attackers have."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        assert setup.ask is not None
        self._reference = setup.reference
        self._ask = setup.ask
        self._every = int(setup.options["every"])
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))
        self._warm = Warm(LEARNED, 1)
        self._cut = np.inf

    def observe(self, batch: Batch) -> Scores:
        if not len(batch):
            return NOTHING
        strength = np.full(len(batch), np.nan)
        moved = np.full(len(batch), np.nan)
        asked = chosen(batch, self._every)
        for begin in range(0, len(asked), ASKED):
            some = asked[begin : begin + ASKED]
            moved[some] = self._moved(batch.raw[some])
        if len(asked):
            self._judge(batch, asked, moved, strength)
        rows, value = self._sums.take(batch, strength)

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            this = f"; that of this one moved by {moved[row]:.2f}" if strength[row] > 0 else ""
            return Evidence(
                f"Scores of {self._sums.raised(slot)} rows, of those looked at among the latest "
                f"{self._sums.since(slot)}, moved by more than {self._cut:.2f} when rounded a little{this}.",
                {
                    "odd": float(self._sums.raised(slot)),
                    "rows": float(self._sums.since(slot)),
                    "moved": float(np.nan_to_num(moved[row])),
                    "limit": float(self._cut),
                },
                self._sums.queries(slot, batch.exchange),
                f"the model's answers to {LEARNED} rows of many clients",
            )

        return Scores(rows, value, explain)

    def _judge(self, batch: Batch, asked: Array, moved: Array, strength: Array) -> None:
        if not self._warm.ready():
            taken = self._warm.fill(batch.client[asked], moved[asked, None])
            if self._warm.ready():
                self._cut = max(LEAST, 1.1 * float(np.quantile(self._warm.rows[:, 0], 1 - TAIL)))
            asked = asked[taken:]
        known = asked[np.isfinite(moved[asked])]
        strength[known] = moved[known] > self._cut

    def _moved(self, raw: Array) -> Array:
        """By how much the scores of each row move, at most: the sum of absolute differences, float64 ``(n,)``."""
        variants = squeezed(raw, self._reference)
        plain = probabilities(self._ask(raw), len(raw))
        found = np.zeros(len(raw))
        for variant in variants:
            answers = probabilities(self._ask(variant), len(raw))
            found = np.maximum(found, np.abs(answers - plain).sum(axis=1))
        return found


def squeezed(raw: Array, reference: Reference) -> tuple[Array, ...]:
    """Raw rows ``(n, p)`` with less in them, once for each squeezer."""
    if reference.shape:
        dark, bright = float(reference.low.min()), float(reference.high.max())
        span = max(bright - dark, 1e-9)
        shades = dark + np.rint((np.clip(raw, dark, bright) - dark) / span * SHADES) / SHADES * span
        return (shades, _median(raw, reference.shape)) if min(reference.shape[:2]) >= SMALL else (shades,)
    low, high = reference.low.astype(np.float64), reference.high.astype(np.float64)
    words = np.array([bool(known) for known in reference.categories])
    grid = np.where((reference.grid > 0) & ~words, reference.grid, 0.0)
    with np.errstate(all="ignore"):
        on_grid = np.where(grid > 0, np.rint(raw / np.where(grid > 0, grid, 1.0)) * grid, raw)
        step = (high - low) / STEPS
        # Whole numbers of a small range are kinds, not quantities.
        coarse = ~words & (step > np.maximum(reference.grid, 1e-12))
        steps = np.where(coarse, low + np.rint((raw - low) / np.where(coarse, step, 1.0)) * step, raw)
    return on_grid, steps


def _median(raw: Array, shape: tuple[int, ...]) -> Array:
    height, width, channels = (*shape, 1)[:3]
    pictures = np.pad(raw.reshape(-1, height, width, channels), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    shifted = [pictures[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.asarray(np.median(np.stack(shifted), axis=0)).reshape(len(raw), -1)
