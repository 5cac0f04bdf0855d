"""Addresses, object headers and their messages: the ground floor of an HDF5 file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from violet.formats.hdf5 import superblock_offset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.source import Meter, Source

MOST_MESSAGES = 70_000
"""Messages of one object header: the old header counts them in two bytes."""
MOST_BLOCK = 16 << 20
"""Bytes of one header block."""

CONTINUATION = 0x10


class Hdf5Error(Exception):
    """A structure that cannot be read. ``kind`` is that of the defect it becomes."""

    def __init__(self, message: str, offset: int | None = None, kind: str = "malformed") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.kind = kind


class Message(NamedTuple):
    """One message of an object header: ``data`` is its body, ``offset`` where that stands in the file."""

    number: int
    flags: int
    data: bytes
    offset: int


class File:
    """The file with its superblock read: addresses are relative to ``start`` and ``O`` bytes wide."""

    __slots__ = (
        "collections",
        "end",
        "length_size",
        "meter",
        "offset_size",
        "root",
        "root_entry",
        "source",
        "start",
        "version",
    )

    def __init__(self, source: Source, meter: Meter) -> None:
        self.source = source
        self.meter = meter
        self.collections: dict[int, tuple[dict[int, tuple[int, int]], Hdf5Error | None]] = {}
        """Global heap collections by address: where each object stands and how long it is, and the error that
        the walk over them ended with."""
        self.start = superblock_offset(source)
        if self.start < 0:
            raise Hdf5Error("no superblock")
        head = source.read(self.start, 128)
        self.version = head[8] if len(head) > 8 else 255
        self.root = -1
        if self.version in (0, 1):
            self._old_superblock(head)
        elif self.version in (2, 3):
            self._new_superblock(head)
        else:
            raise Hdf5Error(f"superblock version {self.version} is unknown", self.start + 8)

    def _old_superblock(self, head: bytes) -> None:
        if len(head) < 32:
            raise Hdf5Error("ends inside the superblock", self.start, "truncated")
        self._sizes(head[13], head[14])
        at = 24 if self.version == 0 else 28
        width = self.offset_size
        if len(head) < at + 6 * width:
            raise Hdf5Error("ends inside the superblock", self.start, "truncated")
        self._ends(head, at, at + 2 * width)
        self.root = self.address_in(head, at + 5 * width)

    def _new_superblock(self, head: bytes) -> None:
        if len(head) < 16:
            raise Hdf5Error("ends inside the superblock", self.start, "truncated")
        self._sizes(head[9], head[10])
        width = self.offset_size
        if len(head) < 12 + 4 * width + 4:
            raise Hdf5Error("ends inside the superblock", self.start, "truncated")
        self._ends(head, 12, 12 + 2 * width)
        self.root = self.address_in(head, 12 + 3 * width)

    def _ends(self, head: bytes, base: int, end: int) -> None:
        """The end is written as an offset in a file whose superblock stands at the base address."""
        said = self.address_in(head, end)
        self.end = said - max(self.address_in(head, base), 0) if said >= 0 else -1

    def _sizes(self, offsets: int, lengths: int) -> None:
        if offsets not in (2, 4, 8, 16, 32) or lengths not in (2, 4, 8, 16, 32):
            raise Hdf5Error(f"addresses of {offsets} and lengths of {lengths} bytes cannot be", self.start)
        self.offset_size = offsets
        self.length_size = lengths

    def address_in(self, data: bytes, at: int) -> int:
        """The address in ``data`` at ``at``; -1 for the undefined address. Raises ``Hdf5Error``."""
        raw = data[at : at + self.offset_size]
        if len(raw) < self.offset_size:
            raise Hdf5Error("an address is cut short")
        return -1 if raw == b"\xff" * len(raw) else int.from_bytes(raw, "little")

    def length_in(self, data: bytes, at: int) -> int:
        raw = data[at : at + self.length_size]
        if len(raw) < self.length_size:
            raise Hdf5Error("a length is cut short")
        return int.from_bytes(raw, "little")

    def read(self, address: int, length: int, what: str) -> bytes:
        """Exactly ``length`` bytes at an address. Raises ``Hdf5Error`` (``out-of-bounds``, ``truncated``)."""
        if address < 0 or address + self.start >= self.source.size:
            raise Hdf5Error(f"address of the {what} lies outside the file", max(address, 0), "out-of-bounds")
        if length > MOST_BLOCK:
            raise Hdf5Error(f"{what} of {length:,} bytes", address)
        self.meter.operate(8 + (length >> 8))
        data = self.source.read(self.start + address, length)
        if len(data) < length:
            raise Hdf5Error(f"ends inside the {what}", address, "truncated")
        return data

    def messages(self, address: int) -> Iterator[Message]:
        """The messages of the object header at an address, with those of its continuation blocks."""
        head = self.read(address, 16, "object header")
        if head[:4] == b"OHDR":
            yield from self._new_header(address, head)
        elif head[0] == 1:
            yield from self._old_header(address, head)
        else:
            raise Hdf5Error("no object header where one should be", address)

    def _old_header(self, address: int, head: bytes) -> Iterator[Message]:
        count = int.from_bytes(head[2:4], "little")
        size = int.from_bytes(head[8:12], "little")
        blocks = [(address + 16, size)]
        seen = {address + 16}
        while blocks:
            begin, length = blocks.pop(0)
            data = self.read(begin, length, "object header")
            at = 0
            while at + 8 <= length and count > 0:
                number = int.from_bytes(data[at : at + 2], "little")
                size = int.from_bytes(data[at + 2 : at + 4], "little")
                flags = data[at + 4]
                body = data[at + 8 : at + 8 + size]
                if len(body) < size:
                    raise Hdf5Error("a message is longer than its object header", begin + at)
                count -= 1
                if number == CONTINUATION:
                    self._continue(body, blocks, seen, begin + at)
                else:
                    yield Message(number, flags, body, begin + at + 8)
                at += 8 + size

    def _new_header(self, address: int, head: bytes) -> Iterator[Message]:
        if head[4] != 2:
            raise Hdf5Error(f"object header version {head[4]} is unknown", address)
        flags = head[5]
        at = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        prefix = self.read(address, at + width, "object header")
        size = int.from_bytes(prefix[at : at + width], "little")
        extra = 2 if flags & 0x04 else 0
        blocks = [(address + at + width, size)]
        seen = {address + at + width}
        count = 0
        while blocks:
            begin, length = blocks.pop(0)
            data = self.read(begin, length, "object header")
            at = 0
            if begin != address + len(prefix):
                if data[:4] != b"OCHK":
                    raise Hdf5Error("no continuation block where one should be", begin)
                at, length = 4, length - 4
            while at + 4 + extra <= length:
                number, size = data[at], int.from_bytes(data[at + 1 : at + 3], "little")
                kind = data[at + 3]
                start = at + 4 + extra
                body = data[start : start + size]
                if start + size > length:
                    raise Hdf5Error("a message is longer than its object header", begin + at)
                count += 1
                if count > MOST_MESSAGES:
                    raise Hdf5Error(f"more than {MOST_MESSAGES:,} messages in one object header", address)
                if number == CONTINUATION:
                    self._continue(body, blocks, seen, begin + at)
                else:
                    yield Message(number, kind, body, begin + start)
                at = start + size

    def _continue(self, body: bytes, blocks: list[tuple[int, int]], seen: set[int], offset: int) -> None:
        address = self.address_in(body, 0)
        length = self.length_in(body, self.offset_size)
        if address in seen:
            raise Hdf5Error("an object header goes on in itself", offset)
        seen.add(address)
        blocks.append((address, length))
