"""Where an image or sound ends, so that bytes behind it are examined on their own.

Structures from the PNG (ISO/IEC 15948), GIF89a, JPEG (ITU-T T.81), RIFF and BMP descriptions. Cameras
append things to photographs, so a tail is given as a child without being called a defect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Child, Parsed, Relation
from violet.formats.tensors.layout import is_filler, note

if TYPE_CHECKING:
    from violet.formats.source import Source

_MOST_CHUNKS = 200_000
_MOST_SCAN = 64 << 20
_BLOCK = 1 << 16
_ORDINARY = (b"\xff\xd8\xff", b"MPF", b"<?xpacket", b"SEFH")
"""What cameras and editors append to photographs."""


def read_tail(source: Source) -> Parsed:
    parsed = Parsed()
    head = source.read(0, 16)
    if head.startswith(b"\x89PNG"):
        end = _png(source)
    elif head.startswith(b"GIF8"):
        end = _gif(source)
    elif head.startswith(b"\xff\xd8"):
        end = _jpeg(source)
    elif head.startswith(b"BM"):
        end = int.from_bytes(head[2:6], "little") or source.size
    else:
        order = "big" if head.startswith(b"RIFX") else "little"
        size = int.from_bytes(head[4:8], "big" if order == "big" else "little")
        # Streams that were never finished, and RF64, leave the size open.
        end = source.size if size in (0, 0xFFFF_FFFF) else 8 + size + (size & 1)
    if end < 0 or end > source.size + 1:
        note(parsed, "truncated", "The file ends before its content does.", key="end")
        return parsed
    left = source.size - end
    if left <= 0 or is_filler(source, end, left):
        return parsed
    start = source.read(end, 16)
    if not start.startswith(_ORDINARY) and start[4:8] != b"ftyp":
        child = Child("tail", source.window(end, left), Relation.HIDDEN, offset=end)
        parsed.children.append(child)
    return parsed


def _png(source: Source) -> int:
    position = 8
    for _ in range(_MOST_CHUNKS):
        head = source.read(position, 8)
        if len(head) < 8:
            return -1
        position += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return position
    return source.size


def _gif(source: Source) -> int:
    flags = source.read(10, 1)
    if not flags:
        return -1
    position = 13 + (3 << (flags[0] & 7) + 1 if flags[0] & 0x80 else 0)
    for _ in range(_MOST_CHUNKS):
        kind = source.read(position, 1)
        if kind == b";":
            return position + 1
        if kind == b"!":
            position = _gif_blocks(source, position + 2)
        elif kind == b",":
            flags = source.read(position + 9, 1)
            if not flags:
                return -1
            table = 3 << (flags[0] & 7) + 1 if flags[0] & 0x80 else 0
            position = _gif_blocks(source, position + 11 + table)
        else:
            return position if kind else -1
        if position < 0:
            return -1
    return source.size


def _gif_blocks(source: Source, position: int) -> int:
    window, base = b"", position
    for _ in range(_MOST_CHUNKS):
        if position - base >= len(window):
            window, base = source.read(position, _BLOCK), position
            if not window:
                return -1
        length = window[position - base]
        position += 1 + length
        if not length:
            return position
    return source.size


def _jpeg(source: Source) -> int:
    position = 2
    for _ in range(_MOST_CHUNKS):
        head = source.read(position, 4)
        if len(head) < 2:
            return -1
        if head[0] != 0xFF:
            return source.size
        marker = head[1]
        if marker == 0xD9:
            return position + 2
        if marker == 0xFF:
            position += 1
        elif marker == 1 or 0xD0 <= marker <= 0xD8:
            position += 2
        else:
            position += 2 + int.from_bytes(head[2:4], "big")
            if marker == 0xDA:
                position = _jpeg_scan(source, position)
                if position < 0:
                    return -1
    return source.size


def _jpeg_scan(source: Source, position: int) -> int:
    """The next marker behind coded data, where 0xFF is followed by zero or by a restart marker."""
    last = position + _MOST_SCAN
    while position < last:
        block = source.read(position, _BLOCK)
        if len(block) < 2:
            return -1
        at = block.find(b"\xff")
        while 0 <= at < len(block) - 1:
            following = block[at + 1]
            if following and not 0xD0 <= following <= 0xD7 and following != 0xFF:
                return position + at
            at = block.find(b"\xff", at + 1)
        position += len(block) - (1 if at == len(block) - 1 else 0)
    return source.size
