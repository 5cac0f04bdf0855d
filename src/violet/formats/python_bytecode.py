"""Compiled Python (``.pyc``): its code objects, and whether they can come from the source that should stand beside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.base import Probe, Reading
    from violet.formats.bytecode.code import Code
    from violet.formats.source import Source


LONGEST = 32 << 20
"""Bytes of bytecode, and of source, that are read."""
MAGICS = {
    308: range(3400, 3420),
    309: range(3420, 3430),
    310: range(3430, 3450),
    311: range(3450, 3500),
    312: range(3500, 3550),
    313: range(3550, 3600),
    314: range(3600, 3650),
}
"""The magic numbers of each version (``Include/internal/pycore_magic_number.h``), as ``bytecode.code`` numbers them."""
MADE = frozenset(("AssertionError", "NotImplementedError"))
"""Names that the compiler uses by itself."""
UNREADABLE = "compiled Python of a version whose bytecode is not read"


class BytecodeFacts:
    """``magic`` is the number of the bytecode's version; ``source`` the path of the source beside it, or
    ``""``; ``unchecked`` says that Python is told not to compare the two (PEP 552); ``stale`` that the
    length of the source that was compiled is not that of the one beside it. ``code`` is the module's code,
    ``None`` where it cannot be read; ``foreign`` are names of it that stand nowhere in the source."""

    __slots__ = ("code", "foreign", "magic", "source", "stale", "unchecked")

    def __init__(
        self,
        magic: int,
        source: str,
        unchecked: bool,
        stale: bool,
        code: Code | None = None,
        foreign: tuple[str, ...] = (),
    ) -> None:
        self.magic = magic
        self.source = source
        self.unchecked = unchecked
        self.stale = stale
        self.code = code
        self.foreign = foreign


def _sniff(probe: Probe) -> Certainty:
    head = probe.head
    if head[2:4] != b"\r\n" or len(head) < 17:
        return Certainty.NO
    magic = head[0] | head[1] << 8
    if not (3000 <= magic <= 4000 or 62000 <= magic <= 62300 or 20000 <= magic <= 20200):
        return Certainty.NO
    starts = {head[8:9], head[12:13], head[16:17]}
    return Certainty.CERTAIN if starts & {b"c", b"\xe3"} else Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    head = source.read(0, 16).ljust(16, b"\0")
    magic = head[0] | head[1] << 8
    flags = int.from_bytes(head[4:8], "little") if 3390 <= magic < 20000 else 0
    stem = reading.name.split(".")[0]
    found = ""
    stale = False
    beside = None
    for candidate in (f"../{stem}.py", f"{stem}.py"):
        beside = reading.sibling(candidate)
        if beside is not None:
            found = candidate
            if 3390 <= magic < 20000 and not flags & 1:
                stale = int.from_bytes(head[12:16], "little") != beside.size & 0xFFFFFFFF
            break
    code = _code(source, magic)
    foreign: tuple[str, ...] = ()
    if code is not None and beside is not None and beside.size <= LONGEST:
        reading.meter.operate(beside.size)
        foreign = tuple(_foreign(code, beside.read(0, beside.size)))
    facts = BytecodeFacts(magic, found, bool(flags & 1) and not flags & 2, stale, code, foreign)
    unexamined = [] if code is not None else [UNREADABLE]
    return Parsed(facts=facts, unexamined=unexamined)


def _code(source: Source, magic: int) -> Code | None:
    """The module's code, where its version is one whose instructions are known."""
    from violet.formats.bytecode.marshalled import read_code

    version = next((v for v, numbers in MAGICS.items() if magic in numbers), 0)
    if not version or source.size > LONGEST:
        return None
    return read_code(source.read(16, source.size - 16), (version,))


def _foreign(code: Code, text: bytes) -> Iterator[str]:
    """Names that the source does not hold, as it was written: private names are mangled with their class."""
    whole = text.decode("utf-8", "replace")
    if not whole.isascii():
        import unicodedata

        whole = unicodedata.normalize("NFKC", whole)  # as the compiler does with identifiers
    words = set(re.findall(r"[A-Za-z_]\w*", whole, re.ASCII))
    seen: set[str] = set()
    for part in code.walk():
        for name in (word for dotted in part.names for word in dotted.split(".")):
            if name in seen or name in words or not name.isascii() or not name or name in MADE:
                continue
            seen.add(name)
            mangled = re.fullmatch(r"_\w*?(__\w+)", name)
            if (mangled and mangled[1] in words) or re.fullmatch(r"__\w+__", name):
                continue
            if any(name.endswith(word) for word in words if word.startswith("__") and not word.endswith("__")):
                continue
            yield name


FORMAT = Format("python-bytecode", "Compiled Python", (".pyc", ".pyo"), _sniff, _read, executable=True, rank=30)
