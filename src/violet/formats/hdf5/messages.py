"""The bodies of object header messages: what an object is, what it is called, where its bytes are."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.formats.hdf5.storage import Hdf5Error

if TYPE_CHECKING:
    from violet.formats.hdf5.storage import File

DATASPACE = 0x01
LINK_INFO = 0x02
DATATYPE = 0x03
LINK = 0x06
EXTERNAL_FILES = 0x07
LAYOUT = 0x08
FILTERS = 0x0B
ATTRIBUTE = 0x0C
SYMBOL_TABLE = 0x11
ATTRIBUTE_INFO = 0x15

SHARED = 0x02
"""Message flag: the body says where the real message is."""


class Class(enum.IntEnum):
    """Classes of datatypes."""

    FIXED = 0
    FLOAT = 1
    TIME = 2
    STRING = 3
    BITFIELD = 4
    OPAQUE = 5
    COMPOUND = 6
    REFERENCE = 7
    ENUM = 8
    VARIABLE = 9
    ARRAY = 10


@dataclass(frozen=True, slots=True)
class Datatype:
    """``size`` is that of one element in bytes; ``base`` the class of a variable-length element's parts."""

    kind: int
    size: int
    text: bool = False
    base: int = -1
    base_size: int = 0


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    type: Datatype | None
    count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """``kind`` 0 is hard (``address``), 1 soft (``target``), 64 external (``file`` and ``target``)."""

    name: str
    kind: int
    address: int = -1
    target: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """``kind`` 0 compact (``data``), 1 contiguous, 2 chunked, 3 virtual; ``chunk`` in elements, the last
    number being the element's size in bytes; ``indexed`` by a version 1 B-tree."""

    kind: int
    address: int = -1
    size: int = 0
    data: bytes = b""
    chunk: tuple[int, ...] = ()
    indexed: bool = False
    heap_index: int = 0


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def _number(data: bytes, at: int, width: int) -> int:
    raw = data[at : at + width]
    if len(raw) < width:
        raise Hdf5Error("a message is cut short")
    return int.from_bytes(raw, "little")


def dataspace(file: File, body: bytes) -> tuple[int, ...]:
    """The current dimensions; ``()`` for a scalar, ``(0,)`` for the null dataspace."""
    version, rank = _number(body, 0, 1), _number(body, 1, 1)
    if version not in (1, 2) or rank > 32:
        raise Hdf5Error(f"dataspace version {version} of rank {rank}")
    if version == 2 and _number(body, 3, 1) == 2:
        return (0,)
    at = 8 if version == 1 else 4
    return tuple(file.length_in(body, at + index * file.length_size) for index in range(rank))


def datatype(body: bytes) -> Datatype:
    """The class and element size of a datatype; of nested ones only what a variable-length one holds."""
    first = _number(body, 0, 1)
    kind, size = first & 15, _number(body, 4, 4)
    if kind == Class.VARIABLE:
        text = body[1] & 15 == 1
        base, base_size = -1, 0
        if len(body) >= 16:
            base, base_size = body[8] & 15, _number(body, 12, 4)
        return Datatype(kind, size, text, base, base_size)
    if kind == Class.ARRAY and len(body) >= 16:
        return Datatype(kind, size, base=-1)
    return Datatype(kind, size, kind == Class.STRING)


def shared_datatype(file: File, body: bytes) -> Datatype | None:
    """The committed datatype that a shared message leads to; ``None`` where it is kept in a heap instead."""
    version = _number(body, 0, 1)
    if version == 3 and _number(body, 1, 1) == 1:
        return None
    address = file.address_in(body, 8 if version == 1 else 2)
    for message in file.messages(address):
        if message.number == DATATYPE and not message.flags & SHARED:
            return datatype(message.data)
    return None


def attribute(file: File, body: bytes) -> Attribute:
    """An attribute message of version 1, 2 or 3. Its datatype is unknown where it is shared through a heap."""
    version = _number(body, 0, 1)
    if version not in (1, 2, 3):
        raise Hdf5Error(f"attribute version {version} is unknown")
    flags = 0 if version == 1 else body[1]
    sizes = [_number(body, at, 2) for at in (2, 4, 6)]
    at = 9 if version == 3 else 8
    parts: list[bytes] = []
    for size in sizes:
        part = body[at : at + size]
        if len(part) < size:
            raise Hdf5Error("an attribute is cut short")
        parts.append(part)
        at += (size + 7) & ~7 if version == 1 else size
    name = _text(parts[0])
    kind = shared_datatype(file, parts[1]) if flags & 1 else datatype(parts[1])
    shape = () if flags & 2 else dataspace(file, parts[2])
    count = 1
    for length in shape:
        count *= length
    return Attribute(name, kind, count, body[at:])


