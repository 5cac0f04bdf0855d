"""What detectors said of a trace, as far as thresholds need it: bounded in memory, however long the trace is.

Of each detector all scores at or above a level are kept, and that a client's score has fallen below it. The level rises
when there are too many. At any threshold from that level on, episodes come out as they would have in the guard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.episodes import Spans, spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Detector, Scores

    Array = NDArray[Any]

KEPT = 400_000
"""Scores of one detector."""
CLIENTS = 1 << 20
"""Clients that are told apart; those that come later count as one."""


class Clients:
    """Numbers for clients, and how many rows each has asked."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._rows = np.zeros(1024, np.int64)
        self._last: tuple[object, Array] | None = None

    def of(self, batch: Batch) -> Array:
        """The number of each row's client, int64 ``(n,)``."""
        if self._last is not None and self._last[0] is batch:
            return self._last[1]
        slots, inverse = np.unique(batch.client, return_inverse=True)
        found = np.array([self._number(batch.names(slot)) for slot in slots.tolist()], np.int64)[inverse]
        self._last = (batch, found)
        return found

    def count(self, name: str, rows: int) -> None:
        number = self._number(name)
        if number >= len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros(max(len(self._rows), number), np.int64)])
        self._rows[number] += rows

    @property
    def rows(self) -> Array:
        return self._rows[: len(self.names)]

    def _number(self, name: str) -> int:
        known = self._numbers.get(name)
        if known is not None:
            return known
        if len(self.names) >= CLIENTS:
            return CLIENTS - 1
        self._numbers[name] = len(self.names)
        self.names.append(name)
        return len(self.names) - 1


@dataclass(slots=True, eq=False)
class ScoreLog:
    """Scores of one detector: ``client`` numbers, ``value`` and ``at``, in their order. What is below ``level`` stands
    there as ``-inf``, once after each fall."""

    level: float = float("-inf")
    kept: int = KEPT
    count: int = 0
    """Scores given, kept or not."""
    greatest: float = float("-inf")
    _parts: list[tuple[Array, Array, Array]] = field(default_factory=list)
    _size: int = 0
    _up: Array = field(default_factory=lambda: np.zeros(1024, dtype=bool))
    """By client: the last of its scores that is kept was not below."""

    def add(self, client: Array, value: Array, at: Array) -> None:
        value = np.asarray(value, dtype=np.float64)
        told = ~np.isnan(value)
        if not told.all():
            client, value, at = client[told], value[told], at[told]
        if not len(value):
            return
        self.count += len(value)
        self.greatest = max(self.greatest, float(value.max()))
        most = int(client.max()) + 1
        if most > len(self._up):
            self._up = np.concatenate([self._up, np.zeros(max(len(self._up), most - len(self._up)), dtype=bool)])
        keep = self._needed(client, value)
        if len(keep):
            stored = np.where(value[keep] >= self.level, value[keep], -np.inf)
            self._parts.append((client[keep], stored, at[keep]))
            self._size += len(keep)
        if self._size > self.kept:
            self._rise()

    def _needed(self, client: Array, value: Array) -> Array:
        """Scores at or above the level, and the first below after one that was not."""
        above = value >= self.level
        if above.all():
            self._up[client] = True
            return np.arange(len(value))
        order = np.argsort(client, kind="stable")
        sorted_client, sorted_above = client[order], above[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = sorted_client[1:] != sorted_client[:-1]
        before = np.empty(len(order), dtype=bool)
        before[1:] = sorted_above[:-1]
        before[first] = self._up[sorted_client[first]]
        last = np.ones(len(order), dtype=bool)
        last[:-1] = first[1:]
        self._up[sorted_client[last]] = sorted_above[last]
        return np.sort(order[sorted_above | before])

    def _rise(self) -> None:
        client, value, at = self.columns()
        finite = value[np.isfinite(value)]
        self.level = float(np.nextafter(np.median(finite), np.inf)) if len(finite) else self.level
        self._up[:] = False
        keep = self._needed(client, value)
        self._parts = [(client[keep], np.where(value[keep] >= self.level, value[keep], -np.inf), at[keep])]
        self._size = len(keep)

    def columns(self) -> tuple[Array, Array, Array]:
        """``client``, ``value``, ``at``."""
        if len(self._parts) > 1:
            client, value, at = (np.concatenate(columns) for columns in zip(*self._parts, strict=True))
            self._parts = [(client, value, at)]
        if not self._parts:
            return np.empty(0, np.int64), np.empty(0), np.empty(0)
        return self._parts[0]

    def episodes(self, threshold: float, quiet: float, among: Array | None = None) -> Spans:
        """Episodes at a threshold from ``level`` on, of the clients marked in ``among`` (bool by number; default:
        all). Raises ``ValueError`` for a threshold below ``level``."""
        if threshold < self.level:
            raise ValueError(f"scores below {self.level:g} were not kept")
        client, value, at = self.columns()
        if among is not None and len(client):
            some = among[client]
            client, value, at = client[some], value[some], at[some]
        return spans(threshold, client, value, at, quiet)


class Tapped:
    """A detector whose scores are logged on their way."""

    def __init__(self, inner: Detector, log: ScoreLog, clients: Clients, whole: bool) -> None:
        self._inner = inner
        self._log = log
        self._clients = clients
        self._whole = whole
        """It accuses nobody in particular."""

    def observe(self, batch: Batch) -> Scores:
        scores = self._inner.observe(batch)
        if len(scores.rows):
            numbers = np.zeros(len(scores.rows), np.int64) if self._whole else self._clients.of(batch)[scores.rows]
            self._log.add(numbers, scores.value, batch.at[scores.rows])
        return scores

    def forget(self, slots: Array) -> None:
        self._inner.forget(slots)

    def delta(self, slots: Array) -> Array:
        return self._inner.delta(slots)

    def absorb(self, slots: Array, values: Array) -> None:
        self._inner.absorb(slots, values)
