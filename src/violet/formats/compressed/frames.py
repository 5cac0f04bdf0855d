"""Streams, members and frames, one after the other, as the decoders of each format take them."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from violet.formats.base import Defect
from violet.formats.compressed import SKIPPABLE, decoders
from violet.formats.compressed.stream import BrokenStreamError, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from violet.formats.compressed.stream import Decoder
    from violet.formats.source import Source

MOST_MEMBERS = 1_000_000
"""Streams one after the other in one file: a bgzip file has one for every 64 KiB."""
LONGEST_FIELD = 65_536
"""Bytes of a gzip header's name or comment."""
PADDING = 1 << 24
"""Bytes after the last stream that may all be zero."""

_ZSTD = b"\x28\xb5\x2f\xfd"
_LZ4 = b"\x04\x22\x4d\x18"


class Notes:
    """What a reader learns on the way. ``hidden`` holds name, offset, length, and whether it is usual."""

    __slots__ = ("defects", "hidden", "name", "unexamined")

    def __init__(
        self,
        defects: list[Defect] | None = None,
        unexamined: list[str] | None = None,
        hidden: list[tuple[str, int, int, bool]] | None = None,
        name: str = "",
    ) -> None:
        self.defects = [] if defects is None else defects
        self.unexamined = [] if unexamined is None else unexamined
        self.hidden = [] if hidden is None else hidden
        self.name = name


def frames(kind: str, source: Source, notes: Notes) -> Iterator[bytes]:
    """All that a file of this kind expands to, in pieces. Raises ``BrokenStreamError`` at the end of what
    can be decoded; what else is to be said goes to ``notes``."""
    if kind == "gzip":
        return _gzip(source, notes)
    if kind == "zlib":
        return _single(source, 0, decoders.inflate_zlib, notes)
    if kind == "zfile":
        return _zfile(source, notes)
    if kind == "lzma":
        return _single(source, 0, decoders.unlzma, notes)
    if kind == "bzip2":
        return _streams(source, (b"BZh",), decoders.bunzip, notes, "bzip2")
    if kind == "xz":
        return _streams(source, (b"\xfd7zXZ\0",), decoders.unxz, notes, "xz")
    if kind == "zstd":
        return _streams(source, (_ZSTD,), decoders.zstd(), notes, "zstd")
    return _streams(source, (_LZ4,), decoders.lz4(), notes, "lz4")


def _run(source: Source, at: int, make: Callable[[], Decoder]) -> tuple[Run, Iterator[bytes]]:
    run = Run(source, at, source.size, make)
    return run, iter(run)


def _must_end(run: Run) -> None:
    if not run.ended:
        raise BrokenStreamError("the stream has no end", ended=True)


def _single(source: Source, at: int, make: Callable[[], Decoder], notes: Notes) -> Iterator[bytes]:
    run, pieces = _run(source, at, make)
    yield from pieces
    _must_end(run)
    _rest(source, run.position, notes)


def _zfile(source: Source, notes: Notes) -> Iterator[bytes]:
    head = source.read(0, 22)
    stated = int(head[2:21], 16)
    total = 0
    for piece in _single(source, 22 if head[21:22] == b" " else 21, decoders.inflate_zlib, notes):
        total += len(piece)
        yield piece
    if total != stated:
        notes.defects.append(
            Defect("contradiction", f"The header announces {stated:,} bytes, {total:,} come out.", 2, "size")
        )


def _streams(
    source: Source,
    marks: tuple[bytes, ...],
    make: Callable[[], Decoder] | None,
    notes: Notes,
    kind: str,
) -> Iterator[bytes]:
    """Streams that each begin with a mark, with skippable frames and zero padding between them."""
    if make is None:
        notes.unexamined.append(f"the content: no {kind} library is installed")
        return
    at = 0
    for _ in range(MOST_MEMBERS):
        magic = source.read(at, 8)
        if magic.startswith(marks):
            run, pieces = _run(source, at, make)
            yield from pieces
            _must_end(run)
            at = run.position
        elif kind in ("zstd", "lz4") and magic[:4] in SKIPPABLE:
            length = min(int.from_bytes(magic[4:8], "little"), max(source.size - at - 8, 0))
            _skippable(source, at + 8, length, notes)
            at += 8 + length
        elif kind == "lz4" and magic.startswith(b"\x02\x21\x4c\x18"):
            notes.unexamined.append("lz4 data of the legacy frame format")
            return
        else:
            break
    _rest(source, at, notes)


