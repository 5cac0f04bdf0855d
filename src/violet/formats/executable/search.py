"""Searching bytes of any length for executables and pickles, in pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.executable.headers import read_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.source import Source

PIECE = 4 << 20
OVERLAP = 512
MOST_FOUND = 50
MOST_CANDIDATES = 20_000


@dataclass(frozen=True, slots=True)
class Found:
    """``kind`` is a format's id (``elf``, ``pe``, ``macho``, ``pickle``, ``shell``); ``offset`` in bytes;
    ``text`` is what was seen; ``size`` how long the headers say it is (0: not known)."""

    kind: str
    offset: int
    text: str
    size: int = 0


_MODULES = (
    b"os", b"posix", b"nt", b"subprocess", b"builtins", b"__builtin__", b"sys", b"socket", b"pty", b"runpy",
    b"importlib", b"marshal", b"ctypes", b"commands",
)  # fmt: skip
_ANCHORS = (
    b"\x7fELF", b"PE\0\0", b"\xfa\xed\xfe\x07", b"\xfa\xed\xfe\x0c", b"\xfe\xed\xfa\xce\0", b"\xfe\xed\xfa\xcf\1",
    b"\xca\xfe\xba\xbe\0\0\0", b"#!/bin/", b"#!/usr/",
    *(b"c" + name + b"\n" for name in _MODULES),
    *(b"\x8c" + bytes([len(name)]) + name for name in _MODULES),
)  # fmt: skip
"""Literals, because looking for each in turn is many times faster than one pattern for all."""


@cache
def _pickle() -> re.Pattern[bytes]:
    names = rb"(?:system|popen|Popen|run|call|check_output|exec|eval|execfile|compile|open|spawn\w*|getattr|__import__)"
    by_line = rb"c[\w.]+\n" + names + rb"\n"
    by_length = rb"\x8c[\x02-\x14][\w.]+\x94?(?:q[\s\S]|r[\s\S]{4})?\x8c[\x03-\x10]" + names + rb"[\x94\x93q]"
    return re.compile(by_line + b"|" + by_length)


@cache
def _script() -> re.Pattern[bytes]:
    return re.compile(rb"#!/(?:usr/)?bin/(?:env )?(?:ba|z|da)?sh\b[ -~]{0,40}\n")


def search(source: Source) -> Iterator[Found]:
    """What is embedded, in order of offset. Memory does not grow with the source."""
    found = last = 0
    for offset in range(0, source.size, PIECE):
        data = source.read(offset, PIECE + OVERLAP)
        candidates = sorted({offset + at for anchor in _ANCHORS for at in _places(data, anchor)})
        for at in candidates:
            hit = _confirm(source, at) if at >= last else None
            if hit is None:
                continue
            yield hit
            found += 1
            last = max(at, hit.offset + min(hit.size, source.size - hit.offset))
            if found >= MOST_FOUND:
                return


def _places(data: bytes, anchor: bytes) -> Iterator[int]:
    at = data.find(anchor)
    count = 0
    while 0 <= at < PIECE and count < MOST_CANDIDATES:
        yield at
        count += 1
        at = data.find(anchor, at + 1)


def _confirm(source: Source, at: int) -> Found | None:
    seen = source.read(at, 96)
    if seen[:1] in (b"c", b"\x8c"):
        pickled = _pickle().match(seen)
        return Found("pickle", at, repr(pickled.group(0))[2:-1][:120]) if pickled else None
    if seen[:2] == b"#!":
        script = _script().match(seen)
        return Found("shell", at, script.group(0).decode("latin-1").strip()) if script else None
    if seen[:2] == b"PE":
        at = _beginning(source, at)
    elif seen[:3] == b"\xfa\xed\xfe":
        at -= 1
    facts = read_header(source, at) if at >= 0 else None
    if facts is None or (facts.extent or 0) > max(4 * (source.size - at), 1 << 20):
        return None
    if facts.machine.startswith("machine "):
        return None
    return Found(facts.kind, at, f"{facts.machine} {facts.role}", facts.extent or 0)


def _beginning(source: Source, signature: int) -> int:
    """Where the ``MZ`` header stands that points at a PE signature; -1 where there is none."""
    start = max(0, signature - 4096)
    before = source.read(start, signature - start)
    at = before.rfind(b"MZ")
    while at >= 0:
        if int.from_bytes(before[at + 60 : at + 64], "little") == signature - start - at:
            return start + at
        at = before.rfind(b"MZ", 0, at)
    return -1
