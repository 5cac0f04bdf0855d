"""A bounded walker over the protocol buffers wire format; knows no schema and builds no objects.

Facts from the encoding page of the protocol buffers documentation (protobuf.dev, "Encoding"): a message
is a run of records, each a varint tag ``number << 3 | wire type`` and a payload.

Use::

    wire = Wire(source, reading.meter)
    for field in wire.fields():                  # the top-level message
        if field.number == 7 and field.wire == BYTES:
            for inner in wire.fields(field):     # a message in a field; nothing else is read
                ...
    parsed.defects.extend(wire.defects)

Trouble never raises: the walk of that message ends, what went wrong is in ``defects``, and the walk of
the messages around it goes on. A payload that is cut short is still given, with the length that exists.
Only exhausting the meter or the nesting bound raises (``BoundExceededError``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from violet.formats.base import Defect
from violet.formats.source import BoundExceededError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.source import Meter, Source

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
GROUP: Final = 3
END_GROUP: Final = 4
FIXED32: Final = 5

MOST_DEPTH = 100
"""Messages within messages; the limit that protobuf's own parsers have."""
MOST_DEFECTS = 50
LONGEST_MESSAGE = 1 << 31
"""Bytes; protobuf's own writers and parsers end there."""
_NEAR = 1 << 16
_FAR = 1 << 12
_BATCH = 1024


class Field(NamedTuple):
    """One record of a message.

    ``value`` is the number of a varint or fixed-width field (unsigned), and 0 for other wire types.
    ``offset`` and ``length`` are where the payload stands in the source, in bytes; for ``GROUP`` that is
    what stands between its start and end tags. ``depth`` is that of the message the record stands in.
    """

    number: int
    wire: int
    value: int
    offset: int
    length: int
    depth: int = 0

    @property
    def signed(self) -> int:
        """``value`` as int64 (or int32 sign-extended to 64 bits, which is how those are written)."""
        return self.value - (1 << 64) if self.value >> 63 else self.value


