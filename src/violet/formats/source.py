"""Bounded, random-access bytes: the only way that readers see what they examine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Source:
    """Bytes of a known size that can be read anywhere. Nothing is kept in memory by reading."""

    __slots__ = ("size",)

    size: int

    def read(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset``; fewer only where the source ends. Never raises for
        offsets outside the source: those give ``b""``."""
        raise NotImplementedError

    def window(self, offset: int, length: int) -> Source:
        """The part from ``offset``, ``length`` bytes long, cut to what exists."""
        offset = min(max(offset, 0), self.size)
        return WindowSource(self, offset, min(max(length, 0), self.size - offset))


class BytesSource(Source):
    """Bytes already in memory."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length <= 0:
            return b""
        return self.data[offset : offset + length]


class FileSource(Source):
    """An open regular file, read by position. Closed with ``close`` or as a context manager."""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int, size: int) -> None:
        self.descriptor = descriptor
        self.size = size

    @classmethod
    def open(cls, path: Path | str) -> FileSource:
        """Raises ``OSError`` where the file cannot be opened, or is not a regular file."""
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
        status = os.fstat(descriptor)
        if (status.st_mode & 0o170000) != 0o100000:
            os.close(descriptor)
            raise OSError("not a regular file")
        return cls(descriptor, status.st_size)

    def read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length <= 0:
            return b""
        data = os.pread(self.descriptor, min(length, max(self.size - offset, 0)), offset)
        if len(data) == length or not data:
            return data
        parts = [data]
        got = len(data)
        while got < length and (more := os.pread(self.descriptor, length - got, offset + got)):
            parts.append(more)
            got += len(more)
        return b"".join(parts)

    def close(self) -> None:
        os.close(self.descriptor)

    def __enter__(self) -> FileSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WindowSource(Source):
    """A part of another source."""

    __slots__ = ("offset", "parent")

    def __init__(self, parent: Source, offset: int, length: int) -> None:
        self.parent: Source = parent
        self.offset = offset
        if isinstance(parent, WindowSource):
            self.parent = parent.parent
            self.offset += parent.offset
        self.size = length

    def read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        return self.parent.read(self.offset + offset, min(length, self.size - offset))


class BoundExceededError(Exception):
    """An input asks for more than a bound allows. ``bound`` names it, ``message`` says what asked."""

    def __init__(self, bound: str, message: str) -> None:
        super().__init__(message)
        self.bound = bound
        self.message = message


class Bounds:
    """What the examination of one top-level file may use."""

    __slots__ = ("carved", "depth", "expanded", "in_memory", "members", "operations", "table", "text")

    depth: int
    """Containers within containers."""
    members: int
    """Members of all containers together."""
    expanded: int
    """Bytes that decompression may produce, all together."""
    in_memory: int
    """Bytes of one expanded member held in memory; larger ones go to an unlinked temporary file."""
    operations: int
    """Bytes of opcodes that the pickle machine follows, all streams together."""
    carved: int
    """Bytes of unknown content that are searched for pickles within."""
    text: int
    """Bytes of a text file (source, template, configuration) that are read."""
    table: int
    """Bytes of one header, directory or table (of a safetensors, zip, 7z or GGUF file)."""

    def __init__(
        self,
        depth: int = 16,
        members: int = 100_000,
        expanded: int = 8 << 30,
        in_memory: int = 32 << 20,
        operations: int = 4 << 30,
        carved: int = 256 << 20,
        text: int = 4 << 20,
        table: int = 64 << 20,
    ) -> None:
        self.depth = depth
        self.members = members
        self.expanded = expanded
        self.in_memory = in_memory
        self.operations = operations
        self.carved = carved
        self.text = text
        self.table = table


LONGEST_SEARCH = 64 << 20
"""Bytes of one source that are searched for hidden pickles, unless everything is to be read."""


class Meter:
    """What the examination of one top-level file has used so far; raises ``BoundExceededError``."""

    __slots__ = ("bounds", "carved", "deep", "expanded", "members", "operations", "unsearched")

    def __init__(
        self,
        bounds: Bounds,
        members: int = 0,
        expanded: int = 0,
        operations: int = 0,
        carved: int = 0,
        deep: bool = False,
    ) -> None:
        self.bounds = bounds
        self.deep = deep
        """Whether all content is searched for hidden pickles, however much it is."""
        self.unsearched = 0
        """Bytes that were not searched for hidden pickles, because there were too many of them."""
        self.members = members
        self.expanded = expanded
        self.operations = operations
        self.carved = carved

    def carve(self, count: int) -> int:
        """How many of ``count`` bytes may still be searched for hidden pickles; the others are counted."""
        if self.deep:
            return count
        allowed = max(min(count, self.bounds.carved - self.carved, LONGEST_SEARCH), 0)
        self.carved += allowed
        self.unsearched += count - allowed
        return allowed

    def member(self) -> None:
        self.members += 1
        if self.members > self.bounds.members:
            raise BoundExceededError("members", f"more than {self.bounds.members:,} members")

    def expand(self, count: int) -> None:
        self.expanded += count
        if self.expanded > self.bounds.expanded:
            raise BoundExceededError("expanded", f"expands to more than {self.bounds.expanded:,} bytes")

    def operate(self, count: int) -> None:
        self.operations += count
        if self.operations > self.bounds.operations:
            raise BoundExceededError("operations", f"holds more than {self.bounds.operations:,} bytes of opcodes")
