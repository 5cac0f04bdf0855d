"""What the detectors of drift share: rows in windows of a fixed number, however the stream is cut into batches."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import NOTHING, Scores, Stateless
from violet.domain.alert import Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup

    Array = NDArray[Any]

WINDOW = 2000
QUERIES = 20


class Windowed(Stateless):
    """Give rows to ``add`` until a window is full, then ask ``close`` for its score. A window holds ``window`` rows;
    where ``seconds`` is not 0, one that has lasted that long is closed earlier, once it has a tenth of its rows."""

    def __init__(self, setup: Setup) -> None:
        self.window = max(50, int(setup.options.get("window", WINDOW)))
        self.seconds = float(setup.options.get("seconds", 0.0))
        self.rows = 0
        self.begun = 0.0
        self._recent: list[int] = []

    @abstractmethod
    def add(self, batch: Batch, rows: slice) -> None:
        """Count these rows of the batch."""

    @abstractmethod
    def close(self) -> tuple[float, Evidence]:
        """The score of the window that is full, and why; counts begin anew."""

    def observe(self, batch: Batch) -> Scores:
        count = len(batch)
        if not count:
            return NOTHING
        ends = self._ends(batch)
        if not ends:
            self._take(batch, slice(0, count))
            return NOTHING
        rows: list[int] = []
        values: list[float] = []
        told: list[Evidence] = []
        start = 0
        for end in ends:
            self._take(batch, slice(start, end))
            value, evidence = self.close()
            queries = tuple(dict.fromkeys(batch.exchange(number) for number in self._recent))
            rows.append(end - 1)
            values.append(value)
            told.append(Evidence(evidence.summary, evidence.values, queries, evidence.reference, evidence.others))
            self.rows, self._recent = 0, []
            start = end
        if start < count:
            self._take(batch, slice(start, count))
        return Scores(np.array(rows, np.int64), np.array(values), told.__getitem__)

    def _take(self, batch: Batch, rows: slice) -> None:
        if not self.rows:
            self.begun = float(batch.at[rows.start])
        self.add(batch, rows)
        self.rows += rows.stop - rows.start
        last = batch.request[max(rows.start, rows.stop - QUERIES) : rows.stop]
        self._recent = [*self._recent, *last.tolist()][-QUERIES:]

    def _ends(self, batch: Batch) -> list[int]:
        """The rows behind which windows end, counted from 1."""
        count = len(batch)
        if not self.seconds:
            return list(range(self.window - self.rows, count + 1, self.window))
        ends: list[int] = []
        start, have = 0, self.rows
        begun = self.begun if have else float(batch.at[0])
        least = max(1, self.window // 10)
        while start < count:
            full = start + self.window - have
            late = int(np.searchsorted(batch.at, begun + self.seconds)) + 1
            end = min(full, max(late, start + least - have))
            if end > count:
                break
            ends.append(end)
            start, have = end, 0
            begun = float(batch.at[end]) if end < count else 0.0
        return ends
