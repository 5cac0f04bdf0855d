"""A client asks ever more variants of one input.

## What it sees
Near-duplicates of the client's own earlier queries, found among its last 64 by brute force and further back, over all
traffic that the history holds (some 100,000s of rows), by fingerprints. Evidence is summed up for each cluster of
near-duplicates: 1 for a variant in a direction that no earlier one has, 1.5 where it has values that the application's
grid does not have, a half where only one or two columns moved, off the grid. Each other query of the client takes 1/32
away.

Whom a client resembles does not matter: only its own queries, near its own earlier ones, count, and nobody else can
write into the tables that find them.

## Needs
Rows and a reference.

## Cost
4 microseconds a row in batches of 64, 20 columns, over what ``evasion/ring`` costs. Memory: 64 MB for the history and
its fingerprints (364,000 rows of 20 columns, 81,000 of 100), 8 MB for clusters.

## Misses
Attacks with more than 32 other queries for each of their own; steps larger than natural distances; searches by single
columns on the grid (``evasion/walks``). The history forgets what a slow attacker asked once others have asked as many
queries as it holds; its own last 64 it keeps.

## Source
Li et al. 2022, "Blacklight: scalable defense for neural networks against query-based black-box attacks", USENIX
Security, section 4, which counts collisions of fingerprints; clusters, directions and grids are our own.
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
    id="evasion/near_duplicates",
    title="Ever more variants of one input",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    threshold=6.0,
    unit="variants",
    width=1,
    microseconds=4.0,
    techniques=("AML.T0043.001", "AML.T0015"),
    references=("https://www.usenix.org/conference/usenixsecurity22/presentation/li-huiying",),
    options={"decay": 1 / 32},
)


def weight_of(step: Step) -> float:
    """What a variant says against its sender: nothing where it is what honest people do."""
    if step.sparse:
        return 0.5 if step.off else 0.0
    if not step.fresh:
        return 0.0
    return 1.5 if step.off >= 2 else 1.0


@detector(FACTS)
class NearDuplicates(Booked):
    def __init__(self, setup: Setup) -> None:
        self._trail = trail_of(setup, NearDuplicates, prints=True)
        self._book = Book(self._trail, setup.clients, float(setup.options["decay"]), most=40.0)

    def observe(self, batch: Batch) -> Scores:
        return self._book.run(batch, self._trail.observe(batch), self._weigh, self._say)

    def _weigh(self, step: Step) -> tuple[Cluster, float] | None:
        if not step.own:
            return None
        cluster = self._book.find(step, step.root)
        return cluster, self._book.add(cluster, step, weight_of(step))

    def _say(self, batch: Batch, told: tuple[Any, ...], value: float) -> Evidence:
        cluster, size, evidence, _ = told
        return Evidence(
            f"{size} near-duplicates go back to query {batch.exchange(cluster.base)}, in ever new directions.",
            {"variants": size, "evidence": evidence, "elsewhere": value - evidence},
            tuple(batch.exchange(number) for number in cluster.queries),
            f"one in 100,000 pairs of benign rows is nearer than {self._trail.scale.near:.3g} standard deviations",
        )
