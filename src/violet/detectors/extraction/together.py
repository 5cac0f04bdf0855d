"""A thief with twenty accounts is one thief: weak signs in many clients that point the same way.

## What it sees
For each client, a sum of evidence that its latest rows are made up or keep to the decision boundary, which starts anew
where the rows are natural, and, of the rows that raised it, the mean random feature less that of the reference. Among
the 48 clients whose evidence rose last, those that point the way a client does are taken together with it; each adds
how much likelier its evidence is of a thief's account than of an honest one that happens to be as far, or takes
something off. No client counts for more than 8 nats, so one alone never makes an alert; three are needed.

## Needs
Rows and a reference that keeps a sample. Margins where the model gives them.

## Cost
About 1.5 microseconds a row of 20 columns in batches of 64. 1.1 kB a client, of which 516 bytes are exchanged.

## Misses
Accounts that ask a few rows each and are then dropped for new ones: two or three made-up rows a client are not enough.
Thieves of natural data. Only those are named whose own rows carry it; accounts of the same thief that have asked
natural rows so far are not.

## Source
Page 1954 for the evidence of one client, whose stationary tail is exponential (Asmussen 2003, "Applied probability and
queues", chapter XIII): the likelihood ratio of the pool is that of Exp(0.3) against Exp(1). Pooling by direction is
ours. Accounts that work together against such guards: Chen et al. 2020, "Stateful detection of black-box adversarial
attacks", where they are left open.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.base import Accuses, Batch, Facts, Needs, Scores, Setup, Stage, detector
from violet.detectors.contrast import RAREST, Contrast
from violet.detectors.recent import KEPT, Recent
from violet.detectors.reference import FEATURES
from violet.detectors.steps import Steps
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FACTS = Facts(
    id="extraction/together",
    title="Several clients extract as one",
    severity=Severity.HIGH,
    stage=Stage.WINDOW,
    needs=Needs.ROWS | Needs.REFERENCE,
    accuses=Accuses.CLIENTS,
    threshold=12.0,
    unit="nats",
    width=FEATURES + 1,
    microseconds=1.5,
    techniques=("AML.T0024.002",),
    references=("https://arxiv.org/abs/1907.05587",),
    options={"theta": 0.3, "alike": 0.3, "least": 3},
)

HOT = 2.0
"""Nats from which a client's evidence is looked at beside that of others."""
MOST = 8.0
RATE = 0.3
CARRIES = 5.0
"""Nats from which a client is accused or named: an honest one that has them by accident is not, but for a thief beside
it that points the same way."""
LATEST = 48
NAMED = 50
EVIDENCE = FEATURES