def _skippable(source: Source, at: int, length: int, notes: Notes) -> None:
    usual = length <= 64 or source.read(at + length - 4, 4) == b"\xb1\xea\x92\x8f"  # a seek table
    if not usual:
        notes.hidden.append(("skippable frame", at, length, False))


def _rest(source: Source, at: int, notes: Notes) -> None:
    """Report what follows the last stream, unless it is zero padding."""
    start = first_nonzero(source, at, min(source.size, at + PADDING))
    if start < source.size:
        notes.hidden.append(("after the end", at, source.size - at, False))


def first_nonzero(source: Source, at: int, stop: int) -> int:
    """The offset of the first byte from ``at`` that is not zero; ``stop`` where there is none before it."""
    while at < stop:
        piece = source.read(at, min(65_536, stop - at))
        if not piece:
            return stop
        rest = piece.lstrip(b"\0")
        if rest:
            return at + len(piece) - len(rest)
        at += len(piece)
    return stop


class _GzipHeader:
    __slots__ = ("comment", "end", "extra", "name")

    def __init__(
        self, end: int, name: bytes = b"", extra: tuple[int, int] = (0, 0), comment: tuple[int, int] = (0, 0)
    ) -> None:
        self.end = end
        self.name = name
        self.extra = extra
        self.comment = comment


def _gzip(source: Source, notes: Notes) -> Iterator[bytes]:
    at = 0
    for index in range(MOST_MEMBERS):
        if source.read(at, 2) != b"\x1f\x8b":
            break
        header = _gzip_header(source, at)
        if index == 0:
            notes.name = header.name.decode("latin-1")
        _gzip_extras(source, header, notes)
        run, pieces = _run(source, header.end, decoders.inflate)
        check, total = 0, 0
        for piece in pieces:
            check = zlib.crc32(piece, check)
            total += len(piece)
            yield piece
        _must_end(run)
        trailer = source.read(run.position, 8)
        at = run.position + 8
        _gzip_trailer(trailer, check, total, run.position, notes)
        if len(trailer) < 8:
            return
    _rest(source, at, notes)


def _gzip_trailer(trailer: bytes, check: int, total: int, at: int, notes: Notes) -> None:
    if len(trailer) < 8:
        notes.defects.append(Defect("truncated", "The gzip trailer is missing.", at, "trailer"))
        return
    if int.from_bytes(trailer[:4], "little") != check:
        text = "The CRC-32 of the content is not the one that the trailer states."
        evidence = f"stated {trailer[3::-1].hex()}, computed {check:08x}"
        notes.defects.append(Defect("checksum", text, at, "crc", evidence))
    stated = int.from_bytes(trailer[4:], "little")
    if stated != total & 0xFFFFFFFF:
        text = f"The trailer states {stated:,} bytes (modulo 2^32), {total:,} come out."
        notes.defects.append(Defect("contradiction", text, at + 4, "size"))


def _gzip_header(source: Source, at: int) -> _GzipHeader:
    fixed = source.read(at, 10)
    if len(fixed) < 10:
        raise BrokenStreamError("the gzip header is cut", ended=True)
    if fixed[2] != 8:
        raise BrokenStreamError(f"unknown gzip method {fixed[2]}")
    flags = fixed[3]
    header = _GzipHeader(at + 10)
    if flags & 4:
        length = int.from_bytes(source.read(header.end, 2), "little")
        header.extra = (header.end + 2, length)
        header.end += 2 + length
    if flags & 8:
        header.name, header.end = _zero_ended(source, header.end)
    if flags & 16:
        start = header.end
        text, header.end = _zero_ended(source, start)
        header.comment = (start, len(text))
    if flags & 2:
        header.end += 2
    return header


def _zero_ended(source: Source, at: int) -> tuple[bytes, int]:
    text, zero, _ = source.read(at, LONGEST_FIELD).partition(b"\0")
    if not zero:
        raise BrokenStreamError("a field of the gzip header has no end", ended=True)
    return text, at + len(text) + 1


def _gzip_extras(source: Source, header: _GzipHeader, notes: Notes) -> None:
    """Header fields large enough to carry something: bgzip and dictzip put their indexes there."""
    at, length = header.extra
    if length > 256 and source.read(at, 2) not in (b"RA", b"BC", b"IG", b"MZ"):
        notes.hidden.append(("header extra field", at, length, False))
    at, length = header.comment
    if length > 1024:
        notes.hidden.append(("header comment", at, length, False))
