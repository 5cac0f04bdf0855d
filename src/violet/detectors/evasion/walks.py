"""Successive queries that form a search: the geometry tells which.

## What it sees
How a query lies to those near it among its client's last 64, or to one further back where none of these is near:

- *pairs*: it lies exactly opposite to an earlier one, as far from their base: finite differences (NES, SPSA). 2 each;
  of pictures 1.
- *shells*: it lies as far from the base as three or more others, in another direction: a cloud that estimates the
  boundary's direction (HopSkipJump) or a gradient. 1 each.
- *halvings*: it lies half as far from its base as that from its own, on one line, with many columns moved: bisection. 1
  each.
- *columns*: one or two columns move at a time, and over one base ever more columns: search by coordinates (SimBA,
  feasible search). The first three to five are free, as who asks "what if?" moves as many; all of them together weigh
  15. A half more where the value is off the application's grid.
- *drifts*: such steps add up, so that five or more columns are off the base at the same time: a random search that
  rounds to the grid. A half each.
- *handfuls*: some of many columns move, each time others: Square and other random searches. A half each.

Sums are kept for each cluster of queries; each other query of the client takes 1/64 away.

## Needs
Rows and a reference.

## Cost
1 microsecond a row in batches of 64, over what ``evasion/near_duplicates`` costs. 8 MB for clusters.

## Misses
Searches whose steps are larger than natural distances; in tables of up to six columns those by single columns; more
than 64 other queries for each of the attack. Tools that vary every column of a case over its grid (tornado charts,
partial dependence, LIME, SHAP) look like a search by coordinates.

## Source
The attacks' own descriptions: Ilyas et al. 2018 (NES), section 3.2; Uesato et al. 2018 (SPSA), algorithm 1; Chen et
al. 2020 (HopSkipJump), algorithms 1 and 2; Guo et al. 2019 (SimBA), algorithm 1; Andriushchenko et al. 2020 (Square),
algorithm 1. That successive differences give attacks away, whatever the distances: Park, McLaughlin and Alouani 2025,
"Mind the gap: detecting black-box adversarial attacks in the making through query update analysis".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.evasion._book import Book, Booked, Cluster
from violet.detectors.evasion._trail import trail_of
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from violet.detectors.evasion._trail import Step

FACTS = Facts(
    id="evasion/walks",
    title="Queries that form a search",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=4.5,
    unit="steps",
    width=1,
    microseconds=1.0,
    techniques=("AML.T0043.001", "AML.T0015"),
    references=("https://arxiv.org/abs/2503.02986", "https://arxiv.org/abs/1804.08598"),
    options={"decay": 1 / 64},
)

FREE = (3, 5)
"""Columns that may be varied over one base: a third of all, at least and at most so many."""
ALL = 15.0
"""What it weighs to vary all of them."""
DEEP = 5
"""Columns that are off the base at the same time: more than people combine."""
NAMES = {
    "pair": "opposite pairs, as finite differences make them (NES, SPSA)",
    "shell": "points at one distance in many directions, as estimates of a gradient make them (HopSkipJump)",
    "halving": "halvings on a line, as bisection makes them",
    "column": "one column after the other, as searches by coordinates move them (SimBA, feasible search)",
    "drift": "small steps on the application's grid that lead away from the base together",
    "handful": "handfuls of columns, as random searches move them (Square)",
}


@detector(FACTS)
class Walks(Booked):
    def __init__(self, setup: Setup) -> None:
        self._trail = trail_of(setup, Walks, prints=True)
        self._book = Book(self._trail, setup.clients, float(setup.options["decay"]), most=40.0)
        self._width = self._trail.reference.width
        varied = self._trail.scale.varied
        self._free = min(max(varied // 3, FREE[0]), FREE[1])
        self._column = round(64 * ALL / (varied - self._free)) / 64 if varied > 2 * FREE[0] else 0.0

    def observe(self, batch: Batch) -> Scores:
        return self._book.run(batch, self._trail.observe(batch), self._weigh, self._say)

    def _weigh(self, step: Step) -> tuple[Cluster, float] | None:
        if not step.own:
            return None
        cluster = self._book.find(step, step.root)
        if cluster.origin is None:
            cluster.origin = step.before.copy()
        sparse = step.sparse or step.distant is not None
        weight, kind = self._columns(cluster, step) if sparse else self._shape(step)
        return cluster, self._book.add(cluster, step, weight, kind)

    def _columns(self, cluster: Cluster, step: Step) -> tuple[float, str]:
        mask = cluster.features
        before = mask.bit_count()
        for column in step.features if step.distant is None else step.distant.tolist():
            mask |= 1 << column
        cluster.features = mask
        after = mask.bit_count()
        weight = self._column * (max(after, self._free) - max(before, self._free))
        weight += 0.5 if step.sparse and step.off else 0.0
        if not weight and np.count_nonzero(step.after != cluster.origin) >= DEEP:
            return 0.5, "drift"
        return weight, "column"

    def _shape(self, step: Step) -> tuple[float, str]:
        if step.pair:  # Of pictures, a slider begins with one.
            return 2.0 if self._trail.scale.table else 1.0, "pair"
        if step.halving:
            return 1.0, "halving"
        if not step.fresh:
            return 0.0, ""
        if step.shell >= 3:
            return 1.0, "shell"
        if step.moved <= self._width // 2:
            return 0.5, "handful"
        return 0.0, ""

    def _say(self, batch: Batch, told: tuple[Any, ...], value: float) -> Evidence:
        cluster, size, evidence, mask = told
        kind = max(cluster.kinds, key=lambda name: cluster.kinds[name], default="")
        values: dict[str, float | str] = {"steps": size, "evidence": evidence, "elsewhere": value - evidence}
        values.update({f"{name}s": count for name, count in sorted(cluster.kinds.items())})
        if mask:
            names = self._trail.reference.names
            moved = [names[place] for place in range(min(len(names), self._width)) if mask >> place & 1]
            values["columns moved"] = ", ".join(moved[:40])
        return Evidence(
            f"{size} queries from {batch.exchange(cluster.base)} on form a search: {NAMES.get(kind, 'small steps')}.",
            values,
            tuple(batch.exchange(number) for number in cluster.queries),
            "what-if analysis moves few columns over a base, on the application's grid",
        )
