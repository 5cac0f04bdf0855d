"""Decompression on demand: a source whose bytes come out of a decoder as they are asked for."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Protocol

from violet.formats.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from violet.formats.source import Meter

INPUT = 1 << 16
"""Bytes read from the compressed source at a time."""
OUTPUT = 1 << 18
"""Bytes that a decoder gives at a time, at most."""
SALVAGE = 32
"""Bytes that a decoder gives at a time just before the place where it broke."""
SHELF = 48 << 20
"""Bytes of expanded content that all sources together keep in memory."""


class Decoder(Protocol):
    """What ``bz2``, ``lzma``, zstd and lz4 decompressor objects have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class BrokenStreamError(Exception):
    """Compressed data ends too early or cannot be decoded. ``ended`` tells the former."""

    def __init__(self, message: str, *, ended: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.ended = ended


class Run:
    """One decoder run over the bytes from ``position`` to ``end`` of a source; iterated once.

    Afterwards ``position`` is the first byte that the decoder did not use and ``ended`` says whether it
    reached the end of its stream. Raises ``BrokenStreamError`` only after giving all that came out.
    """

    __slots__ = ("end", "ended", "make", "position", "source")

    def __init__(self, source: Source, position: int, end: int, make: Callable[[], Decoder]) -> None:
        self.source = source
        self.position = position
        self.end = min(end, source.size)
        self.make = make
        self.ended = False

    def __iter__(self) -> Iterator[bytes]:
        start, given = self.position, 0
        # A decoder that raises keeps to itself what that call had produced: it is run again, up to what was
        # given before, and on in smaller steps, until not one byte is lost.
        for careful in (OUTPUT, SALVAGE, 1):
            total = 0
            self.position = start
            try:
                for piece in self._decode(careful, given):
                    total += len(piece)
                    if total > given:
                        yield piece if total - len(piece) >= given else piece[given - total :]
                        given = total
                return
            except BrokenStreamError as error:
                broken = error
        raise broken

    def _decode(self, careful: int, until: int) -> Iterator[bytes]:
        """Steps of ``OUTPUT`` bytes for the first ``until`` bytes, then of ``careful`` bytes."""
        decoder = self.make()
        at = self.position
        total = 0
        data = b""
        while not decoder.eof:
            if decoder.needs_input:
                data = self.source.read(at, min(INPUT, self.end - at))
                at += len(data)
            step = min(OUTPUT, until - total) if total < until else careful
            try:
                piece = decoder.decompress(data, step)
            except MemoryError:
                raise
            except Exception as error:
                raise BrokenStreamError(f"{type(error).__name__}: {error}") from error
            at_end = not data and not piece and decoder.needs_input
            data = b""
            if piece:
                total += len(piece)
                yield piece
            if at_end and at >= self.end:
                break
        self.ended = decoder.eof
        self.position = at - len(decoder.unused_data or b"")


class _Shelf:
    """Which sources hold expanded bytes in memory, the least recently used first."""

    def __init__(self) -> None:
        self.held = 0
        self.sources: dict[int, weakref.ref[ExpandedSource]] = {}

    def touch(self, source: ExpandedSource) -> None:
        mark = id(source)
        found = self.sources.pop(mark, None)
        self.sources[mark] = found or weakref.ref(source)

    def grew(self, source: ExpandedSource, count: int) -> None:
        self.held += count
        if self.held > SHELF:
            self.touch(source)
            self._make_room(source)

    def left(self, source: ExpandedSource, count: int) -> None:
        self.held -= count
        self.sources.pop(id(source), None)

    def _make_room(self, wanted: ExpandedSource) -> None:
        for reference in list(self.sources.values()):
            if self.held <= SHELF:
                return
            source = reference()
            if source is not None and source is not wanted and not source.growing:
                source.forget()


_shelf = _Shelf()


class ExpandedSource(Source):
    """What a decoder gives, expanded only as far as it is read.

    ``produce`` starts the expansion from the beginning. ``size`` is what was announced, and becomes what
    really came out where that is less. ``broken`` says why it came to an early end, ``complete`` whether
    everything up to ``size`` has been expanded at least once. Content beyond ``in_memory`` bytes goes to
    an unlinked temporary file; content in memory may be dropped, and is then expanded again when read.
    Every byte is charged to ``meter`` once; reading may therefore raise ``BoundExceededError``.
    """

    __slots__ = (
        "__weakref__",
        "_buffer",
        "_charged",
        "_done",
        "_file",
        "_in_memory",
        "_meter",
        "_pieces",
        "_produce",
        "broken",
        "complete",
        "ended_early",
        "growing",
    )

    def __init__(self, produce: Callable[[], Iterator[bytes]], size: int, meter: Meter) -> None:
        self.size = size
        self.broken = ""
        self.ended_early = False
        self.growing = False
        self.complete = size == 0
        self._produce = produce
        self._meter = meter
        self._in_memory = meter.bounds.in_memory
        self._buffer = bytearray()
        self._file = -1
        self._done = 0
        self._charged = 0
        self._pieces: Iterator[bytes] | None = None

    def read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        end = min(offset + length, self.size)
        if end > self._done:
            self._grow(end)
            end = min(end, self._done)
            if offset >= end:
                return b""
        if self._file >= 0:
            return _pread(self._file, offset, end - offset)
        if _shelf.held > SHELF // 2:
            _shelf.touch(self)
        return bytes(memoryview(self._buffer)[offset:end])

    def expand_to(self, limit: int) -> bool:
        """Expand up to about ``limit`` bytes, past the announced size too, which becomes the number of
        bytes that came out. Gives whether the stream ended (or broke) before the limit."""
        self.size = limit
        self._grow(limit)
        ended = self.size < limit
        self.size = self._done
        return ended

    def expand_all(self, pieces: Iterator[bytes]) -> None:
        """Take the whole content, of a size unknown until now, from ``pieces``."""
        self.size = 1 << 62
        self._pieces = pieces
        self._grow(self.size)
        self.size = self._done

    def forget(self) -> None:
        """Drop what is held in memory."""
        held = len(self._buffer)
        if held:
            _shelf.left(self, held)
            self._buffer = bytearray()
            self._done = 0
            self._pieces = None

    def _grow(self, end: int) -> None:
        pieces = self._pieces
        if pieces is None:
            pieces = self._pieces = self._produce()
        self.growing = True  # a parent that expands meanwhile must not drop what is being added to
        try:
            while self._done < end:
                piece = next(pieces, None)
                if piece is None:
                    self.size = min(self.size, self._done)
                    break
                self._take(piece)
        except BrokenStreamError as error:
            self.broken = error.message
            self.ended_early = error.ended
            self.size = min(self.size, self._done)
        finally:
            self.growing = False
        if self._done >= self.size:
            self.complete = True

    def _take(self, piece: bytes) -> None:
        done = self._done + len(piece)
        if done > self._charged:
            self._meter.expand(done - self._charged)
            self._charged = done
        if self._file < 0 and done > self._in_memory:
            self._spill()
        if self._file >= 0:
            _write(self._file, piece)
        else:
            self._buffer += piece
            _shelf.grew(self, len(piece))
            if not self._done:
                _shelf.touch(self)
        self._done = done

    def _spill(self) -> None:
        import tempfile

        descriptor, path = tempfile.mkstemp(prefix="violet-")
        self._file = descriptor
        os.unlink(path)
        _write(descriptor, self._buffer)
        _shelf.left(self, len(self._buffer))
        self._buffer = bytearray()

    def __del__(self) -> None:
        if getattr(self, "_file", -1) >= 0:
            os.close(self._file)
        elif getattr(self, "_buffer", b""):
            _shelf.left(self, len(self._buffer))


def _write(descriptor: int, data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _pread(descriptor: int, offset: int, length: int) -> bytes:
    parts = []
    while length > 0 and (piece := os.pread(descriptor, length, offset)):
        parts.append(piece)
        offset += len(piece)
        length -= len(piece)
    return parts[0] if len(parts) == 1 else b"".join(parts)
