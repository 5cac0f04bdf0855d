"""What an image's header says. Pixels are never decoded: the digest of the bytes covers them, and decoders are
where hostile images do their harm.

Sources: PNG (ISO/IEC 15948) IHDR; GIF89a logical screen; JPEG (ITU-T T.81) frame headers; BMP headers of Windows;
WebP container (RFC 9649); TIFF 6.0 tags 256 and 257.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.dataset import ImageFacts

if TYPE_CHECKING:
    from violet.formats.source import Source

MOST_SEGMENTS = 4096
"""Segments of a JPEG, or tags of a TIFF, that are passed over."""

_PLAIN_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin a frame header."""


def image_facts(source: Source) -> ImageFacts | None:
    """Format and size of an image; ``None`` where it is none of the known kinds."""
    head = source.read(0, 64)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = (_big(head[16:20]), _big(head[20:24])) if head[12:16] == b"IHDR" else (0, 0)
        return ImageFacts("png", width, height)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return ImageFacts("gif", _little(head[6:8]), _little(head[8:10]))
    if head.startswith(b"\xff\xd8\xff"):
        return ImageFacts("jpeg", *_jpeg(source))
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return ImageFacts("webp", *_webp(head))
    if head.startswith(b"BM") and len(head) >= 26 and _little(head[14:18]) in (12, 40, 52, 56, 64, 108, 124):
        if _little(head[14:18]) == 12:
            return ImageFacts("bmp", _little(head[18:20]), _little(head[20:22]))
        height = int.from_bytes(head[22:26], "little", signed=True)  # negative: the rows stand top down
        return ImageFacts("bmp", _little(head[18:22]), abs(height))
    if head[:4] in (b"II*\0", b"MM\0*"):
        return ImageFacts("tiff", *_tiff(source, head))
    return None


def _jpeg(source: Source) -> tuple[int, int]:
    at = 2
    for _ in range(MOST_SEGMENTS):
        head = source.read(at, 9)
        if len(head) < 9 or head[0] != 0xFF:
            break
        marker = head[1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _PLAIN_FRAMES:
            return _big(head[7:9]), _big(head[5:7])
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
        elif marker in (0xD9, 0xDA):
            break
        else:
            at += 2 + _big(head[2:4])
    return 0, 0


def _webp(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        return _little(head[24:27]) + 1, _little(head[27:30]) + 1
    if kind == b"VP8L" and head[20:21] == b"\x2f":
        bits = _little(head[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        return _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF
    return 0, 0


def _tiff(source: Source, head: bytes) -> tuple[int, int]:
    number = _little if head[:1] == b"I" else _big
    start = number(head[4:8])
    width = height = 0
    for entry in range(min(number(source.read(start, 2)), MOST_SEGMENTS)):
        tag = source.read(start + 2 + 12 * entry, 12)
        if len(tag) < 12:
            break
        value = number(tag[8:10] if number(tag[2:4]) == 3 else tag[8:12])
        if number(tag[:2]) == 256:
            width = value
        elif number(tag[:2]) == 257:
            height = value
    return width, height


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
