"""A client's last queries crowd around one point, in many directions.

## What it sees
Clouds: gradient estimates, random searches and walks along the boundary try many small changes of one input, each in
another direction. Of the client's last 64 different queries, those near the base of the newest one are taken; the score
is how many directions they have, as the participation ratio of the signs of their displacements. Twenty variants that a
slider makes have one direction, those of two sliders two; twenty estimates of a gradient in 20 columns have ten. Of
tables with fewer than twelve columns the score is so much higher as they are fewer.

## Needs
Rows and a reference.

## Cost
8 microseconds a row in batches of 64, 20 columns, and as much again where a query has near ones. Memory: 64 MB for the
rings of all detectors of evasion together, where they share their state.

## Misses
Who asks fewer than about seven queries near one point in 64 (``evasion/near_duplicates`` remembers longer), searches by
single columns on the application's grid (``evasion/walks``), and steps larger than natural distances. Machines that
send the readings of one sensor, or explain a model by perturbing its inputs (LIME, SHAP), look the same: let them have
a threshold, or a model endpoint, of their own.

## Source
Chen, Carlini and Wagner 2020, "Stateful detection of black-box adversarial attacks", section 4: mean distance to the
nearest of the client's own last queries. Mean distances do not tell a slider from a cloud; directions do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, Stateless, detector
from violet.detectors.evasion._trail import trail_of
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from violet.detectors.base import Array
    from violet.detectors.evasion._trail import Step

FACTS = Facts(
    id="evasion/ring",
    title="A cloud of small changes around one input",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=6.0,
    unit="directions",
    microseconds=8.0,
    techniques=("AML.T0043.001", "AML.T0015"),
    references=("https://arxiv.org/abs/1907.05587",),
)


WIDE = 12
"""Columns: where there are fewer, directions count for more."""


@detector(FACTS)
class Ring(Stateless):
    def __init__(self, setup: Setup) -> None:
        self._trail = trail_of(setup, Ring)
        self._scale = max(1.0, WIDE / self._trail.reference.width)

    def observe(self, batch: Batch) -> Scores:
        steps = [step for step in self._trail.observe(batch) if step.near and not step.sparse]
        if not steps:
            return NOTHING
        rows = np.array([step.row for step in steps])
        values = np.array([step.spread for step in steps]) * self._scale
        return Scores(rows, values, lambda index: self._say(batch, steps[index]))

    def _say(self, batch: Batch, step: Step) -> Evidence:
        near = self._trail.scale.near
        return Evidence(
            f"{step.members} of the client's last queries lie around query {batch.exchange(step.base)}, in "
            f"{step.spread:.1f} independent directions; this one is {step.distance:.3g} away.",
            {"directions": step.spread, "members": step.members, "distance": step.distance, "near": near},
            (batch.exchange(step.base), batch.exchange(step.request)),
            f"one in 100,000 pairs of benign rows is nearer than {near:.3g} standard deviations",
        )

    def forget(self, slots: Array) -> None:
        self._trail.forget(slots)
