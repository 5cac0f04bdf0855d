"""A graph of queries, each linked to its nearest predecessor over all clients: trees that grow where a search goes on.

## What it sees
Every query that has a near earlier one, whoever asked it and however long ago, joins its tree. A client's share of a
tree counts by its own near-duplicates in it: a half for each in a new direction, 1 where it also lies near the decision
boundary or across it, less 1/64 for each of its queries elsewhere. To the share of a client that has at least 1 come
those of all other clients that have as much in the same tree, up to three times its own: so twenty accounts that work
on one input add up, while a client whose queries others surround with theirs stays below the threshold as long as its
own share is less than a quarter of it.

Order matters, time does not: a search that takes days looks like one that takes a minute.

## Needs
Rows and a reference; scores or labels make it faster.

## Cost
1 microsecond a row in batches of 64, over what ``evasion/near_duplicates`` costs. 8 MB for clusters, 4 MB for trees.

## Misses
Attackers who change the account after every query or two: none of them has a near-duplicate of its own, and to accuse
them for the company they keep would let anybody accuse anybody (``evasion/swarm`` sees them, and accuses nobody). Steps
larger than natural distances. Trees are forgotten as the history is (see ``evasion/near_duplicates``).

## Source
Li et al. 2024, "Query provenance analysis for robust and efficient query-based black-box attack defense", judge graphs
of queries and their predecessors by a classifier; here they are counted, client by client. Feng et al. 2023, "Stateful
defenses for machine learning models are not yet secure against black-box attacks" (OARS), section 4, say how attacks
adapt to thresholds of distance and to rejections: hence no rejection by default, and growth instead of a count of
collisions.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import Accuses, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.evasion._book import Book, Booked, Cluster
from violet.detectors.evasion._trail import trail_of
from violet.detectors.reference import QUANTILES
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from violet.detectors.base import Array
    from violet.detectors.evasion._trail import Step

FACTS = Facts(
    id="evasion/provenance",
    title="A tree of queries that grows around one input",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    accuses=Accuses.CLIENTS,
    threshold=6.0,
    unit="variants",
    width=1,
    microseconds=1.0,
    techniques=("AML.T0043.001", "AML.T0015"),
    references=("https://arxiv.org/abs/2405.20641", "https://arxiv.org/abs/2303.06280"),
    options={"decay": 1 / 64, "close": 0.1},
)

TREES = 4096
COMPANY = 3.0
"""Times its own share that a client's company adds to it, at most: whoever surrounds another one's queries with
thousands cannot make a pair of honest near-duplicates look like an attack."""
PARTNERS = 64
"""Clients of one tree that are added up, at most."""


@detector(FACTS)
class Provenance(Booked):
    def __init__(self, setup: Setup) -> None:
        self._trail = trail_of(setup, Provenance, prints=True)
        self._book = Book(self._trail, setup.clients, float(setup.options["decay"]), most=20.0)
        self._trees: OrderedDict[int, dict[int, Cluster]] = OrderedDict()
        margins = self._trail.reference.margin
        close = float(setup.options["close"])
        self._close = float(np.interp(close, QUANTILES, margins)) if len(margins) else -1.0
        self._margins: Array = np.empty(0)

    def observe(self, batch: Batch) -> Scores:
        self._margins = measures.margins(batch)
        return self._book.run(batch, self._trail.observe(batch), self._weigh, self._say)

    def _weigh(self, step: Step) -> tuple[Cluster, float] | None:
        if not step.own:
            return None
        cluster = self._book.find(step, step.tree)
        weight = 0.0
        if not step.sparse and step.fresh:
            weight = 1.0 if step.flip or self._is_close(step.row) else 0.5
        value = self._book.add(cluster, step, weight)
        if cluster.evidence < 1.0:
            return cluster, value
        others = sum(self._shares(cluster, step.tree).values())
        return cluster, value + min(others, COMPANY * cluster.evidence)

    def _shares(self, cluster: Cluster, tree: int) -> dict[int, float]:
        """Of the other clients in the tree, by slot."""
        partners = self._trees.get(tree)
        if partners is None:
            partners = self._trees[tree] = {}
            if len(self._trees) > TREES:
                self._trees.popitem(last=False)
        else:
            self._trees.move_to_end(tree)
        if cluster.slot not in partners and len(partners) >= PARTNERS:
            weakest = min(partners, key=lambda slot: partners[slot].evidence)
            del partners[weakest]
        partners[cluster.slot] = cluster
        found = {}
        for slot, other in partners.items():
            if slot != cluster.slot and self._book.current(other):
                share = self._book.now(other, self._book.asked(slot))
                if share >= 1.0:
                    found[slot] = share
        return found

    def _is_close(self, row: int) -> bool:
        return bool(self._margins[row] <= self._close)

    def _say(self, batch: Batch, told: tuple[Any, ...], value: float) -> Evidence:
        cluster, size, evidence, _ = told
        partners = self._trees.get(cluster.key[2], {})
        others = [slot for slot, other in partners.items() if slot != cluster.slot and self._book.current(other)]
        queries = list(cluster.queries)
        company = f" Together with {len(others)} other clients: {value:.3g}." if others else ""
        return Evidence(
            f"{size} of the client's queries belong to the tree that goes back to query "
            f"{batch.exchange(cluster.base)}; its share is {evidence:.3g}.{company}",
            {"own queries": size, "own share": evidence, "all": value, "clients": len(others) + 1},
            tuple(batch.exchange(number) for number in queries),
            "benign near-duplicates make many small trees",
            tuple(batch.names(slot) for slot in others),
        )
