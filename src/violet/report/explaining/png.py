"""Small pictures as PNG in data URIs: inputs as they are, attributions as heat maps. Standard library only."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

_AGAINST, _FOR = (33, 102, 172), (178, 24, 43)
"""Blue and red of equal weight (ColorBrewer's RdBu), told apart by those who see no green."""


def heat_map(values: Sequence[float], rows: int, columns: int) -> str:
    """Attributions in row order: white is nothing, red speaks for the class, blue against it; the largest has the full
    colour. Gives a data URI."""
    largest = max((abs(value) for value in values), default=0.0) or 1.0
    return _uri(b"".join(_colour(value / largest) for value in values), rows, columns)


def picture(values: Sequence[float], shape: Sequence[int], layout: str) -> str:
    """An image in unit space, flattened: ``hw``, ``chw`` or ``hwc``; of other than three channels their mean in grey.
    Gives a data URI."""
    if len(shape) == 2:
        rows, columns, channels = shape[0], shape[1], 1
    elif layout == "hwc":
        rows, columns, channels = shape
    else:
        channels, rows, columns = shape
    size = rows * columns
    if layout == "hwc":
        planes = [values[channel::channels] for channel in range(channels)]
    else:
        planes = [values[channel * size : (channel + 1) * size] for channel in range(channels)]
    if channels != 3:
        grey = [sum(parts) / channels for parts in zip(*planes, strict=True)]
        planes = [grey, grey, grey]
    pixels = bytes(_byte(255 * value) for pixel in zip(*planes, strict=True) for value in pixel)
    return _uri(pixels, rows, columns)


def _colour(value: float) -> bytes:
    full = _FOR if value >= 0 else _AGAINST
    return bytes(_byte(255 + (part - 255) * min(abs(value), 1.0)) for part in full)


def _byte(value: float) -> int:
    return min(255, max(0, round(value)))


def _uri(pixels: bytes, rows: int, columns: int) -> str:
    lines = b"".join(b"\0" + pixels[row * columns * 3 : (row + 1) * columns * 3] for row in range(rows))
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 9)) + _chunk(b"IEND", b"")
    )
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
