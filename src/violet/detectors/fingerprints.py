"""Near-duplicates across all clients: rows of the past that share a fingerprint with a new one, in fixed memory.

A row has several fingerprints of two kinds. *Projections*: some random projections, cut into cells whose width is a few
times the distance that counts as near, so that rows which differ a little in everything often share them (locality-
sensitive hashing for Euclidean distance). *Subsets*: the exact values of a random subset of the columns, so that rows
which differ in few columns, however much, share some of them. How many projections or columns a fingerprint takes is
chosen by the reference: benign rows shall hardly ever share one.

Each fingerprint is a place in a table that names the latest row which had it: once among all clients, and once among
the client's own, salted so that nobody else can write there on purpose. What a table names is compared with the new row
itself; a fingerprint alone never counts.

Rows lie in one history that is overwritten in a circle. A client puts at most an eighth of a generation (which is an
eighth of the history) into it, and generations also end by traffic that is not kept: to flush the history costs as many
queries as it holds, from eight accounts or more, or 32 times as many from one.

Source: Datar et al. 2004, "Locality-sensitive hashing scheme based on p-stable distributions", section 3; fingerprints
of queries to a model, over all clients: Li et al. 2022, "Blacklight", USENIX Security, section 4, which hashes segments
of quantised pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.rings import CHUNK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

PROJECTIONS = 3
SUBSETS = 3
MOST = 12
"""Projections in a fingerprint, at most."""
CELL = 3.0
"""Width of a projection's cells, in distances that count as near."""
SHARED, OWN_SHARED = 0.02, 0.3
"""The share of 1,000 benign rows that may have a fingerprint of another one: among all clients, and among a client's
own, which are fewer."""
FEWEST = 50
"""Rows of a sample from which that can be told."""
PARTS = 8
ROOM = 64 << 20
"""Bytes."""
_ODD = np.uint64(0x9E3779B97F4A7C15)
_OTHER = np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """For each of ``n`` rows: ``at`` is where it lies in the history (-1: it was not kept); ``own`` and ``any`` are
    where the nearest earlier row lies, of the client itself and of whomever (-1: none near), ``own_square`` and
    ``any_square`` how far it is, squared, and ``own_moved`` and ``any_moved`` in how many columns they differ.
    ``same`` is where the client's own row lies that is equal (-1: none)."""

    at: Array
    same: Array
    own: Array
    own_square: Array
    own_moved: Array
    any: Array
    any_square: Array
    any_moved: Array


