"""Somebody works on one input, through whatever accounts: the model's traffic as a whole.

## What it sees
The trees of ``evasion/provenance``, whoever asked: each query that is a near-duplicate of any earlier one, in more than
two columns, adds 1 to its tree, and each 256 queries of all traffic take 1 away. So a search is seen that changes its
account with every query. Nobody is accused: a tree says that there is an attack, not whose.

## Needs
Rows and a reference.

## Cost
1 microsecond a row in batches of 64, over what ``evasion/near_duplicates`` costs. 1 MB for trees.

## Misses
Steps larger than natural distances; searches by one or two columns; more than 256 queries of others for each of the
attack's: on a busy service a slow search drowns (``evasion/near_duplicates`` and ``evasion/provenance`` count by
client, and do not mind).

## Source
Li et al. 2022, "Blacklight", USENIX Security, section 4, matches queries over all accounts; trees instead of pairs are
our own.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

import numpy as np

from violet.detectors.base import NOTHING, Accuses, Batch, Facts, Needs, Scores, Setup, Stage, Stateless, detector
from violet.detectors.evasion._trail import trail_of
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from violet.detectors.base import Array

FACTS = Facts(
    id="evasion/swarm",
    title="Somebody works on one input, through whatever accounts",
    severity=Severity.MEDIUM,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    accuses=Accuses.MODEL,
    threshold=8.0,
    unit="variants",
    microseconds=1.0,
    response=Response.ALLOW,
    techniques=("AML.T0043.001", "AML.T0015"),
    references=("https://www.usenix.org/conference/usenixsecurity22/presentation/li-huiying",),
    options={"decay": 1 / 256},
)

TREES = 4096
MOST = 60.0
CLIENTS = 32


class Tree:
    __slots__ = ("base", "clients", "queries", "row", "size", "variants")

    def __init__(self, base: int, row: int) -> None:
        self.base = base
        self.row = row
        self.size = 0
        self.variants = 0.0
        self.queries: deque[int] = deque(maxlen=20)
        self.clients: dict[int, int] = {}


@detector(FACTS)
class Swarm(Stateless):
    def __init__(self, setup: Setup) -> None:
        self._trail = trail_of(setup, Swarm, prints=True)
        self._decay = float(setup.options["decay"])
        self._rows = 0
        self._trees: OrderedDict[int, Tree] = OrderedDict()

    def observe(self, batch: Batch) -> Scores:
        begin = self._rows
        self._rows += len(batch)
        rows: list[int] = []
        values: list[float] = []
        told: list[tuple[Tree, int, int]] = []
        for step in self._trail.observe(batch):
            if step.sparse or not step.fresh:
                continue
            tree = self._grow(step.tree, step.base, begin + step.row)
            tree.variants = min(MOST, tree.variants + 1.0)
            tree.size += 1
            tree.queries.append(step.request)
            if step.slot in tree.clients or len(tree.clients) < CLIENTS:
                tree.clients[step.slot] = tree.clients.get(step.slot, 0) + 1
            rows.append(step.row)
            values.append(tree.variants)
            told.append((tree, tree.size, len(tree.clients)))
        if not rows:
            return NOTHING
        return Scores(np.array(rows), np.array(values), lambda index: self._say(batch, *told[index]))

    def _grow(self, root: int, base: int, row: int) -> Tree:
        found = self._trees.get(root)
        if found is None:
            found = self._trees[root] = Tree(base, row)
            if len(self._trees) > TREES:
                self._trees.popitem(last=False)
        else:
            self._trees.move_to_end(root)
            found.variants = max(0.0, found.variants - self._decay * (row - found.row))
            found.row = row
        return found

    def _say(self, batch: Batch, tree: Tree, size: int, clients: int) -> Evidence:
        return Evidence(
            f"{size} queries of {clients}{' or more' if clients >= CLIENTS else ''} clients are near-duplicates that "
            f"go back to query {batch.exchange(tree.base)}.",
            {"variants": size, "clients": clients},
            tuple(batch.exchange(number) for number in tree.queries),
            f"one in ten million pairs of benign rows is nearer than {self._trail.scale.far:.3g} standard deviations",
            tuple(batch.names(slot) for slot in tree.clients),
        )

    def forget(self, slots: Array) -> None:
        self._trail.forget(slots)
        gone = set(slots.tolist())
        for tree in self._trees.values():
            for slot in gone & tree.clients.keys():
                del tree.clients[slot]
