"""The bytes of a shard, as rows are cut from them: decompressed, without byte-order mark, line ends as LF.

What is taken away is counted, so that nothing changes unnoticed by being made alike.
"""

from __future__ import annotations

import codecs
import hashlib
from typing import TYPE_CHECKING

from violet.formats.compressed import bombs
from violet.formats.compressed.frames import Notes, frames
from violet.formats.compressed.stream import BrokenStreamError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.source import Source

CHUNK = 1 << 20
"""Bytes read at a time."""
LONGEST_ROW = 16 << 20
"""Bytes of one row. What has longer ones is not described by rows."""
MOST_EXPANDED = 1 << 40
"""Bytes that a compressed shard may expand to, where it does not look like a bomb before."""

COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd", ".lz4": "lz4"}

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class NotDescribedError(Exception):
    """The shard cannot be described by its rows; the text says why."""


class TextStream:
    """Iterated once: chunks of text as UTF-8 (or whatever it is, where it is not). The attributes are final
    when it ends. Raises ``NotDescribedError`` for what cannot be decoded."""

    def __init__(self, source: Source, compression: str = "") -> None:
        self.source = source
        self.compression = compression
        self.encoding = "utf-8"
        self.bom = False
        self.crlf = 0
        self.lf = 0
        self.cr_only = False
        self.ended = True
        self.content = hashlib.sha256()

    @property
    def ending(self) -> str:
        if self.cr_only:
            return "cr" if self.lf else ""
        if not self.lf:
            return ""
        return "lf" if not self.crlf else "crlf" if self.crlf == self.lf else "mixed"

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._decoded(self._expanded() if self.compression else self._read())
        first = next(pieces, b"")
        self.cr_only = b"\n" not in first and b"\r" in first[:-1]
        held = b""
        piece: bytes | None = first
        last = b""
        while piece is not None:
            if held:
                piece = held + piece
                held = b""
            if self.cr_only:
                piece = piece.replace(b"\r", b"\n")
            elif b"\r" in piece:
                if piece.endswith(b"\r"):
                    held, piece = b"\r", piece[:-1]
                self.crlf += piece.count(b"\r\n")
                piece = piece.replace(b"\r\n", b"\n")
            if piece:
                yield self._counted(piece)
                last = piece[-1:]
            piece = next(pieces, None)
        if held:
            yield self._counted(held)
            last = held
        self.ended = last in (b"\n", b"")

    def _counted(self, piece: bytes) -> bytes:
        self.lf += piece.count(b"\n")
        self.content.update(piece)
        return piece

    def _read(self) -> Iterator[bytes]:
        at = 0
        while piece := self.source.read(at, CHUNK):
            at += len(piece)
            yield piece

    def _expanded(self) -> Iterator[bytes]:
        """Chunks of the decompressed content. A stream that grows absurdly is given up."""
        limit = min(max(bombs.SIZE, bombs.RATIO * self.source.size), MOST_EXPANDED)
        total = 0
        notes = Notes()
        gathered: list[bytes] = []
        length = 0
        try:
            for piece in frames(self.compression, self.source, notes):
                total += len(piece)
                length += len(piece)
                gathered.append(piece)
                if total > limit:
                    raise NotDescribedError(f"it expands to more than {limit:,} bytes, as decompression bombs do")
                if length >= CHUNK:
                    yield b"".join(gathered)
                    gathered, length = [], 0
        except BrokenStreamError as error:
            raise NotDescribedError(f"it cannot be decompressed: {error.message}") from error
        if gathered:
            yield b"".join(gathered)
        if notes.unexamined:
            raise NotDescribedError(f"not described: {notes.unexamined[0]}")
        if notes.defects or notes.hidden:
            why = notes.defects[0].message if notes.defects else "something follows the end of the compressed data"
            raise NotDescribedError(f"it is not soundly compressed: {why}")

    def _decoded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        first = next(pieces, None)
        if first is None:
            return
        for mark, encoding in _MARKS:
            if first.startswith(mark):
                self.bom, self.encoding = True, encoding
                first = first[len(mark) :]
                break
        if self.encoding == "utf-8":
            yield first
            yield from pieces
            return
        decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        try:
            yield decoder.decode(first).encode()
            for piece in pieces:
                yield decoder.decode(piece).encode()
            decoder.decode(b"", True)
        except UnicodeError as error:
            raise NotDescribedError(f"it is not {self.encoding.upper()}, as its byte-order mark says") from error


def compression_of(name: str) -> tuple[str, str]:
    """The compression that a name announces, and the name without it: ``("gzip", "a.csv")``."""
    dot = name.rfind(".")
    kind = COMPRESSIONS.get(name[dot:].lower(), "") if dot > 0 else ""
    return (kind, name[:dot]) if kind else ("", name)


def lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks cut anew, so that each ends at the end of a line; the last as the text ends."""
    rest: list[bytes] = []
    length = 0
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            rest.append(chunk)
            length += len(chunk)
            if length > LONGEST_ROW:
                raise NotDescribedError(f"a row is longer than {LONGEST_ROW:,} bytes")
            continue
        rest.append(chunk[:cut])
        yield b"".join(rest)
        rest = [chunk[cut:]] if cut < len(chunk) else []
        length = len(chunk) - cut
    if rest:
        yield b"".join(rest)
