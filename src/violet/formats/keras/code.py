"""Look at marshalled Python code without unmarshalling it: the names it uses and the constants it holds.

Facts from CPython's ``Python/marshal.c`` (2.7 to 3.14). Only lengths are followed; no object is made but
text, tuples of text and nested summaries.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

MOST_DEPTH = 60
MOST_ITEMS = 100_000
MOST_TEXT = 4096

_LAYOUTS = ((5, True), (6, False), (5, False), (4, False))
"""Numbers before the bytecode, and whether the newer order of parts follows: 3.11 and later, 3.8 to 3.10,
3.0 to 3.7, 2.7."""


@dataclass(frozen=True, slots=True)
class Code:
    """``names`` are the globals and attributes of the code and of the code in it; ``constants`` its texts."""

    name: str
    names: tuple[str, ...]
    constants: tuple[str, ...]
    size: int


class _BrokenError(Exception):
    pass


def decode(text: str) -> Code | None:
    """The code in base64 (or, as Keras 1 wrote it, raw characters); ``None`` where it is not code."""
    compact = "".join(text.split())
    try:
        data = base64.b64decode(compact, validate=False)
    except (binascii.Error, ValueError):
        data = b""
    for candidate in (data, _latin(text)):
        if candidate[:1] and candidate[0] & 0x7F == 0x63:
            found = summarise(candidate)
            if found is not None:
                return found
    return None


def _latin(text: str) -> bytes:
    try:
        return text.encode("raw_unicode_escape")
    except UnicodeError:
        return b""


def summarise(data: bytes) -> Code | None:
    """The names and texts of marshalled code; ``None`` where no version's layout fits."""
    for numbers, late in _LAYOUTS:
        reader = _Reader(data, numbers, late)
        try:
            value = reader.value(0)
        except (_BrokenError, IndexError):
            continue
        if isinstance(value, Code):
            return value
    return None


class _Reader:
    __slots__ = ("at", "data", "items", "late", "numbers", "refs")

    def __init__(self, data: bytes, numbers: int, late: bool) -> None:
        self.data = data
        self.at = 0
        self.numbers = numbers
        self.late = late
        self.items = 0
        self.refs: list[object] = []

    def take(self, length: int) -> bytes:
        if length < 0 or self.at + length > len(self.data):
            raise _BrokenError
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little", signed=True)

    def value(self, depth: int) -> object:
        self.items += 1
        if depth > MOST_DEPTH or self.items > MOST_ITEMS:
            raise _BrokenError
        first = self.take(1)[0]
        kind = chr(first & 0x7F)
        slot = -1
        if first & 0x80:
            slot = len(self.refs)
            self.refs.append(None)
        found = self.body(kind, depth)
        if slot >= 0:
            self.refs[slot] = found
        return found

    def body(self, kind: str, depth: int) -> object:
        if kind in "NFTS.0":
            return None
        if kind == "i":
            self.take(4)
        elif kind in "Ig":
            self.take(8)
        elif kind == "f":
            self.take(self.take(1)[0])
        elif kind == "y":
            self.take(16)
        elif kind == "x":
            self.take(self.take(1)[0])
            self.take(self.take(1)[0])
        elif kind == "l":
            self.take(2 * abs(self.number()))
        elif kind == "s":
            return self.take(self.number())
        elif kind in "tuaA":
            return self.text(self.take(self.number()))
        elif kind in "zZ":
            return self.text(self.take(self.take(1)[0]))
        elif kind == "r":
            index = self.number()
            return self.refs[index] if 0 <= index < len(self.refs) else None
        elif kind == "R":
            self.number()
            return ""
        elif kind == ")":
            return self.several(self.take(1)[0], depth)
        elif kind in "([<>":
            return self.several(self.number(), depth)
        elif kind == ":":
            return self.several(3, depth)
        elif kind == "{":
            return self.table(depth)
        elif kind == "c":
            return self.code(depth)
        else:
            raise _BrokenError
        return None

    def text(self, raw: bytes) -> str:
        return raw.decode("utf-8", "backslashreplace")

    def several(self, count: int, depth: int) -> tuple[object, ...]:
        if not 0 <= count <= MOST_ITEMS:
            raise _BrokenError
        return tuple(self.value(depth + 1) for _ in range(count))

    def table(self, depth: int) -> tuple[object, ...]:
        found: list[object] = []
        while self.data[self.at : self.at + 1] != b"0":
            found.append(self.value(depth + 1))
            found.append(self.value(depth + 1))
        self.take(1)
        return tuple(found)

    def code(self, depth: int) -> Code:
        begin = self.at
        for _ in range(self.numbers):
            self.number()
        bytecode = self.value(depth + 1)
        constants = self.value(depth + 1)
        names = self.value(depth + 1)
        if not isinstance(bytecode, bytes) or not isinstance(constants, tuple) or not isinstance(names, tuple):
            raise _BrokenError
        if self.late:  # 3.11 and later: names of locals, their kinds, file name, name, qualified name
            rest = [self.value(depth + 1) for _ in range(5)]
            name = rest[3]
            self.number()
            tail = [self.value(depth + 1), self.value(depth + 1)]
            if not isinstance(rest[1], bytes) or not all(isinstance(t, bytes) for t in tail):
                raise _BrokenError
        else:  # names of locals, free and cell variables, file name, name
            rest = [self.value(depth + 1) for _ in range(5)]
            name = rest[4]
            self.number()
            if not isinstance(self.value(depth + 1), bytes):
                raise _BrokenError
        if not isinstance(name, str):
            raise _BrokenError
        used = [n for n in names if isinstance(n, str)]
        texts: list[str] = []
        _collect(constants, used, texts)
        return Code(name, tuple(dict.fromkeys(used)), tuple(dict.fromkeys(texts)), self.at - begin)


def _collect(constants: tuple[object, ...], names: list[str], texts: list[str]) -> None:
    for constant in constants:
        if isinstance(constant, Code):
            names.extend(constant.names)
            texts.extend(constant.constants)
        elif isinstance(constant, str):
            texts.append(constant[:MOST_TEXT])
        elif isinstance(constant, bytes):
            texts.append(constant[:MOST_TEXT].decode("latin-1"))
        elif isinstance(constant, tuple):
            _collect(constant, names, texts)
