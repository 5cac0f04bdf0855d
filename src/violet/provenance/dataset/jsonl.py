"""JSON lines: a digest for every line over its bytes, for every key over its values.

The columns are the keys of the objects in the first piece of the file, in the order in which they appear; other
keys count as what is past the last column. A column's values are hashed as Python's ``json`` writes them, each
with a comma behind it (nothing before the comma: the key is missing). So what is only written otherwise changes
its row, and no column.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from violet.domain.dataset import Column, RowDigests
from violet.provenance.dataset.stream import NotDescribedError, TextStream, lines
from violet.provenance.dataset.table import LONGEST_NAME, Described, layout_of
from violet.provenance.dataset.tally import ColumnSink, ColumnTally, RowTally, row_digests

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_KEYS = 1024
"""Keys that become columns. Where the first piece has more, they are data, and there are no columns."""

_BROKEN = object()
"""A line that cannot be parsed."""

_scan = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(separators=(",", ":")).encode


def describe_jsonl(
    stream: TextStream, limit: int, expected: Sequence[str], sink: ColumnSink | None = None
) -> Described:
    """Read JSON lines. ``expected`` are the columns that there were; ``sink`` takes the columns instead of a
    tally of all rows. A line that is no JSON object is a row without columns. Raises ``NotDescribedError`` where there
    are no lines to speak of."""
    tally = RowTally(limit)
    pieces = lines(iter(stream))
    first = next(pieces, b"")
    if b"\0" in first[:4096]:
        raise NotDescribedError("it holds zero bytes, as no text does")
    names, notes = _names(first, expected)
    columns = _Columns(names, sink or ColumnTally(len(names), limit))
    piece: bytes | None = first
    while piece is not None:
        rows = _rows(piece)
        tally.add(row_digests(rows))
        columns.add(rows)
        piece = next(pieces, None)
    digests, counts = tally.finish()
    groups, wholes = columns.tally.finish()
    return Described(
        tally.rows,
        tuple(Column(name[:LONGEST_NAME], "", whole) for name, whole in zip(names, wholes, strict=True)),
        layout_of(stream, columns.ragged),
        RowDigests(
            tally.level,
            digests,
            counts,
            stream.content.hexdigest(),
            columns.tally.rows_each if names else 0,
            groups if names else b"",
        ),
        notes,
    )


def _names(first: bytes, expected: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    names = dict.fromkeys(expected)
    for value in _parse(_rows(first)):
        if isinstance(value, dict):
            names.update(dict.fromkeys(value))
    if len(names) > max(MOST_KEYS, len(expected)):
        return [], (f"its columns have no digests: it has {len(names):,} keys in its first {len(first):,} bytes",)
    return list(names), ()


def _rows(text: bytes) -> list[bytes]:
    rows = text.split(b"\n")
    if not rows[-1]:
        rows.pop()
    return rows


def _parse(rows: Sequence[bytes]) -> list[Any]:
    """The values of rows; ``_BROKEN`` for what cannot be parsed."""
    values = []
    try:  # decoding all rows at once is faster, and so is not looking for blanks around a value
        for row in b"\n".join(rows).decode().split("\n"):
            value, end = _scan(row)
            values.append(value if end == len(row) else json.loads(row))
    except (ValueError, RecursionError):
        return [_parse_one(row) for row in rows]
    return values


def _parse_one(row: bytes) -> Any:
    try:
        value = json.loads(row.decode())
        _encode([[value]])
    except (ValueError, RecursionError):
        return _BROKEN
    return value


class _Columns:
    def __init__(self, names: list[str], tally: ColumnSink) -> None:
        self.names = names
        self.order = tuple(names)
        self.known = frozenset(names)
        self.ragged = 0
        self.tally = tally

    def add(self, rows: list[bytes]) -> None:
        at = 0
        while at < len(rows):
            if self.tally.skip:
                skipped = min(self.tally.skip, len(rows) - at)
                self.tally.pass_over(skipped)
                at += skipped
                continue
            some = rows[at : at + self.tally.room]
            at += len(some)
            try:
                columns, past, ragged = self._encoded(_parse(some))
            except RecursionError:  # what can just be read may be too deep to be written
                columns, past, ragged = self._encoded_one_by_one([_parse_one(row) for row in some])
            self.ragged += ragged
            self.tally.add(len(some), columns, past)

    def _encoded(self, some: list[Any]) -> tuple[list[bytes], bytes, int]:
        """The values column by column, what is past the last column, and how many rows are not regular."""
        if self.names and all(isinstance(row, dict) and tuple(row) == self.order for row in some):
            columns = zip(*[row.values() for row in some], strict=True)
            return [_encode(column)[1:-1].encode() + b"," for column in columns], b"", 0
        return self._encoded_one_by_one(some)

    def _encoded_one_by_one(self, some: list[Any]) -> tuple[list[bytes], bytes, int]:
        count = len(some)
        cells: dict[str, list[str]] = {}
        past: list[str] = []
        ragged = 0
        for at, row in enumerate(some):
            if not isinstance(row, dict):
                past.append("" if row is _BROKEN else _encode(row))
                ragged += 1
                continue
            others = {}
            for key, value in row.items():
                if key not in self.known:
                    others[key] = value
                    continue
                column = cells.get(key)
                if column is None:
                    column = cells[key] = [""] * count
                column[at] = _encode(value)
            if others:
                past.append(_encode(others))
            ragged += bool(others) or len(row) != len(self.names)
        missing = b"," * count
        columns = [",".join(cells[name]).encode() + b"," if name in cells else missing for name in self.names]
        return columns, "".join([text + "\n" for text in past]).encode(), ragged
