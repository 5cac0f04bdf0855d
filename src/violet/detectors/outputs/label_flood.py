"""A rare class asked for again and again by one client.

Who works out how a rare answer is had (an approval, an all-clear), or harvests examples of it, asks mostly about rows
that get it.

## What it sees
A client whose rows mostly get a label that fewer than one in 50 of all clients' rows get. Shares of labels are those of
the reference at first, then of the traffic, in which no client counts for more than 8 of 256 rows. A sequential test
adds up how much likelier the client's labels are of somebody who seeks that class.

## Needs
Labels of the answers.

## Cost
Under 1 microsecond a row in batches of 64. 200 bytes a client, and four rows of those that got rare labels.

## Misses
Models of two or three classes, where none is rare. Honest clients whose whole business is the rare class are accused:
put them on the list of those never touched; for that the alert is low, and does nothing by itself.

## Source
The test: Page 1954, "Continuous inspection schemes", of Bernoulli trials.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import NOTHING, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.odds import Odds
from violet.detectors.sums import Summing
from violet.domain.alert import Evidence, Response
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="outputs/label_flood",
    title="A rare class asked for again and again",
    severity=Severity.LOW,
    stage=Stage.WINDOW,
    needs=Needs.LABELS,
    threshold=16.0,
    unit="nats",
    width=1,
    microseconds=0.5,
    response=Response.ALLOW,
    techniques=("AML.T0040", "AML.T0043"),
    references=("https://doi.org/10.1093/biomet/41.1-2.100",),
    options={"rare": 0.02, "usual": 0.15, "attack": 0.6},
)

CLASSES = 1024
"""Labels that are told apart; others are not looked at."""
BLOCK = 256
A_CLIENT = 8
LEARNED = 1024
"""Rows that count before any class is called rare, where the reference has no shares of classes."""


@detector(FACTS)
class LabelFlood(Summing[Odds]):
    """``rare`` is the share of rows below which a class is rare; ``usual`` and ``attack`` are the shares of rows with
    rare labels that honest clients may have, and attackers have."""

    def __init__(self, setup: Setup) -> None:
        self._rare = float(setup.options["rare"])
        self._sums = Odds(setup, float(setup.options["usual"]), float(setup.options["attack"]))
        self._counts = np.zeros(CLASSES)
        self._place = 0
        self._of: dict[int, int] = {}
        classes = setup.reference.classes[:CLASSES] if setup.reference is not None else np.empty(0)
        self._counts[: len(classes)] = LEARNED * np.nan_to_num(classes)
        self._decide()

    def _decide(self) -> None:
        """Which classes are rare, and what the share of each is."""
        total = float(self._counts.sum())
        self._shares = self._counts / max(total, 1.0)
        self._is_rare = self._shares < self._rare
        if total < LEARNED or (self._shares >= self._rare).sum() < 2:
            self._is_rare = np.zeros(CLASSES, dtype=bool)

    def observe(self, batch: Batch) -> Scores:
        if not len(batch):
            return NOTHING
        strength = np.full(len(batch), np.nan)
        told = np.flatnonzero((batch.label >= 0) & (batch.label < CLASSES))
        begin = 0
        while begin < len(batch):
            end = min(len(batch), begin + BLOCK - self._place)
            some = told[(told >= begin) & (told < end)]
            strength[some] = self._is_rare[batch.label[some]]
            self._learn(batch.client[some], batch.label[some], end - begin)
            begin = end
        rows, value = self._sums.take(batch, strength)

        def explain(index: int) -> Evidence:
            row = int(rows[index])
            slot = int(batch.client[row])
            label = int(batch.label[row])
            share = float(self._shares[label]) if 0 <= label < CLASSES else math.nan
            return Evidence(
                f"{self._sums.raised(slot)} of the latest {self._sums.since(slot)} rows of this client got a rare "
                f"label; the one of this row has {share:.2%} of all.",
                {
                    "rare": float(self._sums.raised(slot)),
                    "rows": float(self._sums.since(slot)),
                    "label": float(label),
                    "share": share if math.isfinite(share) else -1.0,
                },
                self._sums.queries(slot, batch.exchange),
                "labels of all clients, of late",
            )

        return Scores(rows, value, explain)

    def _learn(self, clients: Array, labels: Array, rows: int) -> None:
        for slot, label in zip(clients.tolist(), labels.tolist(), strict=True):
            asked = self._of.get(slot, 0)
            if asked < A_CLIENT:
                self._of[slot] = asked + 1
                self._counts[label] += 1
        self._place += rows
        if self._place == BLOCK:
            self._place = 0
            self._of.clear()
            if self._counts.sum() > 16 * LEARNED:
                self._counts *= 0.5
            self._decide()
