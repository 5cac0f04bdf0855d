"""The instructions of CPython 3.8 to 3.14 that load, store, import and call, and which bytes are instructions.

Facts from each release's ``Lib/opcode.py``, ``Include/opcode_ids.h`` and ``Lib/_opcode_metadata.py``. Only what
the compiler writes is in the tables: the interpreter's own specialised and instrumented instructions trust
their operands, so code that brings them along is not believed.
"""

from __future__ import annotations

from functools import cache

from violet.formats.bytecode.code import V38, V39, V310, V311, V312, V313, V314


class Instructions:
    """``caches`` says how many empty code units follow an instruction. The other tables map an instruction to
    how far its operand is shifted to give the index of a name (``-1``: two indices of four bits each)."""

    __slots__ = (
        "attributes",
        "caches",
        "cells",
        "constants",
        "extended",
        "globals",
        "imported",
        "imports",
        "known",
        "loads",
        "nothing",
        "stores",
        "written",
    )

    def __init__(self, known: str, caches: dict[int, int], roles: dict[str, dict[int, int]]) -> None:
        self.known = _numbers(known)
        self.caches = caches
        self.constants = roles["constants"]
        self.globals = roles["globals"]
        self.attributes = roles["attributes"]
        self.imports = roles["imports"]
        self.imported = roles["imported"]
        self.written = roles["written"]
        self.loads = roles["loads"]
        self.stores = roles["stores"]
        self.cells = roles["cells"]
        self.extended = next(iter(roles["extended"]))
        self.nothing = frozenset(roles["nothing"])


def _numbers(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _plain(*numbers: int) -> dict[int, int]:
    return dict.fromkeys(numbers, 0)


_OLD = {
    "constants": _plain(100),
    "globals": _plain(101, 116),
    "attributes": _plain(106, 160),
    "imports": _plain(108),
    "imported": _plain(109),
    "written": _plain(90, 91, 95, 96, 97, 98),
    "loads": _plain(124),
    "stores": _plain(125, 126),
    "cells": _plain(135, 136, 137, 138, 148),
    "extended": _plain(144),
    "nothing": _plain(9),
}
_311 = _OLD | {
    "constants": _plain(100, 172),
    "globals": {101: 0, 116: 1},
    "cells": _plain(135, 136, 137, 138, 139, 148),
    "nothing": _plain(2, 9),
}
_312 = _311 | {
    "constants": _plain(100, 121, 172),
    "globals": {101: 0, 116: 1, 175: 0},
    "attributes": {106: 1, 141: 2},
    "loads": _plain(124, 127, 143),
    "cells": _plain(135, 136, 137, 138, 139, 176),
}
_313 = {
    "constants": _plain(83, 103),
    "globals": {90: 0, 91: 1, 92: 0},
    "attributes": {82: 1, 93: 2},
    "imports": _plain(75),
    "imported": _plain(74),
    "written": _plain(63, 66, 67, 108, 113, 114),
    "loads": {85: 0, 86: 0, 87: 0, 88: -1},
    "stores": {65: 0, 110: 0, 111: -1, 112: -1},
    "cells": _plain(64, 84, 89, 94, 109),
    "extended": _plain(71),
    "nothing": _plain(30, 34),
}
_314 = {
    "constants": _plain(82),
    "globals": {91: 0, 92: 1, 93: 0},
    "attributes": {80: 1, 96: 2},
    "imports": _plain(73),
    "imported": _plain(72),
    "written": _plain(61, 64, 65, 110, 115, 116),
    "loads": {84: 0, 85: 0, 86: 0, 87: -1, 88: 0, 89: -1},
    "stores": {63: 0, 112: 0, 113: -1, 114: -1},
    "cells": _plain(62, 83, 90, 97, 111),
    "extended": _plain(69),
    "nothing": _plain(27, 28, 33),
}


@cache
def instructions(version: int) -> Instructions:
    """The instructions of a version, as ``code`` numbers them."""
    known, caches, roles = _VERSIONS[version]
    return Instructions(known, caches, roles)


_VERSIONS: dict[int, tuple[str, dict[int, int], dict[str, dict[int, int]]]] = {
    V38: (
        "1-6 9-12 15-17 19-20 22-29 50-57 59-73 75-79 81-98 100-116 122 124-126 130-133 135-138 141-158 160-163",
        {},
        _OLD,
    ),
    V39: (
        (
            "1-6 9-12 15-17 19-20 22-29 48-52 54-57 59-79 82-87 89-98 100-118 121-122 124-126 130-133 135-138 141-148"
            " 154-157 160-165"
        ),
        {},
        _OLD,
    ),
    V310: (
        (
            "1-6 9-12 15-17 19-20 22-34 49-52 54-57 59-79 82-87 89-119 121-122 124-126 129-133 135-138 141-148 152"
            " 154-157 160-165"
        ),
        {},
        _OLD,
    ),
    V311: (
        (
            "1-2 9-12 15 25 30-33 35-37 49-54 60-61 68-71 74-75 82-112 114-120 122-126 128-140 142 144-149 151-152"
            " 155-157 160 162-166 171-176"
        ),
        {25: 4, 60: 1, 92: 1, 95: 4, 106: 4, 107: 2, 116: 5, 122: 1, 160: 10, 166: 1, 171: 4},
        _311,
    ),
    V312: (
        (
            "1-2 4-5 9 11-12 15 25-27 30-33 35-37 49-55 60-61 68-69 71 74-75 83 85 87 89-110 114-147 149-152 155-157"
            " 162-165 171-176"
        ),
        {25: 1, 60: 1, 92: 1, 93: 1, 95: 4, 106: 9, 107: 1, 116: 4, 122: 1, 123: 1, 141: 1, 171: 3},
        _312,
    ),
    V313: (
        "1-2 4-12 14-16 18-21 23-69 71-118 149",
        {
            91: 4, 45: 1, 117: 1, 58: 1, 59: 1, 5: 1, 72: 1, 93: 1, 82: 9, 108: 4, 53: 3, 39: 1, 104: 1, 77: 1, 40: 3,
            100: 1, 97: 1, 98: 1, 99: 1,
        },
        _313,
    ),
    V314: (
        "1-2 4-10 12-16 18-19 21-120 128",
        {
            92: 4, 44: 5, 119: 1, 56: 1, 57: 1, 70: 1, 96: 1, 80: 9, 110: 4, 52: 3, 55: 3, 38: 1, 106: 1, 75: 1, 39: 3,
            100: 1, 101: 1, 102: 1, 103: 1,
        },
        _314,
    ),
}  # fmt: skip
