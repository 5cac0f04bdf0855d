"""Thrift's compact protocol, bounded: the structures of a Parquet footer and of its page headers.

Source: the compact protocol specification in the Thrift repository (``doc/specs/thrift-compact-protocol.md``).
Only fields that are asked for are kept; the others are passed over without being built.
"""

from __future__ import annotations

import struct
from typing import Any

from violet.formats.source import BoundExceededError

DEEPEST = 32
"""Structures and lists within one another."""

_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = range(14)

Wanted = dict[int, Any]
"""Field numbers that are kept; the value is what is wanted of a structure (or of those in a list), else ``None``."""


class ThriftError(Exception):
    """The bytes are no such structure; ``offset`` is where that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class ThriftReader:
    """Reads structures from ``data``. ``budget`` is how many values they may hold, all together."""

    __slots__ = ("budget", "data", "position")

    def __init__(self, data: bytes, position: int = 0, budget: int = 1 << 20) -> None:
        self.data = data
        self.position = position
        self.budget = budget

    def structure(self, wanted: Wanted, depth: int = 0) -> dict[int, Any]:
        """The wanted fields that are there. Raises ``ThriftError``, and ``BoundExceededError`` for too many or too
        deep."""
        self._enter(depth)
        found: dict[int, Any] = {}
        number = 0
        while True:
            kind, number = self._field(number)
            if kind == _STOP:
                return found
            if number in wanted:
                if number in found:
                    raise ThriftError(f"gives field {number} twice", self.position)
                found[number] = self._value(kind, wanted[number], depth + 1)
            else:
                self._skip(kind, depth + 1)

    def _field(self, previous: int) -> tuple[int, int]:
        self._spend(1)
        head = self._byte()
        kind = head & 15
        if kind == _STOP:
            return _STOP, 0
        if kind > _UUID:
            raise ThriftError(f"has a field of the unknown type {kind}", self.position - 1)
        return kind, previous + (head >> 4) if head >> 4 else self._zigzag()

    def _value(self, kind: int, wanted: Any, depth: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _BINARY:
            return self._take(self._varint())
        if kind == _STRUCT:
            return self.structure(wanted or {}, depth)
        if kind in (_LIST, _SET):
            self._enter(depth)
            element, count = self._list_head()
            if element in (_TRUE, _FALSE):
                return [byte == 1 for byte in self._take(count)]
            return [self._value(element, wanted, depth + 1) for _ in range(count)]
        if kind == _BYTE:
            return self._byte()
        self._skip(kind, depth)
        return None

    def _skip(self, kind: int, depth: int) -> None:
        if kind in (_TRUE, _FALSE):
            return
        if kind in (_I16, _I32, _I64):
            self._varint()
        elif kind == _BINARY:
            self._pass(self._varint())
        elif kind == _DOUBLE:
            self._pass(8)
        elif kind == _BYTE:
            self._pass(1)
        elif kind == _UUID:
            self._pass(16)
        elif kind == _STRUCT:
            self._enter(depth)
            number = 0
            while True:
                inner, number = self._field(number)
                if inner == _STOP:
                    return
                self._skip(inner, depth + 1)
        elif kind in (_LIST, _SET):
            self._enter(depth)
            element, count = self._list_head()
            self._skip_elements(element, count, depth)
        else:
            self._enter(depth)
            count = self._varint()
            if count:
                kinds = self._byte()
                self._fits(count, 2)
                self._spend(2 * count)
                for _ in range(count):
                    self._skip_elements(kinds >> 4, 1, depth)
                    self._skip_elements(kinds & 15, 1, depth)

    def _skip_elements(self, kind: int, count: int, depth: int) -> None:
        if kind in (_TRUE, _FALSE, _BYTE):
            self._pass(count)
        elif kind == _DOUBLE:
            self._pass(8 * count)
        elif kind == _UUID:
            self._pass(16 * count)
        else:
            for _ in range(count):
                self._skip(kind, depth + 1)

    def _list_head(self) -> tuple[int, int]:
        head = self._byte()
        element, count = head & 15, head >> 4
        if count == 15:
            count = self._varint()
        if not 0 < element <= _UUID:
            raise ThriftError(f"has a list of the unknown type {element}", self.position)
        self._fits(count, 1)
        self._spend(count)
        return element, count

    def _enter(self, depth: int) -> None:
        if depth > DEEPEST:
            raise BoundExceededError("nesting", f"nests structures more than {DEEPEST} deep")

    def _spend(self, count: int) -> None:
        self.budget -= count
        if self.budget < 0:
            raise BoundExceededError("table", "has more values in its metadata than are read")

    def _fits(self, count: int, least: int) -> None:
        left = len(self.data) - self.position
        if count * least > left:
            raise ThriftError(f"says that {count:,} values follow, where {left:,} bytes are left", self.position)

    def _byte(self) -> int:
        if self.position >= len(self.data):
            raise ThriftError("ends in the middle", self.position)
        self.position += 1
        return self.data[self.position - 1]

    def _varint(self) -> int:
        data, at = self.data, self.position
        if at < len(data) and data[at] < 0x80:
            self.position = at + 1
            return data[at]
        value = shift = 0
        for at in range(self.position, min(self.position + 10, len(data))):
            byte = data[at]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                self.position = at + 1
                return value
            shift += 7
        raise ThriftError("has a number without end", self.position)

    def _zigzag(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _take(self, length: int) -> bytes:
        start = self.position
        self._pass(length)
        return self.data[start : self.position]

    def _pass(self, length: int) -> None:
        if length > len(self.data) - self.position:
            left = len(self.data) - self.position
            raise ThriftError(f"has a value of {length:,} bytes where {left:,} are left", self.position)
        self.position += length


def footer_length(tail: bytes) -> int:
    """The four bytes before the magic number at the end."""
    length: int = struct.unpack("<I", tail[-8:-4])[0]
    return length
