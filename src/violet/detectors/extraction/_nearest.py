"""How far each row is from the nearest of its client's own last rows: what ``distances``, ``novelty`` and
``membership/shadow_neighbours`` have in common, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.rings import CHUNK, EPOCH, Rings
from violet.detectors.steps import Steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup

    Array = NDArray[Any]

SIZE = 64
ROOM = 32 << 20
"""Bytes of rings: 5,800 clients have one at a time, where rows have 20 numbers; 1,900, where they have 64."""


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """Of each row ``(n,)`` that counts (see ``Steps``): the ``distance`` to the nearest of the client's last
    64 rows that counted, float64 (NaN for rows that do not count, and for a client's first), in how many features it
    ``moved`` from that one, ``base`` the number of that one's request (-1: none), and among how many ``known`` rows it
    was the nearest."""

    distance: Array
    moved: Array
    base: Array
    known: Array


class Nearest:
    __slots__ = ("_rings", "_rows", "_steps")

    def __init__(self, setup: Setup) -> None:
        assert setup.reference is not None
        self._steps = Steps.of(setup)
        self._rings = Rings(
            setup.clients, setup.reference.width, {"request": np.int64, "square": np.float32}, SIZE, ROOM
        )
        self._rows = 0

    @classmethod
    def of(cls, setup: Setup) -> Nearest:
        """The one of the setup's detectors."""
        found = setup.shared.get("nearest")
        if found is None:
            found = setup.shared["nearest"] = cls(setup)
        assert isinstance(found, Nearest)
        return found

    @property
    def bytes(self) -> int:
        return self._rings.bytes

    def forget(self, slots: Array) -> None:
        self._steps.forget(slots)
        self._rings.forget(slots)

    def step(self, batch: Batch) -> Near:
        """Take the batch in, once, however many detectors ask."""
        key = ("nearest", self)
        found = batch.memo.get(key)
        if found is None:
            found = batch.memo[key] = self._step(batch)
        assert isinstance(found, Near)
        return found

    def _step(self, batch: Batch) -> Near:
        n = len(batch)
        near = Near(np.full(n, np.nan), np.zeros(n, np.int64), np.full(n, -1, np.int64), np.zeros(n, np.int64))
        rows = np.flatnonzero(self._steps.step(batch).counts)
        begin = 0
        while begin < len(rows):
            # Chunks end where rings are cleared, wherever batches do.
            end = min(len(rows), begin + CHUNK, begin + EPOCH - self._rows % EPOCH)
            self._chunk(batch, rows[begin:end], near)
            self._rows += end - begin
            if self._rows % EPOCH == 0:
                self._rings.clear()
            begin = end
        return near

    def _chunk(self, batch: Batch, rows: Array, near: Near) -> None:
        rows = rows[np.argsort(batch.client[rows], kind="stable")]
        slot, x = batch.client[rows], batch.x[rows]
        new = np.append(True, slot[1:] != slot[:-1])
        index = np.arange(len(rows))
        start = np.maximum.accumulate(np.where(new, index, 0))
        rank = index - start
        window = self._rings.window(x, slot, rank, start, self._rows)
        requests = self._rings.marks["request"]
        requests[window.own] = batch.request[rows]
        squares = self._rings.marks["square"]
        squares[window.own] = np.einsum("ij,ij->i", x, x)
        known = window.valid.sum(axis=1)
        some = np.flatnonzero(known)
        if some.size:
            places = window.at[some]
            # The square of each distance, less the row's own: enough to tell which is the least.
            square = squares[places] - 2.0 * np.matmul(self._rings.rows[places], x[some, :, None])[:, :, 0]
            square[~window.valid[some]] = np.inf
            parent = square.argmin(axis=1)
            at = np.arange(len(some))
            away = self._rings.rows[places[at, parent]] - x[some]
            near.distance[rows[some]] = np.sqrt(np.einsum("ij,ij->i", away, away))
            near.moved[rows[some]] = np.count_nonzero(away, axis=1)
            near.base[rows[some]] = requests[window.at[some, parent]]
            near.known[rows[some]] = known[some]
        self._rings.put(window, slot, rank)
