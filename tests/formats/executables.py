"""Small executables of each kind, whose headers hold together and which do nothing."""

from __future__ import annotations

import struct


def elf(machine: int = 62) -> bytes:
    """A 64-bit ELF program with one segment and no sections."""
    code = b"\x90" * 64
    size = 64 + 56 + len(code)
    head = struct.pack(
        "<4s5B7xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 2, machine, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 0x1000)
    return head + segment + code


def pe() -> bytes:
    """A 64-bit Windows program with one section."""
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    head = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<H", 0x20B) + bytes(238)
    section = b".text\0\0\0" + struct.pack("<IIIIIIHHI", 64, 0x1000, 512, 512, 0, 0, 0, 0, 0x60000020)
    start = dos + head + optional + section
    return start.ljust(512, b"\0") + b"\x90" * 512


def macho(cpu: int = 0x0100000C) -> bytes:
    """A 64-bit Mach-O program with one segment."""
    command = struct.pack("<II16sQQQQIIII", 0x19, 72, b"__TEXT", 0, 4096, 0, 32 + 72 + 64, 5, 5, 0, 0)
    return struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, 2, 1, len(command), 0, 0) + command + b"\x90" * 64


def fat() -> bytes:
    """A universal file of two architectures."""
    first, second = macho(0x01000007), macho()
    start = 8 + 2 * 20
    head = struct.pack(">II", 0xCAFEBABE, 2)
    head += struct.pack(">IIIII", 0x01000007, 3, start, len(first), 0)
    head += struct.pack(">IIIII", 0x0100000C, 0, start + len(first), len(second), 0)
    return head + first + second
