"""The content of one zip member: expanded only as far as it is read, and verified where that is cheap."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from violet.formats.base import Defect
from violet.formats.compressed import decoders
from violet.formats.compressed.stream import BrokenStreamError, ExpandedSource, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from violet.formats.compressed.stream import Decoder
    from violet.formats.source import Meter, Source

STORED, DEFLATE, BZIP2, LZMA, ZSTD = 0, 8, 12, 14, 93

METHODS = {
    1: "shrink", 6: "implode", 9: "deflate64", 10: "old TERSE", 18: "TERSE", 19: "LZ77",
    20: "Zstandard (old number)", 94: "MP3", 95: "xz", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES",
}  # fmt: skip

SLACK = 1 << 20
"""Bytes that a member is expanded past the size it states, to see whether it goes on."""


class Expansion:
    """How one member expands: ``source`` gives the content, ``run`` is the decoder run that did it last."""

    __slots__ = ("end", "endless", "make", "origin", "run", "source", "start")

    def __init__(
        self,
        origin: Source,
        start: int,
        length: int,
        make: Callable[[], Decoder],
        size: int,
        meter: Meter,
        *,
        endless: bool = False,
    ) -> None:
        self.origin = origin
        self.start = start
        self.end = min(start + length, origin.size)
        self.make = make
        self.endless = endless
        self.run: Run | None = None
        self.source = ExpandedSource(self._pieces, size, meter)

    def _pieces(self) -> Iterator[bytes]:
        run = self.run = Run(self.origin, self.start, self.end, self.make)
        yield from run
        if not run.ended and not self.endless:
            raise BrokenStreamError("the compressed data has no end", ended=True)

    @property
    def used(self) -> int:
        """Where the compressed data ended; the end of what there is where that is not known."""
        return self.run.position if self.run is not None and self.run.ended else self.end


def expansion(origin: Source, method: int, start: int, length: int, size: int, meter: Meter) -> Expansion | str:
    """The expansion of ``length`` bytes at ``start``, or why there is none."""
    if method == DEFLATE:
        return Expansion(origin, start, length, decoders.inflate, size, meter)
    if method == BZIP2:
        return Expansion(origin, start, length, decoders.bunzip, size, meter)
    if method == ZSTD:
        maker = decoders.zstd()
        if maker is None:
            return "no Zstandard library is installed"
        return Expansion(origin, start, length, maker, size, meter)
    if method == LZMA:
        head = origin.read(start, 9)
        try:
            make = decoders.lzma1(head[4:9], max(size, 1 << 16))
        except ValueError:
            return "its LZMA header is damaged"
        after = 4 + int.from_bytes(head[2:4], "little")
        return Expansion(origin, start + after, max(length - after, 0), make, size, meter, endless=True)
    return f"method {method} ({METHODS.get(method, 'unknown')}) is not supported"


def verify(content: Expansion, name: str, size: int, crc: int, offset: int) -> Iterator[Defect]:
    """Expand all of a member and say what disagrees with its headers."""
    source = content.source
    source.expand_to(size + SLACK)
    found = source.size
    if source.broken and found < size:
        kind = "truncated" if source.ended_early else "malformed"
        text = f"Member {name!r} cannot be expanded past {found:,} of {size:,} bytes."
        yield Defect(kind, text, offset, name, source.broken)
        return
    if found != size:
        text = f"Member {name!r} expands to another size than its headers state."
        yield Defect("contradiction", text, offset, f"size:{name}", f"stated {size}, found {found}")
    elif source.broken:
        text = f"The compressed data of member {name!r} goes on past the size that its headers state."
        yield Defect("contradiction", text, offset, f"end:{name}", source.broken)
    elif checksum(source) != crc:
        yield bad_checksum(name, crc, offset)
    if content.used < content.end and content.run is not None and content.run.ended:
        rest = content.end - content.used
        text = f"{rest:,} bytes follow the compressed data of member {name!r}, within its own space."
        yield Defect("contradiction", text, content.used, f"rest:{name}")


def bad_checksum(name: str, crc: int, offset: int) -> Defect:
    return Defect(
        "checksum", f"The CRC-32 of member {name!r} is not the one stated.", offset, name, f"stated {crc:08x}"
    )


def checksum(source: Source) -> int:
    """The CRC-32 of everything in a source."""
    value, at = 0, 0
    while piece := source.read(at, 1 << 20):
        value = zlib.crc32(piece, value)
        at += len(piece)
    return value
