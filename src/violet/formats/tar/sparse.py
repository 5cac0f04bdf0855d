"""Sparse files: the parts that an archive holds, with zeros between them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from violet.formats.source import Source

if TYPE_CHECKING:
    from violet.formats.tar.header import Header

BLOCK = 512
MOST_PARTS = 100_000


class SparseSource(Source):
    """The file that a sparse member stands for. ``parts`` are offset and length of each, in order."""

    __slots__ = ("offsets", "packed", "parts", "starts")

    def __init__(self, packed: Source, parts: list[tuple[int, int]], size: int) -> None:
        self.packed = packed
        self.parts = parts
        self.size = size
        self.offsets = [offset for offset, _ in parts]
        self.starts = []
        at = 0
        for _, length in parts:
            self.starts.append(at)
            at += length

    def read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length <= 0 or offset >= self.size:
            return b""
        end = min(offset + length, self.size)
        pieces: list[bytes] = []
        index = max(bisect_right(self.offsets, offset) - 1, 0)
        at = offset
        while at < end:
            if index >= len(self.parts):
                pieces.append(bytes(end - at))
                break
            start, count = self.parts[index]
            if at < start:
                pieces.append(bytes(min(start, end) - at))
                at = min(start, end)
            elif at < start + count:
                take = min(start + count, end) - at
                piece = self.packed.read(self.starts[index] + at - start, take)
                pieces.append(piece + bytes(take - len(piece)))
                at += take
            else:
                index += 1
        return b"".join(pieces)


def old_map(source: Source, header: Header) -> None:
    """The map of a GNU sparse member of the old form: in the header, continued in blocks after it."""
    block, width, at, more = header.block, 4, 386, header.block[482]
    parts: list[tuple[int, int]] = []
    while True:
        for index in range(width):
            offset = _field(block, at + 24 * index)
            length = _field(block, at + 24 * index + 12)
            if length > 0 or offset > 0:
                parts.append((offset, length))
        if not more or len(parts) > MOST_PARTS:
            break
        block = source.read(header.data, BLOCK)
        if len(block) < BLOCK:
            break
        header.data += BLOCK
        width, at, more = 21, 0, block[504]
    header.sparse = parts
    header.real_size = _field(header.block, 483)


def _field(block: bytes, at: int) -> int:
    from violet.formats.tar.header import number

    return max(number(block[at : at + 12]) or 0, 0)


def pax_map(source: Source, header: Header, records: list[tuple[str, str]]) -> None:
    """The map of a sparse member in pax form: 0.0 (a pair of records a part), 0.1 (one list) or 1.0 (lines
    at the beginning of the content)."""
    values = dict(records)
    if not any(key.startswith("GNU.sparse.") for key in values):
        return
    try:
        header.real_size = int(values.get("GNU.sparse.realsize", values.get("GNU.sparse.size", "-1")))
        header.name = values.get("GNU.sparse.name", header.name)
        if values.get("GNU.sparse.major") == "1":
            _leading_map(source, header)
        elif "GNU.sparse.map" in values:
            numbers = [int(part) for part in values["GNU.sparse.map"].split(",")[: 2 * MOST_PARTS]]
            header.sparse = list(zip(numbers[::2], numbers[1::2], strict=False))
        else:
            offsets = [int(value) for key, value in records if key == "GNU.sparse.offset"]
            lengths = [int(value) for key, value in records if key == "GNU.sparse.numbytes"]
            header.sparse = list(zip(offsets, lengths, strict=False))
    except ValueError:
        header.sparse, header.real_size = [], -1


def _leading_map(source: Source, header: Header) -> None:
    data = source.read(header.data, min(header.size, 24 * MOST_PARTS))
    count_text, _, rest = data.partition(b"\n")
    count = int(count_text)
    if not 0 <= count <= MOST_PARTS:
        raise ValueError("too many parts")
    lines = rest.split(b"\n", 2 * count)
    numbers = [int(line) for line in lines[: 2 * count]]
    used = len(count_text) + 1 + sum(len(line) + 1 for line in lines[: 2 * count])
    header.sparse = list(zip(numbers[::2], numbers[1::2], strict=False))
    padded = -(-used // BLOCK) * BLOCK
    header.data += padded
    header.size = max(header.size - padded, 0)


def sparse_content(packed: Source, header: Header) -> Source | None:
    """The expanded file, ``None`` where the map makes no sense."""
    at = 0
    for offset, length in header.sparse:
        if offset < at or length < 0:
            return None
        at = offset + length
    size = header.real_size if header.real_size >= 0 else at
    return SparseSource(packed, header.sparse, size) if at <= size < 1 << 62 else None
