"""The bounded reader of GGUF, versions 1 to 3 in both byte orders.

Layout from the specification in the ggml repository (``docs/gguf.md``), block sizes from
``gguf/constants.py`` of llama.cpp. Counts and lengths are held against the bytes that are left before
they are believed: counts chosen to overflow a loader's multiplication are how its heap has been
overrun (CVE-2024-23496, CVE-2024-23605 and their kin). Tensor bytes are never read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.formats.base import Child, Parsed, Relation
from violet.formats.source import BoundExceededError, BytesSource
from violet.formats.tensors.layout import (
    MOST_PEEKED,
    Span,
    check_spans,
    metadata_children,
    note,
    peek,
    shown,
    slug,
)

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Meter, Source

_STRING, _ARRAY, _BOOL = 8, 9, 7
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66),
    17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18),
}  # fmt: skip
"""For each tensor type: elements and bytes of one block. Q8_1 (9) is left out: it changed its size."""

_IMPLAUSIBLE = 1 << 40
_MOST_VERSION = 255
_MOST_TYPE = 255
"""Types are numbered from 0 on; there were 42 in 2026."""
_MOST_DIMENSIONS = 8
_MOST_NESTING = 4
_MOST_KEY = 1 << 16
_MOST_KEPT = 256
_WINDOW = 1 << 18


@dataclass(frozen=True, slots=True)
class ArrayInfo:
    """An array of the metadata: element type, length, and its first strings."""

    element: int
    length: int
    strings: tuple[str, ...] = ()


Value = int | float | bool | str | ArrayInfo


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One row of the tensor table; ``offset`` is into the data section, ``size`` -1 where unknown."""

    name: str
    dimensions: tuple[int, ...]
    type: int
    offset: int
    size: int


@dataclass(slots=True)
class GgufFacts:
    """What the header says; ``data`` is where the tensor bytes begin."""

    version: int
    big_endian: bool
    metadata: dict[str, Value] = field(default_factory=dict)
    tensors: list[TensorInfo] = field(default_factory=list)
    alignment: int = 32
    data: int = 0


class _StopError(Exception):
    """The rest of the header cannot be read."""

    def __init__(self, kind: str, message: str, offset: int) -> None:
        super().__init__(message)
        self.kind = kind
        self.offset = offset


class _Cursor:
    """Reads values one after the other through a window."""

    __slots__ = ("_base", "_data", "_limit", "_order", "_wide", "meter", "position", "source")

    def __init__(self, source: Source, order: str, wide: bool, table: int, meter: Meter) -> None:
        self.source = source
        self.meter = meter
        self.position = 0
        self._order = order
        self._wide = struct.Struct(order + ("Q" if wide else "I"))
        self._limit = table
        self._data = b""
        self._base = 0

    def take(self, length: int) -> bytes:
        start = self._need(length)
        self.position += length
        return self._data[start : start + length]

    def skip(self, length: int) -> None:
        self._fits(length)
        self.position += length

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little" if self._order == "<" else "big")

    def count(self) -> int:
        """A 64-bit number (32-bit in version 1)."""
        start = self._need(self._wide.size)
        self.position += self._wide.size
        return int(self._wide.unpack_from(self._data, start)[0])

    def scalar(self, code: str) -> int | float:
        value: int | float = struct.unpack(self._order + code, self.take(struct.calcsize(code)))[0]
        return value

    def string(self, most: int) -> str:
        """A string, at most ``most`` bytes of it; the rest is skipped."""
        length = self.count()
        self._fits(length)
        kept = self.take(min(length, most))
        self.position += length - len(kept)
        return kept.decode("utf-8", "backslashreplace")

    def skip_strings(self, count: int) -> None:
        """Pass over strings fast: vocabularies have hundreds of thousands."""
        unpack, width = self._wide.unpack_from, self._wide.size
        for _ in range(count):
            start = self.position - self._base
            if start < 0 or start + width > len(self._data):
                start = self._need(width)
            length = unpack(self._data, start)[0]
            self.position += width + length
            if self.position > self.source.size:
                self.position -= length
                self._fits(length)

    def within(self, count: int, least: int, what: str) -> None:
        """``count`` entries of at least ``least`` bytes must fit into what is left."""
        left = self.source.size - self.position
        if count * least > left:
            kind = "out-of-bounds" if count * least >= _IMPLAUSIBLE else "truncated"
            text = f"says it has {count:,} {what}, for which {left:,} bytes cannot be enough"
            raise _StopError(kind, text, self.position)

    def _fits(self, length: int) -> None:
        left = self.source.size - self.position
        if length > left:
            kind = "out-of-bounds" if length >= _IMPLAUSIBLE else "truncated"
            text = f"has a value of {length:,} bytes where {max(left, 0):,} are left"
            raise _StopError(kind, text, self.position)

    def _need(self, length: int) -> int:
        """Have ``length`` bytes in the window; gives the index of the first."""
        start = self.position - self._base
        if start < 0 or start + length > len(self._data):
            self._fits(length)
            if self.position > self._limit:
                raise BoundExceededError("table", f"has a header of more than {self._limit:,} bytes")
            self._data = self.source.read(self.position, max(length, _WINDOW))
            self._base = self.position
            start = 0
        return start


