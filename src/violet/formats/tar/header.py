"""One header block of a tar archive."""

from __future__ import annotations

from dataclasses import dataclass, field

BLOCK = 512


@dataclass(slots=True)
class Header:
    """A member's header with what extended headers before it say.

    ``stated`` is the size that the block itself holds, ``size`` the one in force; ``sparse`` are the
    places and lengths of the parts of a sparse file, in bytes.
    """

    at: int
    name: str
    kind: str
    size: int
    stated: int
    link: str
    fits: bool
    magic: bool
    data: int = 0
    real_size: int = -1
    sparse: list[tuple[int, int]] = field(default_factory=list)
    block: bytes = b""


def checksum_fits(block: bytes) -> bool:
    """Whether the checksum field is the sum of the block's bytes, unsigned or (older writers) signed."""
    stated = number(block[148:156])
    if stated is None:
        return False
    rest = block[:148] + block[156:]
    total = sum(rest) + 256
    if stated == total:
        return True
    return stated == total - 256 * sum(byte > 127 for byte in rest)


def number(field_bytes: bytes) -> int | None:
    """A numeric field: octal digits, or base 256 where the first bit is set. ``None`` for neither."""
    first = field_bytes[0] if field_bytes else 0
    if first & 0x80:
        value = int.from_bytes(field_bytes, "big") & ((1 << (8 * len(field_bytes) - 1)) - 1)
        if first & 0x40:  # negative
            return value - (1 << (8 * len(field_bytes) - 1))
        return value
    text = field_bytes.split(b"\0", 1)[0].strip()
    if not text:
        return 0
    return int(text, 8) if not text.strip(b"01234567") else None


def text(field_bytes: bytes) -> str:
    """A text field up to its first zero byte, as UTF-8 with what is none kept recognisable."""
    return field_bytes.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def parse_header(block: bytes, at: int) -> Header | None:
    """The header in this block; ``None`` where it is none: neither the checksum nor the magic fits."""
    fits = checksum_fits(block)
    magic = block[257:262] == b"ustar"
    if not fits and not magic:
        return None
    size = number(block[124:136])
    name = text(block[0:100])
    if block[257:263] == b"ustar\0" and block[345]:
        name = f"{text(block[345:500])}/{name}"
    kind = chr(block[156]) if block[156] else "0"
    stated = -1 if size is None else size
    return Header(at, name, kind, stated, stated, text(block[157:257]), fits, magic, at + BLOCK, block=block)


def parse_pax(data: bytes) -> list[tuple[str, str]] | None:
    """The records of an extended header: length, space, keyword, ``=``, value, newline. ``None`` where
    they are not well formed."""
    records = []
    at = 0
    while at < len(data) and data[at]:
        space = data.find(b" ", at, at + 20)
        digits = data[at:space] if space > 0 else b""
        if not digits.isdigit():
            return None
        length = int(digits)
        end = at + length
        record = data[space + 1 : end]
        keyword, equals, value = record.partition(b"=")
        if length < 5 or end > len(data) or not equals or record[-1:] != b"\n":
            return None
        records.append((keyword.decode("utf-8", "replace"), value[:-1].decode("utf-8", "backslashreplace")))
        at = end
    return records
