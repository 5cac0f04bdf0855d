"""Recorded exchanges in pieces: traces and spools of the guard. They say themselves who asked when, and what the model
answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError, VioletError
from violet.services.drifting.lines import numbers, words
from violet.services.drifting.reading import wanted
from violet.services.drifting.values import Sorting, made_chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.chunk import Chunk, Coded
    from violet.domain.traffic import Exchange
    from violet.services.drifting.options import Roles

    Array = NDArray[Any]

SAMPLE = 1000
ROWS = 32_768
VALUES = 2 << 20
BAD = 100
TEXT = "text"
CLIENT, TIME, LABEL, SCORE = "(client)", "(time)", "(label)", "(score {})"


class ExchangeSource:
    """Exchanges with one model. Lines that cannot be read are left out; more than one in a hundred, and the file is
    refused. Rows of another width than the first ones are left out as well, and counted in ``left_out``."""

    exact = False

    def __init__(self, path: str, roles: Roles, texts: frozenset[str]) -> None:
        self.path = path
        self._sorting = Sorting(texts | {TEXT})
        sample = list(islice(self._exchanges(), SAMPLE))
        if not sample:
            raise UsageError(f"{path} holds no exchange.")
        if len({exchange.model for exchange in sample}) > 1:
            names = ", ".join(sorted({exchange.model for exchange in sample})[:5])
            raise UsageError(f"{path} holds exchanges of several models ({names}).", "Write one file for each.")
        first = next((exchange for exchange in sample if exchange.rows), None)
        self._width = len(first.rows[0]) if first is not None else 0
        named = next((e.names for e in sample if len(e.names) == self._width), ())
        columns = named or tuple(f"x{place}" for place in range(self._width))
        if any(exchange.texts for exchange in sample):
            columns = (*columns, TEXT)
        self._columns = columns
        plain = replace(roles, time="", client="", label="", scores=(), truth="")
        self._names = wanted(columns, plain, path)
        self._scores = max((len(row) for exchange in sample for row in exchange.scores[:1]), default=0)
        self._words = {
            name
            for place, name in enumerate(columns[: self._width])
            if any(isinstance(row[place], str) for e in sample for row in e.rows if len(row) == self._width)
        }
        self._roles = replace(
            plain,
            time=TIME,
            client=CLIENT,
            label=LABEL if any(exchange.labels for exchange in sample) else "",
            scores=tuple(SCORE.format(place) for place in range(self._scores)),
        )
        rows = sum(max(len(exchange.rows), len(exchange.texts)) for exchange in sample)
        size = 0 if os.path.isdir(path) else os.path.getsize(path)
        # A line of numbers has about eight bytes a value: good enough to choose how many rows are looked at together.
        self.rows = max(rows, size // max(1, 12 * (len(columns) + self._scores + 4)))
        self.left_out = 0

    def _exchanges(self) -> Iterator[Exchange]:
        if os.path.isdir(self.path):
            from violet.runtime.spool.reader import SpoolReader

            for kept in SpoolReader(self.path).read():
                yield kept.exchange
            return
        from violet.runtime.trace import read_trace

        bad: list[str] = []
        read = 0
        for exchange in read_trace(self.path, complain=lambda number, why: bad.append(f"line {number}: {why}")):
            read += 1
            if len(bad) > max(10, read // BAD):
                break
            yield exchange
        if len(bad) > max(10, read // BAD):
            raise VioletError(f"{self.path}: {len(bad)} lines are no exchanges ({bad[0][:200]}).")

    def chunks(self) -> Iterator[Chunk]:
        most = max(256, min(ROWS, VALUES // max(1, len(self._names))))
        rows: list[list[Any]] = []
        first = self.left_out = 0
        for exchange in self._exchanges():
            rows += self._rows(exchange)
            while len(rows) >= most:
                yield self._chunk(rows[:most], first)
                rows = rows[most:]
                first += most
        if rows:
            yield self._chunk(rows, first)

    def _rows(self, exchange: Exchange) -> list[list[Any]]:
        made = []
        for place in range(max(len(exchange.rows), len(exchange.texts))):
            values: dict[str, Any] = {}
            if place < len(exchange.rows):
                if len(exchange.rows[place]) != self._width:
                    self.left_out += 1
                    continue
                values = dict(zip(self._columns, exchange.rows[place], strict=False))
            if place < len(exchange.texts):
                values[TEXT] = exchange.texts[place]
            scores = exchange.scores[place] if place < len(exchange.scores) else ()
            label = exchange.labels[place] if place < len(exchange.labels) else None
            padded = [*scores, *[None] * self._scores][: self._scores]
            made.append([*(values.get(name) for name in self._names), exchange.at, exchange.client, label, *padded])
        return made

    def _chunk(self, rows: list[list[Any]], first: int) -> Chunk:
        columns: dict[str, Array | Coded] = {}
        names = (*self._names, TIME, CLIENT, LABEL, *self._roles.scores)
        for name, values in zip(names, zip(*rows, strict=True), strict=True):
            if name == LABEL and not self._roles.label:
                continue
            wordy = name in self._words or name in (CLIENT, LABEL, TEXT)
            columns[name] = words(values) if wordy else numbers(values)
        return made_chunk(columns, len(rows), first, self._roles, self._sorting, {}, self.path)