def read_gguf(source: Source, reading: Reading) -> Parsed:
    """Metadata and tensor table; chat templates and texts that look like code become children."""
    parsed = Parsed()
    head = source.read(0, 8)
    order = "<" if int.from_bytes(head[4:8], "little") & 0xFFFF else ">"
    version = int.from_bytes(head[4:8], "little" if order == "<" else "big")
    facts = GgufFacts(version, order == ">")
    parsed.facts = facts
    if len(head) < 8:
        note(parsed, "truncated", "The file ends inside its header.", 4, "version")
        return parsed
    if not 1 <= version <= 3:
        if version > _MOST_VERSION:
            note(parsed, "malformed", f"The file says it is of version {version:,}, which cannot be.", 4, "version")
        note(parsed, "unsupported", f"GGUF version {version} is not known.", 4, "version")
        return parsed
    cursor = _Cursor(source, order, version > 1, reading.bounds.table, reading.meter)
    cursor.position = 8
    try:
        tensors, pairs = cursor.count(), cursor.count()
        cursor.within(pairs, 13 if version > 1 else 9, "metadata pairs")
        for _ in range(pairs):
            _pair(cursor, facts, parsed)
        _align(facts, parsed)
        cursor.within(tensors, 24 if version > 1 else 16, "tensors")
        for _ in range(tensors):
            _tensor(cursor, facts, parsed)
    except _StopError as stop:
        note(parsed, stop.kind, f"The header {stop}.", stop.offset, f"header-{stop.kind}")
    else:
        _layout(cursor.position, facts, source, parsed)
    return parsed


def _pair(cursor: _Cursor, facts: GgufFacts, parsed: Parsed) -> None:
    cursor.meter.operate(1)
    begin = cursor.position
    key = cursor.string(_MOST_KEY)
    kind = cursor.u32()
    value = _value(cursor, kind, key, 0)
    if key in facts.metadata:
        note(parsed, "contradiction", f"Metadata {shown(key)} stands twice.", begin, f"duplicate:{slug(key)}")
    else:
        facts.metadata[key] = value
    texts = [value] if isinstance(value, str) else list(value.strings) if isinstance(value, ArrayInfo) else []
    if key.startswith("tokenizer.chat_template"):
        for text in texts:
            data = text.encode("utf-8", "backslashreplace")
            parsed.children.append(Child(slug(key), BytesSource(data), Relation.TEXT, "jinja", begin))
    else:
        parsed.children.extend(metadata_children((key, text) for text in texts))


def _value(cursor: _Cursor, kind: int, key: str, nesting: int) -> Value:
    if kind == _STRING:
        return cursor.string(4 << 20)
    if kind == _ARRAY:
        return _array(cursor, key, nesting)
    code = _SCALARS.get(kind)
    if code is None:
        raise _StopError("malformed", f"gives metadata {shown(key)} the unknown type {kind}", cursor.position - 4)
    number = cursor.scalar(code)
    return bool(number) if kind == _BOOL else number


