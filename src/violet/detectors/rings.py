"""The last different rows of each client, in a fixed number of rings, for distances by brute force.

A ring belongs to one client at a time. While there are as many rings as client slots, everybody has one. Where there
are fewer, rings change hands by rules that a crowd of new clients cannot turn to its advantage: those with less than
``PROVEN`` rows go first, the one used longest ago before the others; then those of clients without near rows; clients
under watch come last. To take a ring under watch from its owner, somebody has to put half of all rings under watch, by
near-duplicates from as many accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

SIZE = 64
"""Rows in a ring: a power of two, and no less than ``CHUNK``."""
CHUNK = 64
"""Rows that are looked up at once, at most."""
EPOCH = 256
"""Rows between two clearings, in which rings are taken back so that the next as many new clients find one free."""
PROVEN = 5
"""Rows after which a client is more than a visitor."""
ROOM = 64 << 20
"""Bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What each of ``n`` rows finds before it in its client's ring, the latest first. ``at`` int64 ``(n, m)`` are
    places in ``Rings.rows``, ``valid`` bool ``(n, m)`` says which of them hold anything; ``own`` int64 ``(n,)`` is
    where the row itself lies until ``put`` moves it to its place."""

    at: Array
    valid: Array
    own: Array
    place: Array


class Rings:
    """``rows`` float32 ``(places, width)``; ``marks`` are arrays by name of what is known beside each row. ``bytes`` is
    all that it takes."""

    def __init__(self, clients: int, width: int, marks: dict[str, Any], size: int = SIZE, room: int = ROOM) -> None:
        if size < CHUNK or size & (size - 1):
            raise ValueError(f"a ring has a power of two of rows, {CHUNK} or more")
        each = width * 4 + sum(np.dtype(kind).itemsize for kind in marks.values())
        self.size = size
        self.count = int(min(clients, max(room // (each * size), 2 * EPOCH)))
        self._spill = self.count * size
        places = self._spill + CHUNK
        self.rows = np.zeros((places, width), np.float32)
        self.marks = {name: np.zeros(places, kind) for name, kind in marks.items()}
        self.ring = np.full(clients, -1, np.int32)
        """By slot; -1: none."""
        self._owner = np.full(self.count, -1, np.int32)
        self._filled = np.zeros(self.count, np.int64)
        self._used = np.zeros(self.count, np.int64)
        self._watched = np.zeros(self.count, np.int64)
        self._free = list(range(self.count - 1, -1, -1))
        self._scarce = self.count < clients

    @property
    def bytes(self) -> int:
        arrays = (self.rows, *self.marks.values(), self.ring, self._owner, self._filled, self._used, self._watched)
        return sum(array.nbytes for array in arrays)

    def window(self, x: Array, slot: Array, rank: Array, start: Array, now: int) -> Window:
        """Rows ``x`` ``(n, width)``, ``n`` at most ``CHUNK``, sorted by ``slot``, in order within each; ``rank`` counts
        them from 0 within each slot, ``start`` is where their slot begins. ``now`` is the number of the last row of
        all traffic."""
        n = len(x)
        ring = self.ring[slot]
        if (ring < 0).any():
            for whose in dict.fromkeys(slot[ring < 0].tolist()):
                self._give(whose)
            ring = self.ring[slot]
        own = np.arange(self._spill, self._spill + n)
        self.rows[self._spill : self._spill + n] = x
        before = self._filled[ring]
        count = before + rank
        self._used[ring] = now
        back = np.arange(1, min(self.size, int(count.max())) + 1)
        sequence = count[:, None] - back
        valid = sequence >= 0
        base = ring.astype(np.int64) * self.size
        at = base[:, None] + (sequence & (self.size - 1))
        if rank.any():
            here = sequence - before[:, None]
            at = np.where(here >= 0, here + (start + self._spill)[:, None], at)
        place = base + (count & (self.size - 1))
        return Window(at, valid, own, place)

    def put(self, window: Window, slot: Array, rank: Array) -> None:
        """Move the rows of a window, and their marks, to their places."""
        begin, end = self._spill, self._spill + len(window.own)
        self.rows[window.place] = self.rows[begin:end]
        for mark in self.marks.values():
            mark[window.place] = mark[begin:end]
        ring = self.ring[slot]
        last = np.append(rank[1:] == 0, True)
        self._filled[ring[last]] += rank[last] + 1

    def watch(self, slot: Array, now: int) -> None:
        """Near rows were seen of these clients."""
        self._watched[self.ring[slot]] = now

    def clear(self) -> None:
        """To be called every ``EPOCH`` rows of all traffic."""
        if not self._scarce or len(self._free) >= EPOCH:
            return
        owned = np.flatnonzero(self._owner >= 0)
        watched = self._watched[owned]
        under = watched > 0
        if under.sum() > self.count // 2:  # Not everybody can be under watch: those seen near last are.
            under &= watched >= np.partition(watched, -(self.count // 2))[-(self.count // 2)]
        grade = np.where(under, 2, np.where(self._filled[owned] >= PROVEN, 1, 0))
        first = np.lexsort((self._used[owned], grade))[: EPOCH - len(self._free)]
        self.forget(self._owner[owned[first]])

    def forget(self, slots: Array) -> None:
        for slot in slots.tolist():
            ring = int(self.ring[slot])
            if ring >= 0:
                self.ring[slot] = -1
                self._owner[ring] = -1
                self._filled[ring] = 0
                self._watched[ring] = 0
                self._free.append(ring)

    def _give(self, slot: int) -> None:
        ring = self._free.pop()
        self.ring[slot] = ring
        self._owner[ring] = slot
        self._filled[ring] = 0
        self._watched[ring] = 0
