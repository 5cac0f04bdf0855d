"""Near neighbours with different labels, again and again: somebody feels along the decision boundary.

## What it sees
A query whose label differs from that of the nearest earlier one among its client's last 64. Attacks by labels alone
(HopSkipJump, SurFree, RayS) stay at the boundary, where half of their steps cross it; honest near-duplicates are few,
and cross it now and then. 1 for each crossing with more than two columns moved, a half where one or two moved off the
application's grid; nothing for one or two on the grid, which is how people look for what would just be granted. Of
pictures, a half where an earlier step had the same direction, as a slider's have. Sums are kept for each cluster of
queries; each query of the client elsewhere takes 1/64 away.

## Needs
Rows, labels and a reference.

## Cost
1 microsecond a row in batches of 64, over what ``evasion/ring`` costs. 8 MB for clusters.

## Misses
Attacks by scores, which cross the boundary once, at the end; searches by single columns on the grid; services that tell
no labels.

## Source
Brendel et al. 2018, "Decision-based adversarial attacks"; Chen et al. 2020 (HopSkipJump), section III: the boundary is
found by bisection and its direction from labels on both sides of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.evasion._book import Book, Booked, Cluster
from violet.detectors.evasion._trail import trail_of
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from violet.detectors.evasion._trail import Step

FACTS = Facts(
    id="evasion/boundary_pairs",
    title="Small steps across the decision boundary",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE | Needs.LABELS,
    threshold=4.5,
    unit="crossings",
    width=1,
    microseconds=1.0,
    techniques=("AML.T0043.001", "AML.T0015"),
    references=("https://arxiv.org/abs/1712.04248", "https://arxiv.org/abs/1904.02144"),
    options={"decay": 1 / 64},
)


@detector(FACTS)
class BoundaryPairs(Booked):
    def __init__(self, setup: Setup) -> None:
        self._trail = trail_of(setup, BoundaryPairs)
        self._book = Book(self._trail, setup.clients, float(setup.options["decay"]), most=40.0)

    def observe(self, batch: Batch) -> Scores:
        return self._book.run(batch, self._trail.observe(batch), self._weigh, self._say)

    def _weigh(self, step: Step) -> tuple[Cluster, float] | None:
        if not step.near:
            return None
        weight = 0.0
        if step.flip and step.sparse:
            weight = 0.5 if step.off else 0.0
        elif step.flip:
            weight = 1.0 if step.fresh or self._trail.scale.table else 0.5
        cluster = self._book.find(step, step.knot)
        return cluster, self._book.add(cluster, step, weight)

    def _say(self, batch: Batch, told: tuple[Any, ...], value: float) -> Evidence:
        cluster, size, evidence, _ = told
        return Evidence(
            f"Of {size} small steps from query {batch.exchange(cluster.base)} on, so many cross the boundary that "
            f"chance, and what-if analysis, explain all but {evidence:g}.",
            {"steps": size, "crossings": evidence, "elsewhere": value - evidence},
            tuple(batch.exchange(number) for number in cluster.queries),
            f"steps of up to {self._trail.scale.near:.3g} standard deviations; one in 100,000 pairs of benign rows",
        )
