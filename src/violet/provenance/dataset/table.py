"""Text tables (CSV and its kin): a digest for every row over its bytes, for every column over its parsed fields.

Fields are those of Python's ``csv`` module (RFC 4180 quoting, nothing escaped). Bytes are taken as Latin-1 on the
way through it, which loses none and leaves UTF-8 as it is.

A column's values are hashed one after the other, each with a zero byte behind it; the bytes 0 and 1 within a
value become two bytes that begin with 1, and so does a value that is missing. The encoding does not depend on how
the rows were cut into blocks on the way, so a change in one row never touches the digests of others.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.domain.dataset import Column, RowDigests, TextLayout
from violet.provenance.dataset.dialect import sniff
from violet.provenance.dataset.stream import LONGEST_ROW, NotDescribedError, TextStream, lines
from violet.provenance.dataset.tally import ColumnSink, ColumnTally, RowTally, row_digests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MOST_COLUMNS = 1 << 16
"""Columns that get digests. A table with more has rows only."""
LONGEST_NAME = 1000
"""Characters of a column's name that are kept."""

_CR = "\u0100"
"""Stands for a carriage return within a row while the csv module reads it, which would refuse it."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a shard with rows says about itself."""

    rows: int
    columns: tuple[Column, ...]
    text: TextLayout | None
    row_digests: RowDigests
    notes: tuple[str, ...] = ()


def describe_table(
    open_stream: Callable[[], TextStream],
    name: str,
    limit: int,
    like: TextLayout | None,
    expected: Sequence[str],
    sink: ColumnSink | None = None,
) -> Described:
    """Read a text table. ``like`` and ``expected`` are the layout and the columns that it had; ``sink`` takes the
    columns instead of a tally of all rows.

    Raises ``NotDescribedError`` where it has no rows to speak of.
    """
    try:
        return _Table(open_stream(), limit, columns=sink).run(name, like, expected)
    except _NeverClosedError:
        return _Table(open_stream(), limit, quoted=False, columns=sink).run(name, like, expected)


class _NeverClosedError(NotDescribedError):
    """A quotation mark opens a field that is longer than any row may be."""


@dataclass(slots=True)
class _Block:
    """Whole rows: their bytes, their fields where they had to be parsed, and the text they were cut from."""

    rows: list[bytes]
    fields: list[list[str]] | None = None
    text: bytes = b""


