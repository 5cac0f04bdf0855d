"""B-trees and heaps: how HDF5 keeps names, links, attributes and strings of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.hdf5.storage import Hdf5Error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.hdf5.storage import File

MOST_NODES = 200_000
MOST_OBJECT = 32 << 20
MOST_COLLECTIONS = 64
"""Collections whose objects are kept in mind at a time."""
"""Bytes of one heap object that are read."""


def group_leaves(file: File, address: int) -> Iterator[int]:
    """Addresses of the symbol table nodes below a version 1 B-tree of a group."""
    for _, child in tree_entries(file, address, 0, file.length_size):
        yield child


def tree_entries(file: File, address: int, kind: int, key_size: int) -> Iterator[tuple[bytes, int]]:
    """Keys and children of the leaves of a version 1 B-tree. Raises ``Hdf5Error`` on loops."""
    width = file.offset_size
    pending = [address]
    seen = {address}
    while pending:
        here = pending.pop()
        head = file.read(here, 8 + 2 * width, "B-tree node")
        if head[:4] != b"TREE" or head[4] != kind:
            raise Hdf5Error("no B-tree node where one should be", here)
        level, used = head[5], int.from_bytes(head[6:8], "little")
        data = file.read(here + len(head), used * (key_size + width), "B-tree node")
        for index in range(used):
            at = index * (key_size + width)
            child = file.address_in(data, at + key_size)
            if level == 0:
                yield data[at : at + key_size], child
                continue
            if child in seen or len(seen) > MOST_NODES:
                raise Hdf5Error("a B-tree runs in a loop", here)
            seen.add(child)
            pending.append(child)


class LocalHeap:
    """The names of an old-style group."""

    __slots__ = ("address", "file", "size")

    def __init__(self, file: File, address: int) -> None:
        self.file = file
        head = file.read(address, 8 + 2 * file.length_size + file.offset_size, "local heap")
        if head[:4] != b"HEAP":
            raise Hdf5Error("no local heap where one should be", address)
        self.size = file.length_in(head, 8)
        self.address = file.address_in(head, 8 + 2 * file.length_size)

    def text(self, offset: int) -> str:
        """The name at an offset in the heap. Raises ``Hdf5Error``."""
        if offset >= self.size:
            raise Hdf5Error("a name lies outside its heap", self.address, "out-of-bounds")
        length = min(self.size - offset, 65_536)
        step = 64
        while True:
            data = self.file.read(self.address + offset, min(step, length), "local heap")
            end = data.find(b"\0")
            if end >= 0:
                return data[:end].decode("utf-8", "backslashreplace")
            if step >= length:
                return data.decode("utf-8", "backslashreplace")
            step *= 8


def global_object(file: File, address: int, index: int) -> bytes:
    """An object of a global heap collection: a string or sequence of any length."""
    if address not in file.collections:
        if len(file.collections) >= MOST_COLLECTIONS:
            file.collections.clear()
        file.collections[address] = _collection(file, address)
    places, error = file.collections[address]
    if index not in places:
        raise error or Hdf5Error(f"global heap object {index} does not exist", address)
    at, length = places[index]
    if length > MOST_OBJECT:
        raise Hdf5Error(f"global heap object of {length:,} bytes", at, "unsupported")
    return file.source.read(file.start + at + _up8(8 + file.length_size), length)


def _collection(file: File, address: int) -> tuple[dict[int, tuple[int, int]], Hdf5Error | None]:
    """The objects of a collection (address and length by index), and why the walk ended early if it did."""
    head = file.read(address, 8 + file.length_size, "global heap")
    if head[:4] != b"GCOL":
        raise Hdf5Error("no global heap where one should be", address)
    size = file.length_in(head, 8)
    at = _up8(len(head))
    step = 8 + file.length_size
    places: dict[int, tuple[int, int]] = {}
    try:
        while at + step <= size:
            entry = file.read(address + at, step, "global heap")
            number = int.from_bytes(entry[:2], "little")
            length = file.length_in(entry, 8)
            places.setdefault(number, (address + at, length))
            if number == 0:
                break
            at += _up8(step) + _up8(length)
    except Hdf5Error as error:
        return places, error
    return places, None


def _up8(number: int) -> int:
    return (number + 7) & ~7


def _bytes_for(number: int) -> int:
    """Bytes that the library gives to an integer of at most this size."""
    return (max(number, 1).bit_length() - 1) // 8 + 1


def tree2_records(file: File, address: int) -> Iterator[bytes]:
    """The records of a version 2 B-tree, in no particular order. Raises ``Hdf5Error`` on loops."""
    width = file.offset_size
    head = file.read(address, 16 + width + 2 + file.length_size, "B-tree header")
    if head[:4] != b"BTHD":
        raise Hdf5Error("no B-tree header where one should be", address)
    node_size = int.from_bytes(head[6:10], "little")
    record_size = int.from_bytes(head[10:12], "little")
    depth = int.from_bytes(head[12:14], "little")
    root = file.address_in(head, 16)
    count = int.from_bytes(head[16 + width : 18 + width], "little")
    if root < 0:
        return
    if not record_size or node_size < 16 or depth > 32:
        raise Hdf5Error("a B-tree header that cannot be", address)
    capacity = (node_size - 10) // record_size
    number_size = _bytes_for(capacity)
    totals = [0, *_total_sizes(node_size, record_size, capacity, width + number_size, depth)]
    pending = [(root, count, depth)]
    seen = {root}
    while pending:
        here, used, level = pending.pop()
        total_size = totals[level - 1] if level > 1 else 0
        pointer = width + number_size + total_size
        length = 6 + used * record_size + ((used + 1) * pointer if level else 0)
        data = file.read(here, length, "B-tree node")
        if data[:4] != (b"BTIN" if level else b"BTLF"):
            raise Hdf5Error("no B-tree node where one should be", here)
        for index in range(used):
            yield data[6 + index * record_size : 6 + (index + 1) * record_size]
        if not level:
            continue
        for index in range(used + 1):
            at = 6 + used * record_size + index * pointer
            child = file.address_in(data, at)
            number = int.from_bytes(data[at + width : at + width + number_size], "little")
            if child in seen or len(seen) > MOST_NODES:
                raise Hdf5Error("a B-tree runs in a loop", here)
            seen.add(child)
            pending.append((child, number, level - 1))


def _total_sizes(node: int, record: int, capacity: int, pointer: int, depth: int) -> list[int]:
    """Bytes of the "all records below" counts that nodes of level 2, 3, ... keep of their children."""
    sizes: list[int] = []
    below = capacity
    for level in range(1, depth + 1):
        size = sizes[-1] if level > 1 else 0
        fits = max((node - 10 - pointer - size) // (record + pointer + size), 0)
        below = (fits + 1) * below + fits
        sizes.append(_bytes_for(below))
    return sizes


class FractalHeap:
    """The heap of dense links and attributes. Filtered and huge objects are not followed."""

    __slots__ = (
        "address", "direct_most", "file", "filtered", "id_length", "offset_bytes", "root", "rows", "size_bytes",
        "start_size", "width",
    )  # fmt: skip

    def __init__(self, file: File, address: int) -> None:
        offsets, lengths = file.offset_size, file.length_size
        self.file = file
        self.address = address
        head = file.read(address, 22 + 12 * lengths + 3 * offsets, "fractal heap")
        if head[:4] != b"FRHP":
            raise Hdf5Error("no fractal heap where one should be", address)
        self.id_length = int.from_bytes(head[5:7], "little")
        self.filtered = int.from_bytes(head[7:9], "little") > 0
        managed_most = int.from_bytes(head[10:14], "little")
        at = 14 + 2 * lengths + 2 * offsets + 8 * lengths
        self.width = int.from_bytes(head[at : at + 2], "little")
        self.start_size = file.length_in(head, at + 2)
        self.direct_most = file.length_in(head, at + 2 + lengths)
        heap_bits = int.from_bytes(head[at + 2 + 2 * lengths : at + 4 + 2 * lengths], "little")
        self.root = file.address_in(head, at + 6 + 2 * lengths)
        rows = at + 6 + 2 * lengths + offsets
        self.rows = int.from_bytes(head[rows : rows + 2], "little")
        self.offset_bytes = (heap_bits + 7) // 8
        self.size_bytes = _bytes_for(min(self.direct_most, managed_most))
        if not self.width or not self.start_size or self.direct_most < self.start_size or heap_bits > 64:
            raise Hdf5Error("a fractal heap header that cannot be", address)

    def read(self, identifier: bytes) -> bytes:
        """The object that a heap identifier names. Raises ``Hdf5Error``."""
        kind = identifier[0] >> 4 & 3 if identifier else 3
        if kind == 2:
            return identifier[1 : 2 + (identifier[0] & 15)]
        if kind != 0:
            raise Hdf5Error("a huge object of a fractal heap is not followed", self.address, "unsupported")
        if self.filtered:
            raise Hdf5Error("a filtered fractal heap is not followed", self.address, "unsupported")
        offset = int.from_bytes(identifier[1 : 1 + self.offset_bytes], "little")
        at = 1 + self.offset_bytes
        length = int.from_bytes(identifier[at : at + self.size_bytes], "little")
        block, start = self._block(offset)
        return self.file.read(block + offset - start, length, "fractal heap object")

    def _row_size(self, row: int) -> int:
        return self.start_size << max(row - 1, 0)

    def _block(self, offset: int) -> tuple[int, int]:
        """Address and heap offset of the direct block in which a heap offset lies."""
        address, rows, start = self.root, self.rows, 0
        direct_rows = (self.direct_most // self.start_size).bit_length() + 1
        for _ in range(64):
            if rows == 0:
                return address, start
            row, begin = 0, start
            while row < rows and offset >= begin + self.width * self._row_size(row):
                begin += self.width * self._row_size(row)
                row += 1
            if row >= rows or row > 64:
                raise Hdf5Error("a heap identifier lies outside its heap", self.address, "out-of-bounds")
            size = self._row_size(row)
            column = (offset - begin) // size
            width = self.file.offset_size
            entry = row * self.width + column
            prefix = 5 + width + self.offset_bytes
            data = self.file.read(address + prefix + entry * width, width, "fractal heap block")
            if self.file.read(address, 4, "fractal heap block") != b"FHIB":
                raise Hdf5Error("no fractal heap block where one should be", address)
            address, start = self.file.address_in(data, 0), begin + column * size
            if row < direct_rows:
                return address, start
            rows = (size // self.start_size // self.width).bit_length()
        raise Hdf5Error("a fractal heap nests without end", self.address)
