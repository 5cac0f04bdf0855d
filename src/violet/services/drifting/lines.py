"""JSON lines in pieces: an object a row."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.chunk import Chunk, Coded
from violet.domain.errors import UsageError, VioletError
from violet.services.drifting.reading import wanted
from violet.services.drifting.values import Sorting, coded, made_chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.services.drifting.options import Roles

    Array = NDArray[Any]

LONGEST = 16 << 20
ROWS = 32_768
VALUES = 2 << 20
SAMPLE = 1000
"""Lines that tell which columns there are."""
BAD = 100
"""Lines that may be unreadable, one in so many, before the file is refused."""


class LineSource:
    """A line that cannot be read is left out; more than one in a hundred, and the file is refused."""

    exact = False

    def __init__(self, path: str, roles: Roles, texts: frozenset[str]) -> None:
        self.path = path
        self._roles = roles
        self._sorting = Sorting(texts)
        self._bytes = 0
        sample = [row for row, _ in zip(self._objects(), range(SAMPLE), strict=False)]
        if not sample:
            raise UsageError(f"{path} holds no JSON object.")
        self.rows = max(1, round(os.path.getsize(path) * len(sample) / max(1, self._bytes)))
        self._names = wanted(tuple(dict.fromkeys(str(name) for row in sample for name in row)), roles, path)
        self._words = {name for name in self._names if any(isinstance(row.get(name), str) for row in sample)}

    def _objects(self) -> Iterator[dict[str, Any]]:
        read = bad = 0
        try:
            with open(self.path, "rb") as file:
                while line := file.readline(LONGEST + 1):
                    if len(line) > LONGEST:
                        raise VioletError(f"{self.path}: line {read + 1:,} is longer than {LONGEST >> 20} MB.")
                    if not line.strip():
                        continue
                    read += 1
                    self._bytes += len(line)
                    row = _parsed(line)
                    if row is not None:
                        yield row
                        continue
                    bad += 1
                    if bad > max(10, read // BAD):
                        raise VioletError(f"{self.path}: {bad} of the first {read:,} lines are no JSON objects.")
        except OSError as error:
            raise VioletError(f"{self.path} cannot be read: {error.strerror}.") from error

    def chunks(self) -> Iterator[Chunk]:
        most = max(256, min(ROWS, VALUES // max(1, len(self._names))))
        rows: list[list[Any]] = []
        first = 0
        for row in self._objects():
            rows.append([row.get(name) for name in self._names])
            if len(rows) == most:
                yield self._chunk(rows, first)
                first += len(rows)
                rows = []
        if rows:
            yield self._chunk(rows, first)

    def _chunk(self, rows: list[list[Any]], first: int) -> Chunk:
        columns: dict[str, Array | Coded] = {}
        for name, values in zip(self._names, zip(*rows, strict=True), strict=True):
            columns[name] = words(values) if name in self._words else numbers(values)
        return made_chunk(columns, len(rows), first, self._roles, self._sorting, {}, self.path)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def words(values: tuple[Any, ...]) -> Coded:
    """What is neither a word nor a number is missing."""
    return coded([value if isinstance(value, (str, int, float)) else None for value in values])


def numbers(values: tuple[Any, ...]) -> Array:
    """float64; what is no number is missing."""
    return np.array([_number(value) for value in values], dtype=np.float64)


def _number(value: Any) -> float:
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return math.nan
