"""Evidence against each client, summed up row by row: ``Cusum``, and ``Surprise``, which is two of them.

How the stream is cut into batches makes no difference to a sum.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from violet.detectors import measures
from violet.detectors.recent import KEPT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch

    Array = NDArray[Any]


class Cusum:
    """Cumulative sums of log-likelihood ratios, one a client (Page 1954): they start anew where they fall to 0 and rise
    no higher than ``cap``, so that a client that has stopped is forgiven in a bounded number of rows.

    Remembered of each client: the level, the rows since it left 0, and the last 20 requests that raised it: 200 bytes.
    ``pending`` is by how much the level has changed since other processes have heard of it.
    """

    __slots__ = ("_cap", "_levels", "_place", "_raised", "_since", "_trail", "level", "pending")

    def __init__(self, clients: int, cap: float = 200.0) -> None:
        self._cap = cap
        self.level = array("d", bytes(8 * clients))
        self._levels = np.frombuffer(self.level)
        self._raised = np.zeros(clients, dtype=bool)
        self._since = array("q", bytes(8 * clients))
        self.pending = array("d", bytes(8 * clients))
        self._place = array("q", bytes(8 * clients))
        self._trail = array("q", bytes(8 * KEPT * clients))

    def step(self, batch: Batch, increments: Array) -> Array:
        """Take one increment a row, finite ones, float64 ``(n,)``; give the level after each."""
        found = np.zeros(len(increments))
        raising = increments > 0.0
        touched = self._levels[batch.client] > 0.0
        if raising.any():
            # Rows of a client that another row of the batch raises count as well.
            raised = batch.client[raising]
            self._raised[raised] = True
            touched |= self._raised[batch.client]
            self._raised[raised] = False
        rows = np.flatnonzero(touched)
        if not len(rows):
            return found
        level, since, pending, place, trail = self.level, self._since, self.pending, self._place, self._trail
        cap, whose, requests = self._cap, measures.slots(batch), measures.numbers(batch)
        values: list[float] = []
        for row, increment in zip(rows.tolist(), increments[rows].tolist(), strict=True):
            slot = whose[row]
            before = level[slot]
            now = before + increment
            if now <= 0.0:
                now = 0.0
                if before:
                    since[slot] = 0
                    place[slot] = 0
            else:
                if now > cap:
                    now = cap
                since[slot] += 1
                if increment > 0.0:
                    at = place[slot]
                    trail[slot * KEPT + at % KEPT] = requests[row]
                    place[slot] = at + 1
            if now != before:
                level[slot] = now
                pending[slot] += now - before
            values.append(now)
        found[rows] = values
        return found

    def queries(self, slot: int, name: Callable[[int], str]) -> tuple[str, ...]:
        """The requests that raised the level since it left 0, the latest last, each once."""
        place = self._place[slot]
        kept = [self._trail[slot * KEPT + at % KEPT] for at in range(max(0, place - KEPT), place)]
        return tuple(name(number) for number in dict.fromkeys(kept))

    def raised(self, slot: int) -> int:
        """How many rows raised the level since it left 0."""
        return self._place[slot]

    def since(self, slot: int) -> int:
        """How many rows there were since the level left 0."""
        return self._since[slot]

    def forget(self, slots: Array) -> None:
        for slot in slots.tolist():
            self.level[slot] = self.pending[slot] = 0.0
            self._since[slot] = self._place[slot] = 0

    def delta(self, slots: Array) -> Array:
        """Changes since last asked, float32 ``(len(slots), 1)``."""
        found = np.empty((len(slots), 1), np.float32)
        for at, slot in enumerate(slots.tolist()):
            found[at, 0] = self.pending[slot]
            self.pending[slot] = 0.0
        return found

    def absorb(self, slots: Array, values: Array) -> None:
        for slot, value in zip(slots.tolist(), values[:, 0].tolist(), strict=True):
            if math.isfinite(value):
                self.level[slot] = min(max(self.level[slot] + value, 0.0), self._cap)


class Surprise:
    """Two cumulative sums a client over shares of benign rows that are as extreme as each row, uniform where it is
    benign: against a client all of whose rows are more extreme (Beta(theta, 1)), and against one who hides a share
    ``hidden`` of very extreme rows among natural ones. The score is the greater of both.

    By Lorden's inequality (1971), a sum over independent benign rows reaches ``h`` no oftener than once in ``exp(h)``.
    """

    __slots__ = ("_hidden", "_mixed", "_steady", "_theta")

    SHARP = 0.15
    """The theta of hidden rows."""

    def __init__(self, clients: int, theta: float, hidden: float) -> None:
        self._theta, self._hidden = theta, hidden
        self._steady, self._mixed = Cusum(clients), Cusum(clients)

    def take(self, batch: Batch, shares: Array, counts: Array) -> Array:
        """Shares ``(n,)`` in (0, 1] of the rows that count; the others change nothing. Gives float64 ``(n,)``."""
        logs = np.log(shares)
        steady = np.where(counts, math.log(self._theta) + (self._theta - 1) * logs, 0.0)
        sharp = self._hidden * self.SHARP * np.exp((self.SHARP - 1) * logs)
        mixed = np.where(counts, np.log(1 - self._hidden + sharp), 0.0)
        return np.maximum(self._steady.step(batch, steady), self._mixed.step(batch, mixed))

    def _leading(self, slot: int) -> Cusum:
        return self._steady if self._steady.level[slot] >= self._mixed.level[slot] else self._mixed

    def queries(self, slot: int, name: Callable[[int], str]) -> tuple[str, ...]:
        return self._leading(slot).queries(slot, name)

    def raised(self, slot: int) -> int:
        return self._leading(slot).raised(slot)

    def since(self, slot: int) -> int:
        return self._leading(slot).since(slot)

    def forget(self, slots: Array) -> None:
        self._steady.forget(slots)
        self._mixed.forget(slots)

    def delta(self, slots: Array) -> Array:
        """Float32 ``(len(slots), 2)``."""
        return np.concatenate([self._steady.delta(slots), self._mixed.delta(slots)], axis=1)

    def absorb(self, slots: Array, values: Array) -> None:
        self._steady.absorb(slots, values[:, :1])
        self._mixed.absorb(slots, values[:, 1:])


Sums = TypeVar("Sums", bound=Cusum | Surprise)


class Summing(Generic[Sums]):
    """For detectors whose state of clients is one ``Cusum`` (``width`` 1) or one ``Surprise`` (2): what they forget
    and exchange."""

    _sums: Sums

    def forget(self, slots: Array) -> None:
        self._sums.forget(slots)

    def delta(self, slots: Array) -> Array:
        return self._sums.delta(slots)

    def absorb(self, slots: Array, values: Array) -> None:
        self._sums.absorb(slots, values)