class Fingerprints:
    """``near`` is the distance, and ``few`` the number of columns in which two rows differ, up to which they are near
    (either will do). ``sample`` ``(s, width)`` are benign rows. ``marks`` are arrays by name of what is known beside
    each row, by place in the history. ``bytes`` is all that it takes."""

    def __init__(
        self,
        width: int,
        clients: int,
        near: float,
        few: int,
        sample: Array,
        marks: dict[str, Any],
        seed: int = 0,
        room: int = ROOM,
    ) -> None:
        rng = np.random.default_rng([seed, 5])
        each = width * 4 + 12 + sum(np.dtype(kind).itemsize for kind in marks.values())
        self.size = int(max(room // 2 // each, 4 * CHUNK))
        ways = 2 * (PROJECTIONS + SUBSETS)
        self._bits = int(np.clip(np.floor(np.log2(room / 2 / 4 / ways)), 8, 26))
        self._table = np.full(ways << self._bits, -1, np.int64 if self.size > 2**31 else np.int32)
        self._written = 0
        """Rows that have been put into the history since the start."""
        self.rows = np.zeros((self.size, width), np.float32)
        self.marks = {name: np.zeros(self.size, kind) for name, kind in marks.items()}
        self._slot = np.full(self.size, -1, np.int32)
        self._token = np.zeros(self.size, np.uint64)
        self._near, self._few = np.float32(near * near), few
        self._salts = rng.integers(1, 2**63, clients, dtype=np.uint64)
        self._rng = rng
        self._part = np.zeros(clients, np.int32)
        """Rows of each client that were kept in this generation."""
        self._generation = self._passed = 0
        self._most = max(CHUNK, self.size // PARTS // PARTS)
        self._hash(rng, width, near, sample)

    def _hash(self, rng: np.random.Generator, width: int, near: float, sample: Array) -> None:
        cell = CELL * max(near, 1e-6)
        ways = rng.standard_normal((width, PROJECTIONS, MOST)).astype(np.float32) / np.float32(cell)
        shift = rng.random((PROJECTIONS, MOST)).astype(np.float32)
        mixing = rng.integers(1, 2**62, (PROJECTIONS, MOST), dtype=np.int64) * 2 + 1
        cells = np.floor(np.einsum("nd,dpk->npk", sample, ways) + shift).astype(np.int64)
        mixed = np.cumsum(cells * mixing, axis=2)
        own, depth = (
            next((depth for depth in range(4, MOST) if _shared(mixed[:, :, depth - 1]) <= limit), MOST)
            if len(sample) >= FEWEST
            else 6
            for limit in _limits(len(sample))
        )
        self._own_depth = own
        self._ways = np.ascontiguousarray(ways[:, :, :depth], dtype=np.float64).reshape(width, -1)
        self._shift, self._mixing = shift[:, :depth].reshape(-1), mixing[:, :depth]
        bits = _bits(sample)
        self._places = np.zeros((width, 2 * SUBSETS), np.int64)
        for index in range(2 * SUBSETS):  # first those for all clients, then those for the client's own
            order, weights = rng.permutation(width), rng.integers(1, 2**62, width, dtype=np.int64) * 2 + 1
            limit = _limits(len(sample))[index < SUBSETS]
            for take in range(max(1, width // 3), max(2, width)):
                column = np.zeros(width, np.int64)
                column[order[:take]] = weights[order[:take]]
                if _shared(bits @ column[:, None]) <= limit if len(sample) >= FEWEST else 2 * take >= width:
                    break
            self._places[:, index] = column

    @property
    def bytes(self) -> int:
        arrays = (self.rows, self._table, self._slot, self._token, self._salts, self._part, *self.marks.values())
        return sum(array.nbytes for array in arrays)

    def keys(self, x: Array) -> tuple[Array, Array]:
        """Among all clients and among the client's own, uint64 ``(n, PROJECTIONS + SUBSETS)`` each."""
        # In double precision, so that a product of many rows and one of few fall into the same cells.
        cells = x.astype(np.float64) @ self._ways
        cells += self._shift
        np.floor(cells, out=cells)
        mixed = cells.astype(np.int64).reshape(len(x), PROJECTIONS, -1) * self._mixing
        own = mixed[:, :, : self._own_depth].sum(axis=2)
        rest = mixed[:, :, self._own_depth :].sum(axis=2)
        values = _bits(x) @ self._places
        return (
            np.concatenate([own + rest, values[:, :SUBSETS]], axis=1).view(np.uint64),
            np.concatenate([own, values[:, SUBSETS:]], axis=1).view(np.uint64),
        )

    def observe(self, x: Array, slot: Array, rank: Array) -> Found:
        """Rows ``x`` ``(n, width)`` in the order they came, at most ``CHUNK``; ``rank`` counts those of the same slot
        from 0."""
        n = len(x)
        keep = self._part[slot] + rank < self._most
        kept = np.cumsum(keep)
        number = self._written + kept - keep
        at = np.where(keep, number % self.size, -1)
        put = at[keep]
        self.rows[put], self._slot[put], self._token[put] = x[keep], slot[keep], self._salts[slot[keep]]
        np.add.at(self._part, slot[keep], 1)
        places = self._buckets(*self.keys(x), slot)
        latest = self._latest(places, keep, number)
        self._table[places[:, keep].reshape(-1)] = np.tile(number[keep] & 0x7FFFFFFF, len(places))
        self._written += int(kept[-1]) if n else 0
        return self._nearest(x, slot, at, latest, number)

    def _buckets(self, keys: Array, own: Array, slot: Array) -> Array:
        """Places in the table, int64 ``(ways, n)``: first those among all clients, then the client's own."""
        salted = np.ascontiguousarray(np.concatenate([keys, own ^ self._salts[slot][:, None]], axis=1).T)
        salted *= _ODD
        salted ^= salted >> np.uint64(29)
        salted *= _OTHER
        places = (salted >> np.uint64(64 - self._bits)).astype(np.int64)
        places += (np.arange(len(places), dtype=np.int64) << self._bits)[:, None]
        return places

    def _latest(self, places: Array, keep: Array, number: Array) -> Array:
        """The number of the latest earlier row in each place (negative: none), int64 ``(ways, n)``, rows of this chunk
        included."""
        n = places.shape[1]
        named = self._table[places].astype(np.int64)
        # Numbers are stored in 31 bits: the latest that ends so is meant.
        latest = np.where(named >= 0, number - ((number - named) & 0x7FFFFFFF), -1)
        flat = places.reshape(-1)
        order = np.argsort(flat, kind="stable")
        ordered = flat[order]
        again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
        if again.size:
            index = np.arange(len(ordered))
            start = np.maximum.accumulate(np.where(np.append(True, ordered[1:] != ordered[:-1]), index, 0))
            writes = np.maximum.accumulate(np.where(keep[order % n], index, -1))
            last = np.append(-1, writes[:-1])
            inside = last >= start
            where = order[inside]
            latest[where // n, where % n] = number[order[last[inside]] % n]
        return latest

    def _nearest(self, x: Array, slot: Array, at: Array, latest: Array, number: Array) -> Found:
        n = len(x)
        alive = (latest >= 0) & (latest > number - (self.size - CHUNK)) & (latest < number)
        half = len(latest) // 2
        way, row = np.nonzero(alive)
        where = latest[way, row] % self.size
        if not where.size:
            none, far, zero = np.full(n, -1), np.full(n, np.inf, np.float32), np.zeros(n, np.int64)
            return Found(at, none, none, far, zero, none, far, zero)
        apart = self.rows[where] - x[row]
        square = np.einsum("ij,ij->i", apart, apart)
        moved = np.count_nonzero(apart, axis=1)
        mine = way >= half
        near = (square <= self._near) | (moved <= self._few)
        near &= ~mine | ((self._slot[where] == slot[row]) & (self._token[where] == self._salts[slot[row]]))
        equal = square <= TINY
        same = np.full(n, -1)
        index = np.flatnonzero(equal & near & mine)
        index = index[np.argsort(latest[way[index], row[index]])]
        same[row[index]] = where[index]
        index = np.flatnonzero(near & ~equal)
        found = []
        for whose in (mine, ~mine):
            chosen = index[whose[index]]
            # The nearest of each row; of equals the latest.
            order = np.lexsort((-latest[way[chosen], row[chosen]], square[chosen], row[chosen]))
            chosen = chosen[order]
            chosen = chosen[np.append(True, np.diff(row[chosen]) != 0)] if chosen.size else chosen
            place, away, differ = np.full(n, -1), np.full(n, np.inf, np.float32), np.zeros(n, np.int64)
            place[row[chosen]], away[row[chosen]] = where[chosen], square[chosen]
            differ[row[chosen]] = moved[chosen]
            found += [place, away, differ]
        return Found(at, same, *found)

    def clear(self, passed: int) -> None:
        """To be called regularly, with how many rows of all traffic have passed since: generations end here."""
        self._passed += passed
        part = self.size // PARTS
        if self._written - self._generation >= part or self._passed >= 4 * part:
            self._generation, self._passed = self._written, 0
            self._part[:] = 0

    def forget(self, slots: Array) -> None:
        self._salts[slots] = self._rng.integers(1, 2**63, len(slots), dtype=np.uint64)
        self._part[slots] = 0


TINY = np.float32(1e-10)
"""Squared distances up to this are none."""


def _bits(x: Array) -> Array:
    """The floats as whole numbers that are equal where they are."""
    return np.ascontiguousarray(x + np.float32(0)).view(np.int32).astype(np.int64)


def _limits(count: int) -> tuple[float, float]:
    """Of own, and of all. Fewer rows share less by chance than many do: what is allowed them is less, too."""
    part, least = min(1.0, count / 1000), 1.5 / max(count, 1)
    return max(OWN_SHARED * part, least), max(SHARED * part, least)


def _shared(keys: Array) -> float:
    """The share of rows that have a key of another row, in the worst of the columns."""
    return max(1.0 - len(np.unique(column)) / len(column) for column in keys.T)