def _array(cursor: _Cursor, key: str, nesting: int) -> ArrayInfo:
    element, length = cursor.u32(), cursor.count()
    if element == _STRING:
        cursor.within(length, 4, f"strings in {shown(key)}")
        cursor.meter.operate(length)
        # The words of a vocabulary are data, whatever they spell.
        kept = 0 if key.startswith("tokenizer.ggml.") else min(length, _MOST_KEPT)
        strings = tuple(cursor.string(1 << 20) for _ in range(kept))
        cursor.skip_strings(length - kept)
        return ArrayInfo(element, length, strings)
    if element == _ARRAY:
        if nesting >= _MOST_NESTING:
            raise BoundExceededError("nesting", f"nests arrays more than {_MOST_NESTING} deep")
        cursor.within(length, 8, f"arrays in {shown(key)}")
        found: list[str] = []
        for _ in range(length):
            cursor.meter.operate(1)
            inner = _array(cursor, key, nesting + 1)
            found.extend(inner.strings[: max(_MOST_KEPT - len(found), 0)])
        return ArrayInfo(element, length, tuple(found))
    code = _SCALARS.get(element)
    if code is None:
        raise _StopError("malformed", f"has an array {shown(key)} of the unknown type {element}", cursor.position)
    width = struct.calcsize(code)
    cursor.within(length, width, f"elements in {shown(key)}")
    cursor.skip(length * width)
    return ArrayInfo(element, length)


def _align(facts: GgufFacts, parsed: Parsed) -> None:
    value = facts.metadata.get("general.alignment", 32)
    if not isinstance(value, int) or not 1 <= value <= 1 << 20 or value & (value - 1):
        shown_value = value if isinstance(value, int | float) else type(value).__name__
        note(parsed, "malformed", f"The alignment {shown_value} cannot be.", key="alignment")
    else:
        facts.alignment = value


def _tensor(cursor: _Cursor, facts: GgufFacts, parsed: Parsed) -> None:
    cursor.meter.operate(1)
    begin = cursor.position
    name = cursor.string(_MOST_KEY)
    rank = cursor.u32()
    if rank > _MOST_DIMENSIONS:
        raise _StopError("malformed", f"gives tensor {shown(name)} {rank:,} dimensions", begin)
    dimensions = tuple(cursor.count() for _ in range(rank))
    kind = cursor.u32()
    offset = int(cursor.scalar("Q"))
    info = TensorInfo(name, dimensions, kind, offset, _size(name, dimensions, kind, begin, parsed))
    facts.tensors.append(info)


def _size(name: str, dimensions: tuple[int, ...], kind: int, begin: int, parsed: Parsed) -> int:
    """Bytes of a tensor, or -1 where that cannot be told."""
    elements = 1
    for extent in dimensions:
        elements *= extent
    key = slug(name)
    if elements >= 1 << 63:
        text = f"Tensor {shown(name)} of {list(dimensions)} has more elements than 64 bits can count."
        note(parsed, "out-of-bounds", text, begin, f"elements:{key}")
        return -1
    block = _BLOCKS.get(kind)
    if block is None:
        if kind > _MOST_TYPE:
            # loaders look the type up in a table, some of them without asking how long it is
            text = f"Tensor {shown(name)} has the type {kind:,}, far beyond the table of types."
            note(parsed, "out-of-bounds", text, begin, f"type:{kind}")
            return -1
        text = f"Tensor {shown(name)} has the unknown type {kind}, so its size is not known."
        note(parsed, "unsupported", text, begin, f"type:{kind}")
        return -1
    if dimensions and dimensions[0] % block[0]:
        text = f"Tensor {shown(name)} has rows of {dimensions[0]:,} elements in blocks of {block[0]}."
        note(parsed, "contradiction", text, begin, f"blocks:{key}")
        return -1
    return elements // block[0] * block[1]


def _layout(header: int, facts: GgufFacts, source: Source, parsed: Parsed) -> None:
    align = facts.alignment
    facts.data = -(-header // align) * align
    seen: set[str] = set()
    spans: list[Span] = []
    known = all(tensor.size >= 0 for tensor in facts.tensors)
    for tensor in facts.tensors:
        key = slug(tensor.name)
        if tensor.name in seen:
            note(parsed, "contradiction", f"Tensor {shown(tensor.name)} stands twice.", key=f"twice:{key}")
        seen.add(tensor.name)
        if tensor.offset % align:
            text = f"Tensor {shown(tensor.name)} begins at {tensor.offset:,}, not a multiple of {align}."
            note(parsed, "malformed", text, key=f"misaligned:{key}")
        spans.append(Span(tensor.offset, tensor.offset + tensor.size, tensor.name))
    for span in spans[:MOST_PEEKED]:
        peek(parsed, source, facts.data + span.begin, span.end - span.begin, span.name)
    if known:
        check_spans(parsed, source, facts.data, spans, align)
    else:
        parsed.unexamined.append("where its tensors end: they are of types that Violet does not know")
