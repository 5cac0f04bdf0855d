"""When content expands without reason. A high ratio alone is none: a tensor of zeros compresses a thousandfold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.formats.source import Source

SIZE = 1 << 30
"""Bytes that content may expand to at any ratio."""
RATIO = 150
"""How many times larger than its compressed form it may be beyond that."""
FILLER_SIZE = 16 << 20
"""Bytes of content that is one byte value over and over from its beginning, at most."""
FILLER_RATIO = 500


def is_bomb(source: Source, size: int, compressed: int) -> bool:
    """Whether ``size`` bytes out of ``compressed`` are gigabytes out of very little, or megabytes that do not
    even begin with the header that every format of data has. Reads 64 KiB at most."""
    if size > SIZE and size > RATIO * max(compressed, 1):
        return True
    if size <= FILLER_SIZE or size <= FILLER_RATIO * compressed:
        return False
    head = source.read(0, 65_536)
    return bool(head) and not head.strip(head[:1])
