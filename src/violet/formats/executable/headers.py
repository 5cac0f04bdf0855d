"""The headers of executables: which kind, for which machine, and how long.

Layouts: "Tool Interface Standard ELF" 1.2 and its 64-bit extension, "PE Format" (Microsoft), Mach-O
``mach-o/loader.h`` and ``mach-o/fat.h`` (Apple).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.formats.source import Source

MOST_PARTS = 4_096

ELF_MACHINES = {3: "x86", 40: "ARM", 62: "x86-64", 183: "AArch64", 243: "RISC-V", 21: "PowerPC 64", 22: "S390",
                8: "MIPS", 190: "CUDA", 224: "AMD GPU", 247: "BPF"}  # fmt: skip
ELF_KINDS = {1: "object file", 2: "program", 3: "shared library or program", 4: "core dump"}
PE_MACHINES = {0x14C: "x86", 0x8664: "x86-64", 0xAA64: "AArch64", 0x1C0: "ARM", 0x1C4: "ARM"}
MACHO_MACHINES = {7: "x86", 0x01000007: "x86-64", 12: "ARM", 0x0100000C: "AArch64", 18: "PowerPC"}


@dataclass(slots=True)
class ExecutableFacts:
    """``kind`` is ``elf``, ``pe``, ``macho`` or ``ape``; ``extent`` is how many bytes its headers account
    for, ``None`` where that is not known; ``problem`` says what does not hold together."""

    kind: str
    machine: str = ""
    role: str = ""
    extent: int | None = None
    problem: str = ""


def read_header(source: Source, offset: int = 0) -> ExecutableFacts | None:
    """The header at ``offset``; ``None`` where there is none that holds together enough to be one."""
    start = source.read(offset, 4)
    if start == b"\x7fELF":
        return elf(source, offset)
    if start[:2] == b"MZ":
        return pe(source, offset)
    if start in (b"\xfe\xed\xfa\xce", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xcf\xfa\xed\xfe"):
        return macho(source, offset)
    if start in (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"):
        return fat(source, offset)
    return None


def elf(source: Source, base: int = 0) -> ExecutableFacts | None:
    head = source.read(base, 64)
    if len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2) or head[6] != 1:
        return None
    order = "<" if head[5] == 1 else ">"
    wide = head[4] == 2
    if wide and len(head) < 64:
        return None
    kind, machine, version = struct.unpack_from(order + "HHI", head, 16)
    if version != 1 or (kind not in ELF_KINDS and kind < 0xFE00):
        return None
    layout = "QQQIHHHHHH" if wide else "IIIIHHHHHH"
    _, phoff, shoff, _, ehsize, phentsize, phnum, shentsize, shnum, _ = struct.unpack_from(order + layout, head, 24)
    if ehsize not in (52, 64):
        return None
    facts = ExecutableFacts("elf", ELF_MACHINES.get(machine, f"machine {machine}"), ELF_KINDS.get(kind, "program"))
    end = max(ehsize, phoff + phnum * phentsize if phnum else 0, shoff + shnum * shentsize if shoff else 0)
    end = max(end, _elf_parts(source, base, order, wide, phoff, phentsize, phnum, program=True))
    end = max(end, _elf_parts(source, base, order, wide, shoff, shentsize, shnum, program=False))
    facts.extent = end
    return facts


def _elf_parts(
    source: Source, base: int, order: str, wide: bool, table: int, size: int, count: int, *, program: bool
) -> int:
    """Where the last segment or section ends."""
    wanted = (56 if wide else 32) if program else (64 if wide else 40)
    if not table or size < wanted or count > MOST_PARTS:
        return 0
    end = 0
    data = source.read(base + table, size * count)
    for at in range(0, len(data) - wanted + 1, size):
        if program:
            layout, first = ("QQQQ", 8) if wide else ("IIII", 4)
            offset, _, _, length = struct.unpack_from(order + layout, data, at + first)
            end = max(end, offset + length)
        else:
            layout = "IIQQQQ" if wide else "IIIIII"
            _, kind, _, _, offset, length = struct.unpack_from(order + layout, data, at)
            if kind != 8:  # SHT_NOBITS takes no room in the file
                end = max(end, offset + length)
    return end


def pe(source: Source, base: int = 0) -> ExecutableFacts | None:
    dos = source.read(base, 64)
    if len(dos) < 64:
        return None
    at = int.from_bytes(dos[60:64], "little")
    head = source.read(base + at, 24 + 240)
    if head[:4] != b"PE\0\0" or len(head) < 26:
        return None
    machine, sections, _, symbols, symbol_count, optional, flags = struct.unpack_from("<HHIIIHH", head, 4)
    magic = int.from_bytes(head[24:26], "little")
    if machine not in PE_MACHINES or magic not in (0x10B, 0x20B) or not 0 < sections <= 96:
        return None
    facts = ExecutableFacts("pe", PE_MACHINES[machine], "library" if flags & 0x2000 else "program")
    table = at + 24 + optional
    end = table + 40 * sections
    data = source.read(base + table, 40 * sections)
    for row in range(0, len(data) - 39, 40):
        size, offset = struct.unpack_from("<II", data, row + 16)
        if offset:
            end = max(end, offset + size)
    if symbols and symbol_count:
        strings = symbols + 18 * symbol_count
        end = max(end, strings + int.from_bytes(source.read(base + strings, 4), "little"))
    certificates = 24 + (128 if magic == 0x10B else 144)
    if optional >= certificates - 24 + 8 and len(head) >= certificates + 8:
        # the certificate table's "address" is an offset in the file
        offset, size = struct.unpack_from("<II", head, certificates)
        if offset:
            end = max(end, offset + size)
    facts.extent = end
    return facts


def macho(source: Source, base: int = 0) -> ExecutableFacts | None:
    head = source.read(base, 32)
    if len(head) < 28:
        return None
    order = ">" if head[:3] == b"\xfe\xed\xfa" else "<"
    wide = (head[3] if order == ">" else head[0]) == 0xCF
    cpu, _, kind, count, size = struct.unpack_from(order + "IIIII", head, 4)
    if cpu not in MACHO_MACHINES or not 0 < kind <= 13 or count > MOST_PARTS or size > 1 << 24:
        return None
    start = 32 if wide else 28
    end = start + size
    commands = source.read(base + start, size)
    at = 0
    for _ in range(count):
        if at + 8 > len(commands):
            break
        command, length = struct.unpack_from(order + "II", commands, at)
        if length < 8:
            break
        if command == 0x19 and at + 48 <= len(commands):
            offset, filled = struct.unpack_from(order + "QQ", commands, at + 40)
            end = max(end, offset + filled)
        elif command == 0x1 and at + 40 <= len(commands):
            offset, filled = struct.unpack_from(order + "II", commands, at + 32)
            end = max(end, offset + filled)
        elif command == 0x1D and at + 16 <= len(commands):
            offset, filled = struct.unpack_from(order + "II", commands, at + 8)
            end = max(end, offset + filled)
        at += length
    return ExecutableFacts(
        "macho", MACHO_MACHINES[cpu], {2: "program", 6: "library", 8: "bundle"}.get(kind, "file"), end
    )


def fat(source: Source, base: int = 0) -> ExecutableFacts | None:
    head = source.read(base, 8)
    count = int.from_bytes(head[4:8], "big")
    if len(head) < 8 or not 0 < count < 43:
        return None
    wide = head[3] == 0xBF
    size = 32 if wide else 20
    data = source.read(base + 8, size * count)
    end = 8 + size * count
    names = []
    for at in range(0, len(data) - size + 1, size):
        cpu, _, offset, length = struct.unpack_from(">IIQQ" if wide else ">IIII", data, at)
        if cpu not in MACHO_MACHINES:
            return None
        names.append(MACHO_MACHINES[cpu])
        end = max(end, offset + length)
    return ExecutableFacts("macho", " and ".join(dict.fromkeys(names)), "universal file", end)
