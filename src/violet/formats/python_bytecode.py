"""Compiled Python (``.pyc``): recognised, and compared with the source that should stand beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed

if TYPE_CHECKING:
    from violet.formats.base import Probe, Reading
    from violet.formats.source import Source


class BytecodeFacts:
    """``magic`` is the number of the bytecode's version; ``source`` the path of the source beside it, or
    ``""``; ``unchecked`` says that Python is told not to compare the two (PEP 552); ``stale`` that the
    length of the source that was compiled is not that of the one beside it."""

    __slots__ = ("magic", "source", "stale", "unchecked")

    def __init__(self, magic: int, source: str, unchecked: bool, stale: bool) -> None:
        self.magic = magic
        self.source = source
        self.unchecked = unchecked
        self.stale = stale


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
    for candidate in (f"../{stem}.py", f"{stem}.py"):
        beside = reading.sibling(candidate)
        if beside is not None:
            found = candidate
            if 3390 <= magic < 20000 and not flags & 1:
                stale = int.from_bytes(head[12:16], "little") != beside.size & 0xFFFFFFFF
            break
    facts = BytecodeFacts(magic, found, bool(flags & 1) and not flags & 2, stale)
    return Parsed(facts=facts, unexamined=["compiled Python: its source is what is examined"])


FORMAT = Format("python-bytecode", "Compiled Python", (".pyc", ".pyo"), _sniff, _read, executable=True, rank=30)
