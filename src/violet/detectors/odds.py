"""Odd rows, summed up by client: one is noise, five of twenty are a signal.

``Odds`` is a sequential test of Bernoulli trials; ``Warm`` holds the first rows of the traffic, of many clients, from
which a detector learns what is usual where the reference does not say it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.steps import far_of, variants
from violet.detectors.sums import Cusum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup

    Array = NDArray[Any]

MOST = 6.0
"""Nats that one row can add."""
ANCHORS = 4
"""Odd rows of a client that another one is compared with."""
_NONE = np.empty(0, np.int64)


def stepped(batch: Batch, sums: Cusum, increments: Array) -> tuple[Array, Array]:
    """One increment a row, float64 ``(n,)``. Gives the rows of clients whose level is, or just was, above 0, ascending,
    and the level after each."""
    before = np.frombuffer(sums.level)[batch.client]
    value = sums.step(batch, increments)
    by = measures.groups(batch)
    sorted_value = value[by.order]
    earlier = np.empty_like(sorted_value)
    earlier[1:] = sorted_value[:-1]
    earlier[by.starts] = before[by.order[by.starts]]
    rows = np.sort(by.order[(sorted_value > 0) | (earlier > 0)])
    return rows, value[rows]


class Odds(Cusum):
    """Cumulative sums of log-likelihood ratios (Page 1954) of a share ``attack`` of odd rows against ``rate``, which
    honest clients stay below. An odd row that is a variant of one of the client's latest four odd ones changes nothing:
    what-if analyses over one odd case are one odd case, and so are retries. What is raised are odd rows. 200 bytes a
    client, and four rows of those that had odd ones."""

    __slots__ = ("_anchors", "_far", "_hit", "_miss", "_most")

    def __init__(self, setup: Setup, rate: float, attack: float, most: float = MOST) -> None:
        if not 0 < rate < attack < 1:
            raise ValueError("rates of odd rows lie between 0 and 1, that of attackers above that of others")
        super().__init__(setup.clients)
        self._hit, self._miss = math.log(attack / rate), math.log((1 - attack) / (1 - rate))
        self._most = most
        self._far = far_of(setup.reference) if setup.reference is not None else 0.0
        self._anchors: dict[int, list[Any]] = {}

    def take(self, batch: Batch, strength: Array) -> tuple[Array, Array]:
        """How odd each row is, ``(n,)``: 0 not at all, 1 odd, NaN not known. Gives the rows of clients who are (or just
        were) under suspicion, ascending, and the level of each, float64."""
        odd = np.flatnonzero(strength > 0)
        if not len(odd) and not self._levels[batch.client].any():
            return _NONE, np.empty(0)
        increments = np.where(np.isnan(strength), 0.0, self._miss)
        increments[odd] = np.minimum(self._hit * strength[odd], self._most)
        for row in odd.tolist():
            if not self._fresh(batch, row):
                increments[row] = 0.0
        return stepped(batch, self, increments)

    def _fresh(self, batch: Batch, row: int) -> bool:
        slot = int(batch.client[row])
        known = self._anchors.setdefault(slot, [])
        if not batch.x.shape[1]:
            own: Any = int(batch.digest[row])
            if own in known:
                return False
        else:
            own = batch.x[row]
            if any(variants(own, other, self._far) for other in known):
                return False
            own = own.copy()
        known.append(own)
        del known[:-ANCHORS]
        return True

    def forget(self, slots: Array) -> None:
        super().forget(slots)
        for slot in np.asarray(slots).tolist():
            self._anchors.pop(slot, None)


class Warm:
    """The first ``need`` rows of ``width`` numbers, of which no client has more than one in eight: nobody decides
    alone what is usual. Where fewer clients come than that takes, it never becomes ready."""

    def __init__(self, need: int, width: int) -> None:
        self.rows = np.zeros((need, width))
        self.count = 0
        self._most = max(1, need // 8)
        self._of: dict[int, int] = {}

    def ready(self) -> bool:
        return self.count == len(self.rows)

    def fill(self, clients: Array, values: Array) -> int:
        """Take rows ``(m, width)`` until it is ready; gives how many were looked at. Rows that are not finite are left
        out."""
        fit = np.asarray(np.isfinite(values).all(axis=1)).tolist()
        for place, (slot, fine) in enumerate(zip(clients.tolist(), fit, strict=True)):
            if self.ready():
                return place
            asked = self._of.get(slot, 0)
            if fine and asked < self._most:
                self._of[slot] = asked + 1
                self.rows[self.count] = values[place]
                self.count += 1
                if self.ready():
                    self._of.clear()
        return len(values)
