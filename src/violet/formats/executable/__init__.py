"""Executables: ELF, PE and Mach-O, recognised by headers that hold together; their extent is known, so that what
is appended to them is examined on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source

_MACHO = (b"\xfe\xed\xfa\xce", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xcf\xfa\xed\xfe")
_FAT = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
APE = (b"MZqFpD='", b"jartsr='", b"APEDBG='")
"""How files begin that are shell scripts and executables of several systems at once (Cosmopolitan libc)."""


def _sniff_elf(probe: Probe) -> Certainty:
    head = probe.head
    if not head.startswith(b"\x7fELF") or len(head) < 20:
        return Certainty.NO
    return Certainty.CERTAIN if head[4] in (1, 2) and head[5] in (1, 2) else Certainty.POSSIBLE


def _sniff_pe(probe: Probe) -> Certainty:
    head = probe.head
    if head[:2] != b"MZ" or len(head) < 64:
        return Certainty.NO
    offset = int.from_bytes(head[60:64], "little")
    return Certainty.CERTAIN if probe.source.read(offset, 4) == b"PE\0\0" else Certainty.NO


def _sniff_macho(probe: Probe) -> Certainty:
    head = probe.head
    if head[:4] in _MACHO:
        return Certainty.CERTAIN if len(head) >= 28 else Certainty.POSSIBLE
    if head[:4] in _FAT and len(head) >= 28:
        # the same magic number begins Java classes, whose next field is a version above 43
        return Certainty.CERTAIN if 0 < int.from_bytes(head[4:8], "big") < 43 else Certainty.NO
    return Certainty.NO


def _sniff_ape(probe: Probe) -> Certainty:
    return Certainty.CERTAIN if probe.head.startswith(APE) else Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.executable.reader import read

    return read(source, reading)


def _format(
    name: str, title: str, suffixes: str, sniff: Callable[[Probe], Certainty], rank: int, first: bytes
) -> Format:
    return Format(name, title, tuple(suffixes.split()), sniff, _read, executable=True, rank=rank, first=first)


FORMATS = (
    _format("elf", "ELF executable", ".so .elf .o .ko .axf", _sniff_elf, 30, b"\x7f"),
    _format("pe", "Windows executable", ".exe .dll .pyd .sys .scr .ocx", _sniff_pe, 30, b"M"),
    _format("macho", "Mach-O executable", ".dylib .bundle .so", _sniff_macho, 30, b"\xfe\xce\xcf\xca"),
    _format("ape", "Actually portable executable", ".llamafile .com .exe", _sniff_ape, 20, b"MjA"),
)
