"""Write ZIP archives field by field, so that headers can contradict each other.

Layout: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local file header), 4.3.12 (central directory header),
4.3.16 (end of central directory record). Only stored and deflated members, no ZIP64.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """One member. Every `local_*` and `central_*` field overrides what an honest header would say."""

    name: bytes
    data: bytes
    deflate: bool = False
    flags: int = 0
    local_name: bytes | None = None
    central_flags: int | None = None
    crc: int | None = None
    size: int | None = None
    central_size: int | None = None
    method: int | None = None
    external: int = 0o100644 << 16
    listed: bool = True
    extra: bytes = b""
    version: int = 20


def _packed(data: bytes, deflate: bool) -> bytes:
    if not deflate:
        return data
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def archive(
    members: list[Member],
    *,
    prefix: bytes = b"",
    comment: bytes = b"",
    entries: int | None = None,
    count_prefix: bool = True,
    before_end: bytes = b"",
) -> bytes:
    """Return the archive. With `count_prefix` false the offsets ignore `prefix`, as in self-extracting files."""
    body = bytearray(prefix)
    directory = bytearray()
    base = 0 if count_prefix else len(prefix)
    for member in members:
        offset = len(body) - base
        body += _local(member)
        if member.listed:
            directory += _central(member, offset)
    start = len(body) - base
    listed = sum(member.listed for member in members) if entries is None else entries
    body += directory + before_end
    body += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, listed, listed, len(directory), start, len(comment))
    return bytes(body + comment)


def _local(member: Member) -> bytes:
    packed = _packed(member.data, member.deflate)
    method = (8 if member.deflate else 0) if member.method is None else member.method
    crc = zlib.crc32(member.data) if member.crc is None else member.crc
    size = len(member.data) if member.size is None else member.size
    name = member.name if member.local_name is None else member.local_name
    header = struct.pack("<IHHHHHIIIHH", 0x04034B50, member.version, member.flags, method, 0, 33, crc,
                         len(packed), size, len(name), len(member.extra))  # fmt: skip
    return header + name + member.extra + packed


def _central(member: Member, offset: int) -> bytes:
    packed = _packed(member.data, member.deflate)
    method = (8 if member.deflate else 0) if member.method is None else member.method
    crc = zlib.crc32(member.data) if member.crc is None else member.crc
    size = len(member.data) if member.size is None else member.size
    size = size if member.central_size is None else member.central_size
    flags = member.flags if member.central_flags is None else member.central_flags
    header = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0x0314, member.version, flags, method, 0, 33, crc,
                         len(packed), size, len(member.name), len(member.extra), 0, 0, 0, member.external,
                         offset)  # fmt: skip
    return header + member.name + member.extra
