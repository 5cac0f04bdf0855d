"""Bytes that stand in a file in another form, as the bytes they are: as text, one character each (protocol 2), or
compressed."""

from __future__ import annotations

import codecs
import os
import weakref
from typing import TYPE_CHECKING

from violet.formats.proof.values import Unproven
from violet.formats.source import BytesSource, FileSource

if TYPE_CHECKING:
    from violet.formats.source import Source

CHUNK = 1 << 20
IN_MEMORY = 8 << 20


def from_latin(source: Source, offset: int) -> Source:
    """Decode the UTF-8 text, and encode it in Latin-1. Long ones go to an unlinked temporary file.
    Raises ``Unproven`` where it is no such text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file = None if source.size <= IN_MEMORY else _temporary()
    parts: list[bytes] = []
    total = 0
    try:
        for at in range(0, source.size, CHUNK):
            last = at + CHUNK >= source.size
            data = decoder.decode(source.read(at, CHUNK), last).encode("latin-1")
            total += len(data)
            if file is None:
                parts.append(data)
            else:
                _write(file, data)
    except UnicodeError:
        if file is not None:
            os.close(file)
        raise Unproven("it encodes a text that does not stand for bytes", offset) from None
    if file is None:
        return BytesSource(b"".join(parts))
    return Spilled(file, total)


def kept(source: Source) -> Source:
    """The same bytes, where they can be read in any order without expanding them again."""
    if source.size <= IN_MEMORY:
        return BytesSource(source.read(0, source.size))
    file = _temporary()
    try:
        for at in range(0, source.size, CHUNK):
            _write(file, source.read(at, CHUNK))
    except BaseException:
        os.close(file)
        raise
    return Spilled(file, source.size)


class Spilled(FileSource):
    """An unlinked temporary file, closed when nobody reads it any more."""

    __slots__ = ("__weakref__",)

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__(descriptor, size)
        weakref.finalize(self, os.close, descriptor)


def _temporary() -> int:
    import tempfile

    descriptor, path = tempfile.mkstemp(prefix="violet-")
    os.unlink(path)
    return descriptor


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
