"""How records stand in a segment: a header, then frames.

    segment  magic "VIOLETSP", format u16, length of the header u32, header (JSON), CRC-32 of the header u32, frames
    frame    marker u32, length u32, number u64, CRC-32 u32, payload

All little-endian. The CRC-32 (ISO-HDLC, as in zlib) of a frame is over length, number and payload, begun at a salt.
Marker and salt are random in every segment, and stand in its header: what a client sends becomes payload, and nobody
who does not know them can write a payload that looks like a frame where a frame was damaged.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAGIC = b"VIOLETSP"
FORMAT = 1
LARGEST_HEADER = 64 << 10
LARGEST_FRAME = 64 << 20
CHUNK = 256 << 10

_START = struct.Struct("<8sHI")
_FRAME = struct.Struct("<IIQI")
_COVERED = struct.Struct("<IQ")
_CRC = struct.Struct("<I")
OVERHEAD = _FRAME.size
"""Bytes of a frame beside its payload."""


class DamagedError(Exception):
    """The segment has no header that can be read. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class Header:
    """Of one segment. ``stream`` is one life of one worker, ``sequence`` counts its segments from 1; ``start`` in
    seconds since 1970."""

    stream: str
    sequence: int
    worker: str
    model: str
    start: float
    marker: int
    salt: int
    format: int = FORMAT

    @classmethod
    def new(cls, stream: str, sequence: int, worker: str, model: str, start: float) -> Header:
        marker, salt = struct.unpack("<II", os.urandom(8))
        return cls(stream, sequence, worker, model, start, marker, salt)

    def encode(self) -> bytes:
        body = json.dumps({name: getattr(self, name) for name in self.__slots__}).encode()
        return _START.pack(MAGIC, self.format, len(body)) + body + _CRC.pack(zlib.crc32(body))


@dataclass(frozen=True, slots=True)
class Frame:
    """``end`` is the offset just behind it, from the beginning of the (uncompressed) segment."""

    number: int
    payload: bytes
    end: int


def frame(header: Header, number: int, payload: bytes) -> bytes:
    """A record as it is written."""
    length = len(payload)
    crc = zlib.crc32(payload, zlib.crc32(_COVERED.pack(length, number), header.salt))
    return _FRAME.pack(header.marker, length, number, crc) + payload


def read_header(read: Callable[[int], bytes]) -> tuple[Header, int]:
    """The header, and the offset of the first frame. Raises ``DamagedError``."""
    start = read(_START.size)
    if len(start) < _START.size or not start.startswith(MAGIC):
        raise DamagedError("It does not begin as a segment does.")
    _, version, length = _START.unpack(start)
    if version > FORMAT:
        raise DamagedError(f"It was written in format {version}, by a later version of Violet.")
    if length > LARGEST_HEADER:
        raise DamagedError("Its header is too long.")
    rest = read(length + _CRC.size)
    body, crc = rest[:length], rest[length:]
    if len(crc) < _CRC.size or _CRC.unpack(crc)[0] != zlib.crc32(body):
        raise DamagedError("Its header is damaged.")
    try:
        fields = json.loads(body)
        header = Header(
            stream=str(fields["stream"]),
            sequence=int(fields["sequence"]),
            worker=str(fields["worker"]),
            model=str(fields["model"]),
            start=float(fields["start"]),
            marker=int(fields["marker"]),
            salt=int(fields["salt"]),
            format=version,
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DamagedError("Its header does not say what it must.") from None
    return header, _START.size + length + _CRC.size


class FrameScanner:
    """Frames one after the other, whatever happened to the bytes between them.

    ``read`` gives the next bytes, from ``offset`` on (fewer than asked for only at the end). What is no frame is
    skipped up to the next one, and counted in ``damaged`` (places) and ``skipped`` (bytes). ``offset`` is just behind
    the last frame given. ``final`` says that nothing more will be written: then bytes at the end that are no whole
    frame are damage (``torn``); else they are a frame on its way, and stay where they are.
    """

    def __init__(self, read: Callable[[int], bytes], header: Header, offset: int, *, final: bool) -> None:
        self._read = read
        self._header = header
        self._marker = _CRC.pack(header.marker)
        self._final = final
        self._buffer = b""
        self._base = offset  # of the buffer's first byte
        self._ended = False
        self.offset = offset
        self.damaged = 0
        self.skipped = 0
        self.torn = False

    def __iter__(self) -> Iterator[Frame]:
        while True:
            found = self._at(self.offset)
            if found is None:
                if not self._final and self._unfinished():
                    return
                place = self._next(self.offset)
                if place < 0:
                    return
                self.damaged += 1
                self.skipped += place - self.offset
                self.offset = place
                continue
            self.offset = found.end
            yield found

    def _have(self, place: int, size: int) -> bool:
        """Whether the buffer holds ``size`` bytes from ``place`` on, after reading what it takes."""
        while self._base + len(self._buffer) < place + size and not self._ended:
            kept = min(max(place - self._base, 0), len(self._buffer))
            more = self._read(max(CHUNK, size))
            self._ended = not more
            self._buffer = self._buffer[kept:] + more
            self._base += kept
        return self._base + len(self._buffer) >= place + size

    def _at(self, place: int) -> Frame | None:
        """The whole and undamaged frame that begins at ``place``."""
        if not self._have(place, _FRAME.size):
            return None
        marker, length, number, crc = _FRAME.unpack_from(self._buffer, place - self._base)
        if marker != self._header.marker or length > LARGEST_FRAME or not self._have(place, _FRAME.size + length):
            return None
        begin = place - self._base + _FRAME.size
        payload = self._buffer[begin : begin + length]
        if crc != zlib.crc32(payload, zlib.crc32(_COVERED.pack(length, number), self._header.salt)):
            return None
        return Frame(number, payload, place + _FRAME.size + length)

    def _unfinished(self) -> bool:
        """Whether what is left can be the beginning of a frame that is being written."""
        place = self.offset - self._base
        left = len(self._buffer) - place
        if left < _FRAME.size:
            return self._marker.startswith(self._buffer[place : place + len(self._marker)])
        marker, length, _, _ = _FRAME.unpack_from(self._buffer, place)
        return bool(marker == self._header.marker and length <= LARGEST_FRAME and left < _FRAME.size + length)

    def _next(self, damaged: int) -> int:
        """Where the next whole frame behind a damaged place begins; -1: there is none (yet)."""
        place = damaged + 1
        while True:
            found = self._buffer.find(self._marker, max(place - self._base, 0))
            if found >= 0:
                place = self._base + found
                if self._at(place) is not None:
                    return place
                place += 1
                continue
            end = self._base + len(self._buffer)
            place = max(place, end - len(self._marker) + 1)
            if not self._have(place, end - place + 1):
                self.torn = self._final and end > damaged
                self.skipped += end - damaged if self._final else 0
                return -1