class Wire:
    """Walks the messages of one source. Reads in windows and skips payloads that nobody asks for."""

    __slots__ = ("_base", "_data", "defects", "meter", "source")

    def __init__(self, source: Source, meter: Meter | None = None) -> None:
        self.source = source
        self.meter = meter
        self.defects: list[Defect] = []
        self._data = b""
        self._base = 0

    def fields(self, inside: Field | None = None) -> Iterator[Field]:
        """The records of the top-level message, or of the message that ``inside`` holds, in file order."""
        if inside is None:
            return self.walk(0, self.source.size, 0)
        return self.walk(inside.offset, inside.offset + inside.length, inside.depth + 1)

    def walk(self, position: int, end: int, depth: int = 0) -> Iterator[Field]:
        """The records between two offsets. Raises ``BoundExceededError`` for depth and operations."""
        if depth > MOST_DEPTH:
            raise BoundExceededError("nesting", f"nests messages more than {MOST_DEPTH} deep")
        end = min(end, self.source.size)
        count = 0
        while position < end:
            count += 1
            if count == _BATCH:
                self._count(count)
                count = 0
            begin = position
            # The varint of one byte is nearly every tag: worth its own path.
            index = position - self._base
            if 0 <= index < len(self._data) and (tag := self._data[index]) < 0x80:
                position += 1
            else:
                tag, position = self._varint(position, end)
            if position < 0:
                self._broken(begin, end, "tag")
                break
            number, wire = tag >> 3, tag & 7
            if not 0 < number < 1 << 29:
                self._defect("malformed", f"field number {number} cannot be", begin)
                break
            if wire == VARINT:
                value, after = self._varint(position, end)
                if after < 0:
                    self._broken(position, end, f"value of field {number}")
                    break
                yield Field(number, wire, value, position, after - position, depth)
                position = after
            elif wire == BYTES:
                length, after = self._varint(position, end)
                if after < 0:
                    self._broken(position, end, f"length of field {number}")
                    break
                if length > end - after:
                    self._cut(number, length, after, end)
                    yield Field(number, wire, 0, after, end - after, depth)
                    break
                yield Field(number, wire, 0, after, length, depth)
                position = after + length
            elif wire in (FIXED64, FIXED32):
                width = 8 if wire == FIXED64 else 4
                if width > end - position:
                    self._cut(number, width, position, end)
                    break
                value = int.from_bytes(self.read(position, width), "little")
                yield Field(number, wire, value, position, width, depth)
                position += width
            elif wire == GROUP:
                stop, after = self._group_end(number, position, end)
                yield Field(number, wire, 0, position, stop - position, depth)
                if after < 0:
                    break
                position = after
            else:
                what = "group end without a start" if wire == END_GROUP else f"wire type {wire}"
                self._defect("malformed", f"{what} in field {number}", begin)
                break
        self._count(count)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the source, through the window where they are near the last ones read."""
        index = offset - self._base
        if index < 0 or index + length > len(self._data):
            if length > _FAR:
                return self.source.read(offset, length)
            self._fill(offset)
            index = 0
        return self._data[index : index + length]

    def payload(self, field: Field, most: int) -> bytes:
        """At most ``most`` bytes of the field's payload."""
        return self.read(field.offset, min(field.length, most))

    def text(self, field: Field, most: int = 1 << 16) -> str:
        """The payload as text, at most ``most`` bytes of it; bytes that are not UTF-8 are escaped."""
        return self.payload(field, most).decode("utf-8", "backslashreplace")

    def numbers(self, field: Field, most: int = 4096) -> list[int]:
        """Unsigned varints of a repeated field, packed or not; at most ``most`` of them."""
        if field.wire == VARINT:
            return [field.value]
        found: list[int] = []
        position, end = field.offset, field.offset + field.length
        while position < end and len(found) < most:
            value, after = self._varint(position, end)
            if after < 0:
                self._broken(position, end, f"packed field {field.number}")
                break
            found.append(value)
            position = after
        self._count(len(found))
        return found

    def _count(self, count: int) -> None:
        if self.meter is not None:
            self.meter.operate(count)

    def _fill(self, offset: int) -> None:
        """Move the window: a long one where reading goes on, a short one after a jump over a payload."""
        near = self._base <= offset <= self._base + len(self._data)
        self._data = self.source.read(offset, _NEAR if near else _FAR)
        self._base = offset

    def _varint(self, position: int, end: int) -> tuple[int, int]:
        """The value and the position after it; the position is -1 where there is no whole varint."""
        index = position - self._base
        data = self._data
        if index < 0 or index + 10 > len(data):
            if position >= end:
                return 0, -1
            self._fill(position)
            index, data = 0, self._data
        value = shift = 0
        for byte in data[index : index + min(10, end - position)]:
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, position
            shift += 7
        return 0, -1

    def _group_end(self, number: int, position: int, end: int) -> tuple[int, int]:
        """Where the end tag of a group begins and ends; ``(end, -1)`` where there is none."""
        open_groups = [number]
        start = position
        count = 0
        while position < end:
            count += 1
            begin = position
            tag, position = self._varint(position, end)
            if position < 0:
                break
            inner, wire = tag >> 3, tag & 7
            if wire == END_GROUP:
                if open_groups.pop() != inner:
                    break
                if not open_groups:
                    self._count(count)
                    return begin, position
            elif wire == GROUP:
                open_groups.append(inner)
                if len(open_groups) > MOST_DEPTH:
                    raise BoundExceededError("nesting", f"nests groups more than {MOST_DEPTH} deep")
            elif wire == VARINT:
                _, position = self._varint(position, end)
            elif wire == BYTES:
                length, position = self._varint(position, end)
                position = position + length if position >= 0 else -1
            elif wire in (FIXED64, FIXED32):
                position += 8 if wire == FIXED64 else 4
            else:
                break
            if position < 0:
                break
        self._count(count)
        self._defect("malformed", f"group {number} has no end", start)
        return end, -1

    def _broken(self, position: int, end: int, what: str) -> None:
        """No whole varint stands at ``position``: cut by the end, or longer than varints can be."""
        if end - position >= 10:
            self._defect("malformed", f"{what} is a varint of more than 10 bytes", position)
        elif end >= self.source.size:
            self._defect("truncated", f"ends inside the {what}", position)
        else:
            self._defect("malformed", f"message ends inside the {what}", position)

    def _cut(self, number: int, length: int, position: int, end: int) -> None:
        short = f"field {number} says {length:,} bytes where {end - position:,} are left"
        if length > LONGEST_MESSAGE:
            self._defect("out-of-bounds", f"{short}, more than any message can have", position)
        elif end >= self.source.size:
            self._defect("truncated", short, position)
        else:
            self._defect("malformed", f"{short} in its message", position)

    def _defect(self, kind: str, message: str, offset: int) -> None:
        if len(self.defects) < MOST_DEFECTS:
            self.defects.append(Defect(kind, f"Protocol buffers: {message}", offset, key=f"protobuf-{kind}"))