@detector(FACTS)
class Together:
    """``alike`` is the least cosine between two clients of one group, ``least`` how many a group has."""

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        reference = self._reference = setup.reference
        self._theta = float(setup.options["theta"])
        self._alike = float(setup.options["alike"])
        self._least = max(2, int(setup.options["least"]))
        self._steps = Steps.of(setup)
        self._contrast = Contrast.of(setup)
        self._recent = Recent.of(setup)
        self._mean = reference.feature_mean.astype(np.float32)
        self._m = len(self._mean)
        self._level = [0.0] * setup.clients
        self._way = np.zeros((setup.clients, self._m), np.float32)
        self._fresh = np.zeros((setup.clients, FACTS.width), np.float32)
        self._hot: OrderedDict[int, None] = OrderedDict()

    def forget(self, slots: Array) -> None:
        self._steps.forget(slots)
        self._recent.forget(slots)
        self._way[slots] = 0
        self._fresh[slots] = 0
        for slot in slots.tolist():
            self._level[slot] = 0.0
            self._hot.pop(slot, None)

    def delta(self, slots: Array) -> Array:
        found = self._fresh[slots]
        self._fresh[slots] = 0
        return found

    def absorb(self, slots: Array, values: Array) -> None:
        for slot, value in zip(slots.tolist(), values, strict=True):
            level = self._level[slot] + float(value[EVIDENCE])
            if level > 0:
                self._way[slot] += value[: self._m]
                self._level[slot] = min(level, MOST)
                if level >= HOT:
                    self._heat(slot)
            else:
                self._cool(slot)

    def observe(self, batch: Batch) -> Scores:
        self._recent.step(batch)
        increments = self._increments(batch)
        rows: list[int] = []
        value: list[float] = []
        groups: list[tuple[int, ...]] = []
        counting = np.flatnonzero(increments)
        features = measures.features(batch, self._reference) if len(counting) else None
        slots, level = measures.slots(batch), self._level
        for row, increment in zip(counting.tolist(), increments[counting].tolist(), strict=True):
            slot = slots[row]
            self._fresh[slot, EVIDENCE] += increment
            now = level[slot] + increment
            if now <= 0.0:
                if level[slot] > 0.0:
                    self._cool(slot)
                continue
            level[slot] = min(now, MOST)
            if increment > 0.0 and features is not None:
                way = features[row] - self._mean
                self._way[slot] += way
                self._fresh[slot, : self._m] += way
                if now >= HOT:
                    self._heat(slot)
                if now >= CARRIES:
                    score, members = self._pool(slot)
                    if len(members) >= self._least:
                        rows.append(row)
                        value.append(score)
                        groups.append(members)

        def explain(index: int) -> Evidence:
            slot = int(batch.client[rows[index]])
            others = [batch.names(member) for member in groups[index] if member != slot]
            queries = [q for member in groups[index] for q in self._recent.queries(member, batch.exchange)[-3:]]
            return Evidence(
                f"{len(groups[index])} clients whose own rows are suspicious ask about the same part of the input "
                f"space; together they are {value[index]:.0f} nats likelier to be one thief than not.",
                {"clients": float(len(groups[index])), "nats": value[index], "active": float(len(set(slots)))},
                tuple(queries[:KEPT]),
                f"{self._reference.rows} benign rows, and how often honest clients look suspicious by accident",
                tuple(others[:NAMED]),
            )

        return Scores(np.array(rows, np.int64), np.array(value), explain)

    def _increments(self, batch: Batch) -> Array:
        """Nats for made-up rows and rows near the boundary; 0 for rows that do not count."""
        counts = self._steps.step(batch).counts
        if not counts.any():
            return np.zeros(len(batch))
        odd = -np.log(self._contrast.beyond(batch))
        near = measures.below(batch, self._reference)
        near = -np.log(np.maximum(np.where(np.isfinite(near), near, 1.0), RAREST))
        base = math.log(self._theta)
        gain = base + (1 - self._theta) * (odd if not self._contrast.silent else near)
        # Either sign is enough; both together are no more than the stronger one and half of the other's excess.
        if not self._contrast.silent:
            gain += 0.5 * np.maximum(0.0, base + (1 - self._theta) * near)
        return np.where(counts, np.minimum(gain, 4.0), 0.0)

    def _heat(self, slot: int) -> None:
        self._hot[slot] = None
        self._hot.move_to_end(slot)
        if len(self._hot) > LATEST:
            self._hot.popitem(last=False)

    def _cool(self, slot: int) -> None:
        self._level[slot] = 0.0
        self._way[slot] = 0
        self._hot.pop(slot, None)

    def _pool(self, slot: int) -> tuple[float, tuple[int, ...]]:
        """The evidence of the clients that point as this one does, and those of them that carry it."""
        hot = np.fromiter(self._hot, np.int64, len(self._hot))
        ways = self._way[hot]
        own = self._way[slot]
        norms = np.sqrt(np.einsum("ij,ij->i", ways, ways) * float(own @ own))
        alike = ways @ own >= self._alike * np.maximum(norms, 1e-9)
        group = hot[alike]
        excess = np.array([self._level[member] for member in group.tolist()]) - HOT
        gain = math.log(RATE) + (1 - RATE) * np.maximum(excess, 0.0)
        carrying = tuple(group[excess >= CARRIES - HOT].tolist())
        return float(gain.sum()), carrying
