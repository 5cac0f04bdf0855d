"""Short digests of rows and columns, gathered while a shard streams by, in bounded memory.

Rows: one digest each. Where a shard has more rows than are kept, neighbouring digests are folded into blocks.
A block ends after a digest that begins with a certain byte (content-defined boundaries, as rsync-like tools cut
files), so the blocks before and behind an insertion stay what they were.

Columns: one digest for every ``GROUP`` rows, by position; where there are too many, eight become one.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from violet.domain.dataset import DIGEST_SIZE, ROWS_TO_BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from hashlib import _Hash as Hash

    from violet.domain.dataset import RowDigests

GROUP = 64
"""Rows that share a column's digest, at the finest."""
WIDEN = 1 << 3
"""Groups that become one."""
LONGEST_BLOCK = 16 * ROWS_TO_BLOCK
"""Rows or blocks after which a block ends in any case."""

MOST_LEVELS = 8
"""Blocks of blocks: ``ROWS_TO_BLOCK ** 8`` rows are more than any shard has."""

MISSING_FIELD = b"\1\3\0"
MISSING_JSON = b","
"""How columns encode that a row has no such value, in text tables and in JSON lines."""

_ENDS = bytes(1 if byte % ROWS_TO_BLOCK == 0 else 0 for byte in range(256))
NO_DIGEST = bytes(DIGEST_SIZE)


def short(data: bytes | bytearray | memoryview) -> bytes:
    """BLAKE2b with an output of ``DIGEST_SIZE`` bytes (RFC 7693)."""
    return hashlib.blake2b(data, digest_size=DIGEST_SIZE).digest()


def row_digests(rows: Iterable[bytes]) -> bytes:
    """The short digests of rows, one after the other."""
    blake = hashlib.blake2b
    return b"".join([blake(row, digest_size=8).digest() for row in rows])


class _Fold:
    """One level of blocks: takes digests (with how many rows each stands for), gives those of blocks."""

    def __init__(self) -> None:
        self.digests = bytearray()
        self.counts: array[int] = array("I")

    def add(self, digests: bytes | bytearray, counts: Sequence[int]) -> tuple[bytes, array[int]]:
        self.digests += digests
        self.counts.extend(counts)
        marks = self.digests[::DIGEST_SIZE].translate(_ENDS)
        out, sums = bytearray(), array("I")
        start, total = 0, len(marks)
        while True:
            end = marks.find(1, start, start + LONGEST_BLOCK) + 1
            if not end:
                if total - start < LONGEST_BLOCK:
                    break
                end = start + LONGEST_BLOCK
            out += short(self.digests[start * DIGEST_SIZE : end * DIGEST_SIZE])
            sums.append(sum(self.counts[start:end]))
            start = end
        del self.digests[: start * DIGEST_SIZE]
        del self.counts[:start]
        return bytes(out), sums

    def rest(self) -> tuple[bytes, array[int]]:
        """The last block, which nothing ends but the end of the rows."""
        if not self.counts:
            return b"", array("I")
        digest, count = short(self.digests), sum(self.counts)
        self.digests, self.counts = bytearray(), array("I")
        return digest, array("I", [count])


class RowTally:
    """Digests of rows, at most ``limit`` of them: beyond that, of blocks, of blocks of blocks."""

    def __init__(self, limit: int) -> None:
        self.limit = max(limit, 1)
        self.rows = 0
        self.digests = bytearray()
        self.counts: array[int] = array("I")
        self._folds: list[_Fold] = []

    @property
    def level(self) -> int:
        return len(self._folds)

    def add(self, digests: bytes) -> None:
        """Digests of rows, in order."""
        count = len(digests) // DIGEST_SIZE
        self.rows += count
        self._feed(digests, array("I", [1]) * count, 0)
        while len(self.digests) > self.limit * DIGEST_SIZE and self.level < MOST_LEVELS:
            self.fold()

    def fold(self) -> None:
        """Go up one level."""
        fold = _Fold()
        self._folds.append(fold)
        digests, counts = self.digests, self.counts
        self.digests, self.counts = bytearray(), array("I")
        self._feed(digests, counts, len(self._folds) - 1)

    def _feed(self, digests: bytes | bytearray, counts: array[int], level: int) -> None:
        for fold in self._folds[level:]:
            digests, counts = fold.add(digests, counts)
        self.digests += digests
        self.counts.extend(counts)

    def finish(self) -> tuple[bytes, bytes]:
        """Digests, and the counts of rows (32 bits each, little-endian; nothing where all are 1)."""
        for level, fold in enumerate(self._folds):
            digests, counts = fold.rest()
            self._feed(digests, counts, level + 1)
        return bytes(self.digests), pack(self.counts) if self._folds else b""