def link(file: File, body: bytes) -> Link:
    """A link message of version 1: hard, soft, external or of a user's own kind."""
    if _number(body, 0, 1) != 1:
        raise Hdf5Error("link message version is unknown")
    flags = _number(body, 1, 1)
    at = 2
    kind = 0
    if flags & 8:
        kind = _number(body, at, 1)
        at += 1
    at += (8 if flags & 4 else 0) + (1 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    length = _number(body, at, width)
    at += width
    name = body[at : at + length].decode("utf-8", "backslashreplace")
    at += length
    if kind == 0:
        return Link(name, 0, file.address_in(body, at))
    size = _number(body, at, 2)
    value = body[at + 2 : at + 2 + size]
    if kind == 64:
        parts = value[1:].split(b"\0")
        return Link(name, 64, target=_text(parts[1]) if len(parts) > 1 else "", file=_text(parts[0]))
    return Link(name, kind, target=_text(value))


def external_files(file: File, body: bytes) -> tuple[int, list[tuple[int, int, int]]]:
    """Of an external data files message: the address of the heap of names, and for each file the offset
    of its name there, the offset in the file and the bytes used of it."""
    if _number(body, 0, 1) != 1:
        raise Hdf5Error("external files message version is unknown")
    used = _number(body, 6, 2)
    heap = file.address_in(body, 8)
    at, width = 8 + file.offset_size, file.length_size
    entries: list[tuple[int, int, int]] = []
    for _ in range(used):
        entries.append(
            (file.length_in(body, at), file.length_in(body, at + width), file.length_in(body, at + 2 * width))
        )
        at += 3 * width
    return heap, entries


def layout(file: File, body: bytes) -> Layout:
    """A data layout message of version 1 to 5."""
    version = _number(body, 0, 1)
    width = file.offset_size
    if version in (1, 2):
        rank, kind = _number(body, 1, 1), _number(body, 2, 1)
        at = 8
        address = -1
        if kind:
            address = file.address_in(body, at)
            at += width
        sizes = tuple(_number(body, at + 4 * index, 4) for index in range(rank))
        at += 4 * rank
        if kind == 0:
            size = _number(body, at, 4)
            return Layout(0, size=size, data=body[at + 4 : at + 4 + size])
        return Layout(kind, address, chunk=sizes if kind == 2 else (), indexed=kind == 2, size=_product(sizes))
    if version not in (3, 4, 5):
        raise Hdf5Error(f"data layout version {version} is unknown")
    kind = _number(body, 1, 1)
    if kind == 0:
        size = _number(body, 2, 2)
        return Layout(0, size=size, data=body[4 : 4 + size])
    if kind == 1:
        return Layout(1, file.address_in(body, 2), file.length_in(body, 2 + width))
    if kind == 2 and version == 3:
        rank = _number(body, 2, 1)
        at = 3 + width
        sizes = tuple(_number(body, at + 4 * index, 4) for index in range(rank))
        return Layout(2, file.address_in(body, 3), chunk=sizes, indexed=True)
    if kind == 2:
        return _chunked4(file, body)
    if kind == 3:
        return Layout(3, file.address_in(body, 2), heap_index=_number(body, 2 + width, 4))
    raise Hdf5Error(f"data layout class {kind} is unknown")


def _chunked4(file: File, body: bytes) -> Layout:
    """A chunked layout of version 4: of its indexes only the single chunk is read."""
    flags, rank, width = _number(body, 2, 1), _number(body, 3, 1), _number(body, 4, 1)
    at = 5
    sizes = tuple(_number(body, at + width * index, width) for index in range(rank))
    at += width * rank
    index = _number(body, at, 1)
    at += 1
    if index != 1:
        return Layout(2, 0, chunk=sizes)
    size = _product(sizes)
    if flags & 2:
        size = file.length_in(body, at)
        at += file.length_size + 4
    return Layout(1 if not flags & 2 else 2, file.address_in(body, at), size, chunk=sizes)


def _product(sizes: tuple[int, ...]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


def filters(body: bytes) -> list[tuple[int, str]]:
    """Number and name of each filter of a pipeline message."""
    version, count = _number(body, 0, 1), _number(body, 1, 1)
    if version not in (1, 2):
        raise Hdf5Error(f"filter pipeline version {version} is unknown")
    at = 8 if version == 1 else 2
    found: list[tuple[int, str]] = []
    for _ in range(count):
        number = _number(body, at, 2)
        at += 2
        length = 0
        if version == 1 or number >= 256:
            length = _number(body, at, 2)
            at += 2
        values = _number(body, at + 2, 2)
        at += 4
        name = _text(body[at : at + length])
        at += (length + 7) & ~7 if version == 1 else length
        at += 4 * values + (4 if version == 1 and values % 2 else 0)
        found.append((number, name))
    return found


def virtual_sources(file: File, data: bytes) -> list[tuple[str, str]]:
    """File and dataset of each source in the mapping of a virtual dataset (a global heap object)."""
    count = file.length_in(data, 1)
    at = 1 + file.length_size
    found: list[tuple[str, str]] = []
    for _ in range(min(count, 10_000)):
        ends = [data.find(b"\0", at)]
        if ends[0] < 0:
            break
        ends.append(data.find(b"\0", ends[0] + 1))
        if ends[1] < 0:
            break
        found.append((_text(data[at : ends[0]]), _text(data[ends[0] + 1 : ends[1]])))
        at = _after_selection(data, _after_selection(data, ends[1] + 1))
        if at < 0:
            break
    return found


def _after_selection(data: bytes, at: int) -> int:
    """The offset after a serialized dataspace selection; -1 where it is of a kind not known here."""
    if at < 0 or at + 12 > len(data):
        return -1
    kind, version = _number(data, at, 4), _number(data, at + 4, 4)
    if kind in (0, 3):
        return at + 16
    if version == 1:
        return at + 16 + _number(data, at + 12, 4)
    if kind == 2 and version == 2:
        return at + 13 + _number(data, at + 9, 4)
    if kind == 2 and version == 3:
        regular, width = data[at + 8] & 1, data[at + 9]
        rank = _number(data, at + 10, 4)
        if regular:
            return at + 14 + 4 * rank * width
        return at + 14 + width + 2 * rank * width * _number(data, at + 14, width)
    return -1