@dataclass(slots=True)
class _Table:
    stream: TextStream
    limit: int
    quoted: bool = True
    delimiter: bytes = b","
    width: int = 0
    ragged: int = 0
    notes: list[str] = field(default_factory=list)
    tally: RowTally = field(init=False)
    columns: ColumnSink | None = None
    _dropped: bytes = b""
    _skeleton: bytes = b""

    def run(self, name: str, like: TextLayout | None, expected: Sequence[str]) -> Described:
        self.tally = RowTally(self.limit)
        pieces = lines(iter(self.stream))
        first = next(pieces, b"")
        if b"\0" in first[:4096]:
            raise NotDescribedError("it holds zero bytes, as no text does")
        dialect = sniff(first, name, like, expected)
        self.delimiter = dialect.delimiter.encode()
        self.quoted = self.quoted and dialect.quoted
        names: list[str] = []
        header = b""
        seen = False
        for block in self._blocks(first, pieces):
            if not seen and block.rows:
                seen = True
                start = (block.fields or [self._split(block.rows[0])])[0]
                if dialect.header:
                    names = _names(start)
                else:
                    names = list(expected) or [f"column {n}" for n in range(1, len(start) + 1)]
                self._prepare(len(names))
                if dialect.header:
                    header = block.rows.pop(0)
                    block.text = block.text[len(header) + 1 :]
                    if block.fields is not None:
                        del block.fields[0]
            if block.rows:
                self._take(block)
        return self._described(names, header, dialect.header)

    def _described(self, names: list[str], header: bytes, has_header: bool) -> Described:
        import hashlib

        digests, counts = self.tally.finish()
        stream = self.stream
        layout = TextLayout(
            encoding=stream.encoding,
            delimiter=self.delimiter.decode(),
            header=has_header,
            quoted=self.quoted,
            bom=stream.bom,
            ending=stream.ending,
            crlf=stream.crlf,
            ended=stream.ended,
            ragged=self.ragged,
            header_digest=hashlib.sha256(header).hexdigest() if has_header else "",
        )
        groups, wholes = (b"", [""] * len(names)) if self.columns is None else self.columns.finish()
        return Described(
            self.tally.rows,
            tuple(Column(name, "", whole) for name, whole in zip(names, wholes, strict=True)),
            layout,
            RowDigests(
                self.tally.level,
                digests,
                counts,
                stream.content.hexdigest(),
                0 if self.columns is None else self.columns.rows_each,
                groups,
            ),
            tuple(self.notes),
        )

    def _prepare(self, width: int) -> None:
        self.width = width
        if width > MOST_COLUMNS:
            self.notes.append(f"its {width:,} columns have no digests: that is more than {MOST_COLUMNS:,}")
            return
        self.columns = self.columns or ColumnTally(width, self.limit)
        kept = {0, 1, *b"\r\n", *self.delimiter, *(b'"' if self.quoted else b"")}
        self._dropped = bytes(byte for byte in range(256) if byte not in kept)
        self._skeleton = self.delimiter * (width - 1) + b"\n"

    def _blocks(self, first: bytes, pieces: Iterator[bytes]) -> Iterator[_Block]:
        """Blocks of whole rows. A row in quotation marks may go on in the next line, and in the next piece."""
        carried = b""
        piece: bytes | None = first
        while piece is not None:
            text = carried + piece if carried else piece
            piece = next(pieces, None)
            if self.quoted and b'"' in text:
                block, carried = self._parse(text, last=piece is None)
                if len(carried) > LONGEST_ROW:
                    raise _NeverClosedError(f"a row is longer than {LONGEST_ROW:,} bytes")
                yield block
            else:
                carried = b""
                yield _Block(_split_lines(text), None, text)

    def _parse(self, text: bytes, last: bool) -> tuple[_Block, bytes]:
        """The rows in ``text``, and what may be only the beginning of one."""
        raw = _split_lines(text)
        characters = text.decode("latin-1")
        if "\r" in characters:
            characters = characters.replace("\r", _CR)
        fields: list[list[str]] = []
        ends: list[int] = []
        limit = csv.field_size_limit(len(characters) + 1)
        try:
            # The default dialect doubles quotation marks; each line keeps its end, which fields may hold.
            reader = csv.reader(io.StringIO(characters, newline="\n"), delimiter=self.delimiter.decode())
            for row in reader:
                fields.append(row or [""])
                ends.append(reader.line_num)
        finally:
            csv.field_size_limit(limit)
        carried = b""
        if not last:
            begin = ends[-2] if len(ends) > 1 else 0
            carried = b"\n".join(raw[begin:]) + b"\n"
            fields.pop()
            ends.pop()
        if len(ends) == (ends[-1] if ends else 0):
            return _Block(raw[: len(ends)], fields), carried
        rows = [b"\n".join(raw[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]
        return _Block(rows, fields), carried

    def _take(self, block: _Block) -> None:
        rows = block.rows
        self.tally.add(row_digests(rows))
        columns = self.columns
        if columns is None:
            return
        plain = block.fields is None and self._is_plain(block.text, len(rows))
        at = 0
        while at < len(rows):
            if columns.skip:
                skipped = min(columns.skip, len(rows) - at)
                columns.pass_over(skipped)
                at += skipped
                continue
            some = rows[at : at + columns.room]
            if plain or (block.fields is None and self._is_plain(b"\n".join(some), len(some))):
                flat = self.delimiter.join(some).split(self.delimiter)
                width = self.width
                columns.add(len(some), [b"\0".join(flat[c::width]) + b"\0" for c in range(width)])
            elif block.fields is None:
                columns.add(len(some), *self._encode([self._split(row) for row in some], b"\n".join(some)))
            else:
                columns.add(len(some), *self._encode(block.fields[at : at + len(some)], b"\n".join(some)))
            at += len(some)

    def _is_plain(self, text: bytes, rows: int) -> bool:
        """Whether every row has the right number of delimiters, and nothing needs a closer look."""
        bare = text.translate(None, self._dropped)
        if not text.endswith(b"\n"):
            bare += b"\n"
        return bare == self._skeleton * rows

    def _split(self, row: bytes) -> list[str]:
        """The fields of a row without quotation marks."""
        return row.decode("latin-1").split(self.delimiter.decode())

    def _encode(self, fields: list[list[str]], raw: bytes) -> tuple[list[bytes], bytes]:
        width = self.width
        special = b"\0" in raw or b"\1" in raw
        past = ""
        if any(len(row) != width for row in fields):
            special = True
            whole: list[Sequence[str | None]] = []
            for row in fields:
                if len(row) == width:
                    whole.append(row)
                    continue
                self.ragged += 1
                if len(row) > width:
                    past += "\1\4".join([_escaped(cell) for cell in row[width:]]) + "\0"
                whole.append([*row[:width], *[None] * (width - len(row))])
            columns: Iterator[tuple[str | None, ...]] = zip(*whole, strict=True)
        else:
            columns = zip(*fields, strict=True)
        if special:
            made = ["".join([_escaped(cell) + "\0" for cell in column]) for column in columns]
        else:
            made = ["\0".join(column) + "\0" for column in columns]  # type: ignore[arg-type]
        return [_bytes(column) for column in made], _bytes(past)


def _escaped(cell: str | None) -> str:
    return "\1\3" if cell is None else cell.replace("\1", "\1\1").replace("\0", "\1\2")


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.replace(_CR, "\r").encode("latin-1")


def _split_lines(text: bytes) -> list[bytes]:
    rows = text.split(b"\n")
    if not rows[-1]:
        rows.pop()
    return rows


def _names(fields: list[str]) -> list[str]:
    return [_bytes(name).decode("utf-8", "backslashreplace")[:LONGEST_NAME] for name in fields]


def describe_lines(stream: TextStream, limit: int) -> Described:
    """Plain text: each line is a row, and there are no columns."""
    tally = RowTally(limit)
    for text in lines(iter(stream)):
        if not tally.rows and b"\0" in text[:4096]:
            raise NotDescribedError("it holds zero bytes, as no text does")
        tally.add(row_digests(_split_lines(text)))
    digests, counts = tally.finish()
    return Described(
        tally.rows, (), layout_of(stream), RowDigests(tally.level, digests, counts, stream.content.hexdigest())
    )


def layout_of(stream: TextStream, ragged: int = 0) -> TextLayout:
    """How text without a delimiter is written."""
    return TextLayout(
        encoding=stream.encoding,
        quoted=False,
        bom=stream.bom,
        ending=stream.ending,
        crlf=stream.crlf,
        ended=stream.ended,
        ragged=ragged,
    )