def fold_to(level: int, digests: bytes, counts: bytes, by: int) -> tuple[bytes, bytes]:
    """Digests of ``level`` folded ``by`` levels more: what a shard would have been described with."""
    if not by:
        return digests, counts
    tally = RowTally(1 << 62)
    tally.digests = bytearray(digests)
    tally.counts = unpack(counts) if level else array("I", [1]) * (len(digests) // DIGEST_SIZE)
    for _ in range(by):
        tally.fold()
    return tally.finish()


def pack(counts: array[int]) -> bytes:
    """As 32-bit little-endian numbers."""
    return b"".join([count.to_bytes(4, "little") for count in counts])


def unpack(counts: bytes) -> array[int]:
    return array("I", [int.from_bytes(counts[at : at + 4], "little") for at in range(0, len(counts), 4)])


class ColumnSink(Protocol):
    """Where encoded values of columns go, row by row, a few at a time."""

    @property
    def skip(self) -> int:
        """How many of the next rows are not wanted."""
        ...

    @property
    def room(self) -> int:
        """How many rows it takes at once, at most."""
        ...

    @property
    def rows_each(self) -> int: ...

    def pass_over(self, rows: int) -> None: ...

    def add(self, rows: int, columns: Sequence[bytes], past: bytes = b"") -> None: ...

    def finish(self) -> tuple[bytes, list[str]]: ...


class ColumnTally:
    """Digests of ``width`` columns for every ``GROUP`` rows, and of each column as a whole: the SHA-256 of the
    SHA-256 of its groups. One more than the columns is kept, for what stands past the last."""

    def __init__(self, width: int, limit: int) -> None:
        self.width = width
        self.limit = max(limit, 1)
        self.level = 0
        self.digests = bytearray()
        self._stride = (width + 1) * DIGEST_SIZE
        self._wholes = [hashlib.sha256() for _ in range(width)]
        self._states: list[Hash | None] = [None] * (width + 1)
        self._filled = 0
        self._waiting: list[bytearray] = []

    @property
    def rows_each(self) -> int:
        """How many rows a digest stands for."""
        return GROUP << 3 * self.level

    @property
    def skip(self) -> int:
        return 0

    @property
    def room(self) -> int:
        """How many rows the open group still takes."""
        return GROUP - self._filled

    def pass_over(self, rows: int) -> None:
        """Every row is wanted."""

    def add(self, rows: int, columns: Sequence[bytes], past: bytes = b"") -> None:
        """Encoded values of up to ``room`` rows, column by column, and of what is past the last column."""
        sha = hashlib.sha256
        if rows == GROUP:
            self._close([sha(values).digest() for values in columns], sha(past).digest() if past else b"")
            return
        for at, values in enumerate((*columns, past)):
            if values:
                state = self._states[at]
                if state is None:
                    state = self._states[at] = sha()
                state.update(values)
        self._filled += rows
        if self._filled == GROUP:
            self._end_group()

    def finish(self) -> tuple[bytes, list[str]]:
        """The digests group by group, and those of the columns as a whole."""
        if self._filled:
            self._end_group()
        for level, waiting in enumerate(self._waiting):
            if waiting:
                self._feed(_widened(waiting, self._stride), level + 1)
                waiting.clear()
        return bytes(self.digests), [whole.hexdigest() for whole in self._wholes]

    def _end_group(self) -> None:
        nothing = hashlib.sha256(b"").digest()
        digests = [state.digest() if state else nothing for state in self._states]
        past = digests.pop()
        if self._states[-1] is None:
            past = b""
        self._states = [None] * (self.width + 1)
        self._filled = 0
        self._close(digests, past)

    def _close(self, digests: list[bytes], past: bytes) -> None:
        for whole, digest in zip(self._wholes, digests, strict=True):
            whole.update(digest)
        group = b"".join([digest[:DIGEST_SIZE] for digest in digests]) + (past[:DIGEST_SIZE] or NO_DIGEST)
        self._feed(group, 0)
        while len(self.digests) > self.limit * DIGEST_SIZE and len(self.digests) > self._stride:
            self.widen()

    def widen(self) -> None:
        """From now on a digest stands for ``WIDEN`` times as many rows."""
        digests, self.digests = self.digests, bytearray()
        self._waiting.append(bytearray())
        self.level += 1
        self._feed(digests, self.level - 1)

    def _feed(self, groups: bytes | bytearray, level: int) -> None:
        stretch = self._stride * WIDEN
        for waiting in self._waiting[level:]:
            waiting += groups
            whole = len(waiting) // stretch * stretch
            if not whole:
                return
            groups = b"".join([_widened(waiting[at : at + stretch], self._stride) for at in range(0, whole, stretch)])
            del waiting[:whole]
        self.digests += groups


def _widened(groups: bytes | bytearray, stride: int) -> bytes:
    """Up to ``WIDEN`` groups as one."""
    size = DIGEST_SIZE
    return b"".join(
        [
            short(b"".join([groups[at : at + size] for at in range(column, len(groups), stride)]))
            for column in range(0, stride, size)
        ]
    )


class Regroup:
    """Digests of the columns of some rows, gathered in the groups in which these rows once stood.

    ``ranges`` are, for each group, where its rows are now, in order; ``level`` is how many times groups were
    widened.
    """

    def __init__(self, width: int, level: int, ranges: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        self.rows_each = GROUP << 3 * level
        self._width = width
        self._tallies: dict[int, ColumnTally] = {}
        for group in ranges:
            tally = self._tallies[group] = ColumnTally(width, 1 << 62)
            for _ in range(level):
                tally.widen()
        self._plan = sorted((start, end, group) for group, parts in ranges.items() for start, end in parts)
        self._at = 0
        self._next = 0

    @property
    def skip(self) -> int:
        if self._next == len(self._plan):
            return 1 << 62
        return max(self._plan[self._next][0] - self._at, 0)

    @property
    def room(self) -> int:
        _, end, group = self._plan[self._next]
        return min(end - self._at, self._tallies[group].room)

    def pass_over(self, rows: int) -> None:
        self._at += rows

    def add(self, rows: int, columns: Sequence[bytes], past: bytes = b"") -> None:
        _, end, group = self._plan[self._next]
        self._tallies[group].add(rows, columns, past)
        self._at += rows
        if self._at >= end:
            self._next += 1

    def finish(self) -> tuple[bytes, list[str]]:
        return b"", [""] * self._width

    def digests(self) -> dict[int, bytes]:
        """Of each group."""
        return {group: tally.finish()[0] for group, tally in self._tallies.items()}


def widen_to(digests: bytes, width: int, by: int) -> bytes:
    """Digests of columns as they would be, had each stood for ``WIDEN ** by`` times as many rows."""
    if not by:
        return digests
    tally = ColumnTally(width, 1 << 62)
    tally.digests = bytearray(digests)
    for _ in range(by):
        tally.widen()
    return tally.finish()[0]


def coarsened(rows: RowDigests, width: int, level: int, column_rows: int) -> RowDigests:
    """The digests of a shard of ``width`` columns as they are with blocks of at least this level, and columns by
    at least so many rows."""
    if rows.level < level:
        digests, counts = fold_to(rows.level, rows.digests, rows.counts, level - rows.level)
        rows = replace(rows, level=level, digests=digests, counts=counts)
    by, each = 0, rows.column_rows
    while 0 < each < column_rows:
        each *= WIDEN
        by += 1
    return replace(rows, column_rows=each, columns=widen_to(rows.columns, width, by)) if by else rows
