"""Evidence against a client, cluster by cluster of its queries: what detectors of evasion sum up.

Honest near-duplicates are many small clusters; a search is one that grows. Each cluster is a test of its own: what its
rows weigh is added, and each other row that its client asks meanwhile takes ``decay`` away, down to nothing (Page 1954,
"Continuous inspection schemes"). So camouflage has to be 1/``decay`` times the attack, and time makes no difference.
Weights and decays are multiples of 1/64, so that sums are exact, however they are grouped.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import NOTHING, Batch, Scores
from violet.domain.alert import Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.evasion._trail import Step, Trail

    Array = NDArray[Any]

Key = tuple[int, int, int]
"""Slot, how often it has changed hands, and the node of the row that the cluster goes back to."""

KEPT = 20
YOUNG = 6144
GROWN = 2048
"""Clusters that are remembered: those whose evidence has once reached ``SERIOUS`` apart from the others, so that no
flood of small ones makes them forgotten."""
SERIOUS = 3.0
HOT = 2.0
"""A client whose evidence is more has a score with every row, until it has less."""


class Cluster:
    """``size`` rows of ``slot`` that go back to one; ``kinds`` counts what they looked like."""

    __slots__ = ("base", "count", "evidence", "features", "key", "kinds", "origin", "queries", "size", "slot")

    def __init__(self, key: Key, count: int, base: int) -> None:
        self.key = key
        self.slot = key[0]
        self.count = count
        self.base = base
        self.evidence = 0.0
        self.size = 0
        self.features = 0
        self.origin: Array | None = None
        self.kinds: dict[str, int] = {}
        self.queries: deque[int] = deque(maxlen=KEPT)


class Book:
    """Bounded: ``YOUNG + GROWN`` clusters, about 1 kB each, and 33 bytes a client."""

    def __init__(self, trail: Trail, clients: int, decay: float, most: float = float("inf")) -> None:
        self.trail = trail
        self.decay = decay
        self.most = most
        """Evidence of one cluster, at most: what is over is over soon."""
        self._young: OrderedDict[Key, Cluster] = OrderedDict()
        self._grown: OrderedDict[Key, Cluster] = OrderedDict()
        self._tenant: dict[int, int] = {}
        """How often a slot has changed hands: clusters of former owners are never found again."""
        self._top: dict[int, Cluster] = {}
        """By slot, the cluster with the most evidence when it was last added to, where that is more than ``HOT``."""
        self._row = 0
        self._level = np.zeros(clients, np.float32)
        self._sent = np.zeros(clients, np.float32)
        self._elsewhere = np.zeros(clients, np.float32)

    def __len__(self) -> int:
        return len(self._young) + len(self._grown)

    def find(self, step: Step, root: int) -> Cluster:
        """The cluster of a step, its evidence brought up to date."""
        key = (step.slot, self._tenant.get(step.slot, 0), root)
        found = self._grown.get(key)
        if found is not None:
            self._grown.move_to_end(key)
        else:
            found = self._young.get(key)
            if found is None:
                found = self._young[key] = Cluster(key, step.count, step.base)
                if len(self._young) > YOUNG:
                    self._young.popitem(last=False)
            else:
                self._young.move_to_end(key)
        gap = step.count - found.count - 1
        if gap > 0:
            found.evidence = max(0.0, found.evidence - self.decay * gap)
        found.count = step.count
        return found

    def add(self, cluster: Cluster, step: Step, weight: float, kind: str = "") -> float:
        """The client's evidence with this step: of this cluster, and what other processes have seen."""
        cluster.evidence = evidence = min(self.most, cluster.evidence + weight)
        cluster.size += 1
        if weight > 0:
            cluster.queries.append(step.request)
            if kind:
                cluster.kinds[kind] = cluster.kinds.get(kind, 0) + 1
        slot, key = cluster.slot, cluster.key
        if evidence >= SERIOUS and key in self._young:
            self._grown[key] = self._young.pop(key)
            if len(self._grown) > GROWN:
                old, gone = self._grown.popitem(last=False)
                self._young[old] = gone
                if len(self._young) > YOUNG:
                    self._young.popitem(last=False)
        top = self._top.get(slot)
        if evidence > HOT and (top is None or top is cluster or evidence >= self.now(top, step.count)):
            self._top[slot] = cluster
        if top is None or top is cluster or evidence > self._level[slot]:
            self._level[slot] = evidence
        return evidence + float(self._elsewhere[slot]) if evidence >= 1 else evidence

    def now(self, cluster: Cluster, count: int) -> float:
        return max(0.0, cluster.evidence - self.decay * max(0, count - cluster.count))

    def run(
        self, batch: Batch, steps: list[Step], weigh: Callable[[Step], tuple[Cluster, float] | None], say: Say
    ) -> Scores:
        """``weigh(step)`` gives the cluster it belongs to and the client's evidence; rows between them have a score
        as long as their client has evidence left."""
        if not steps and not self._top:
            return NOTHING
        rows: list[int] = []
        values: list[float] = []
        what: list[tuple[Any, ...]] = []
        slots, counts = self.trail.slots, self.trail.counts
        row, place, n = -1, 0, len(batch)
        while True:
            following = steps[place].row if place < len(steps) else n
            row = row + 1 if self._top else following
            if row >= n:
                break
            slot, self._row = slots[row], row
            if row == following:
                told = weigh(steps[place])
                place += 1
                if told is not None:
                    rows.append(row)
                    values.append(told[1])
                    what.append(_snapshot(told[0]))
                    continue
            top = self._top.get(slot)
            if top is not None:
                left = self.now(top, int(counts[row]))
                if left <= HOT:
                    del self._top[slot]
                    self._level[slot] = 0.0
                rows.append(row)
                values.append(left + float(self._elsewhere[slot]))
                what.append(_snapshot(top))
        if not rows:
            return NOTHING
        return Scores(np.array(rows), np.array(values), lambda index: say(batch, what[index], values[index]))

    def current(self, cluster: Cluster) -> bool:
        """Its slot has not changed hands since."""
        return self._tenant.get(cluster.slot, 0) == cluster.key[1]

    def asked(self, slot: int) -> int:
        """How many different rows it had asked when the row that is being weighed came."""
        slots = self.trail.slots
        for row in range(self._row, -1, -1):
            if slots[row] == slot:
                return int(self.trail.counts[row])
        for row in range(self._row + 1, len(slots)):
            if slots[row] == slot:
                return int(self.trail.before[row])
        return int(self.trail.count[slot])

    def forget(self, slots: Array) -> None:
        for slot in slots.tolist():
            self._tenant[slot] = self._tenant.get(slot, 0) + 1
            self._top.pop(slot, None)
        self._level[slots] = self._sent[slots] = self._elsewhere[slots] = 0

    def delta(self, slots: Array) -> Array:
        found = self._level[slots] - self._sent[slots]
        self._sent[slots] = self._level[slots]
        return np.asarray(found[:, None])

    def absorb(self, slots: Array, values: Array) -> None:
        self._elsewhere[slots] = np.maximum(0, self._elsewhere[slots] + np.nan_to_num(values[:, 0], posinf=0.0))


class Booked:
    """For detectors whose state is one ``Book`` over the trail: ``width`` 1."""

    _trail: Trail
    _book: Book

    def forget(self, slots: Array) -> None:
        self._trail.forget(slots)
        self._book.forget(slots)

    def delta(self, slots: Array) -> Array:
        return self._book.delta(slots)

    def absorb(self, slots: Array, values: Array) -> None:
        self._book.absorb(slots, values)


Say = Callable[[Batch, tuple[Any, ...], float], Evidence]


def _snapshot(cluster: Cluster) -> tuple[Any, ...]:
    return (cluster, cluster.size, cluster.evidence, cluster.features)
