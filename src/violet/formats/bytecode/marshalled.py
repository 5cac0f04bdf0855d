"""Read marshalled Python code without unmarshalling it.

Facts from CPython's ``Python/marshal.c`` (2.7 to 3.14). Only lengths are followed; what is made is texts,
bytes, tuples of them and ``Code``, and ``None`` for every other constant.
"""

from __future__ import annotations

from violet.formats.bytecode.code import EARLIER, LATER, Code

MOST_DEPTH = 60
MOST_ITEMS = 100_000

_LAYOUTS = ((5, LATER), (6, EARLIER), (5, ()), (4, ()))
"""Numbers before the bytecode, and the versions: 3.11 and later (in an order of its own), 3.8 to 3.10, 3.0 to 3.7,
2.7."""


class _BrokenError(Exception):
    pass


def read_code(data: bytes, versions: tuple[int, ...] | None = None) -> Code | None:
    """The code that ``data`` begins with; ``None`` where the layout of no version (of ``versions``) fits."""
    for numbers, candidates in _LAYOUTS:
        if versions is not None and versions != () and not set(versions) & set(candidates):
            continue
        reader = _Reader(data, numbers, candidates)
        try:
            value = reader.value(0)
        except (_BrokenError, IndexError):
            continue
        if isinstance(value, Code):
            if versions:
                for code in value.walk():
                    code.versions = versions
            return value
    return None


class _Reader:
    __slots__ = ("at", "data", "items", "numbers", "refs", "versions")

    def __init__(self, data: bytes, numbers: int, versions: tuple[int, ...]) -> None:
        self.data = data
        self.at = 0
        self.numbers = numbers
        self.versions = versions
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
        before = [self.number() for _ in range(self.numbers)]
        bytecode = self.value(depth + 1)
        constants = self.value(depth + 1)
        names = self.value(depth + 1)
        if not isinstance(bytecode, bytes) or not isinstance(constants, tuple) or not isinstance(names, tuple):
            raise _BrokenError
        if self.versions == LATER:  # names of variables, their kinds, file name, name, qualified name
            rest = [self.value(depth + 1) for _ in range(5)]
            name = rest[3]
            self.number()
            tail = [self.value(depth + 1), self.value(depth + 1)]
            if not isinstance(rest[1], bytes) or not all(isinstance(t, bytes) for t in tail):
                raise _BrokenError
            fast = cells = _length(rest[0])
        else:  # names of locals, free and cell variables, file name, name
            rest = [self.value(depth + 1) for _ in range(5)]
            name = rest[4]
            self.number()
            if not isinstance(self.value(depth + 1), bytes):
                raise _BrokenError
            fast = min(before[-3], _length(rest[0]))
            cells = _length(rest[1]) + _length(rest[2])
        if not isinstance(name, str):
            raise _BrokenError
        made = Code(name, bytecode, constants, _words(names), _words(rest[0]), fast, cells, self.versions)
        made.size = self.at - begin
        return made


def _length(value: object) -> int:
    return len(value) if isinstance(value, tuple) else 0


def _words(value: object) -> tuple[str, ...]:
    """Names by their index: what is no text keeps its place."""
    return tuple(n if isinstance(n, str) else "" for n in value) if isinstance(value, tuple) else ()
