"""Texts by what they are written with: kinds of characters, and hashed groups of three bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.layout import CHARACTERS, GRAMS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

LONGEST = 4096
"""Bytes of a text that are looked at: its beginning."""


def _kinds() -> Array:
    """The kind of each byte; the rest of a character beyond ASCII (10xxxxxx) has none, so that it counts once."""
    kinds = np.full(256, 4, np.int64)
    kinds[ord("a") : ord("z") + 1] = 0
    kinds[ord("A") : ord("Z") + 1] = 1
    kinds[ord("0") : ord("9") + 1] = 2
    kinds[[32, 9, 10, 13]] = 3
    kinds[[*range(9), 11, 12, *range(14, 32), 127]] = 5
    kinds[192:256] = 6
    kinds[128:192] = 7
    return kinds


_KINDS = _kinds()


def text_counts(texts: Sequence[str | None]) -> tuple[Array, Array]:
    """Characters by kind, int64 ``(7,)``, and groups of three bytes by hash, int64 ``(256,)``. Lower and upper case are
    told apart; groups do not reach from one text to the next."""
    characters = np.zeros(len(CHARACTERS), np.int64)
    grams = np.zeros(GRAMS, np.int64)
    pieces: list[bytes] = []
    size = 0
    for text in texts:
        if text:
            piece = text[:LONGEST].encode("utf-8", "replace")[:LONGEST].replace(b"\0", b"\1")
            pieces.append(piece)
            size += len(piece) + 1
        if size > 1 << 20:
            _count(b"\0".join(pieces), characters, grams)
            pieces, size = [], 0
    if pieces:
        _count(b"\0".join(pieces), characters, grams)
    return characters, grams


def _count(content: bytes, characters: Array, grams: Array) -> None:
    x = np.frombuffer(content, np.uint8)
    counts = np.bincount(_KINDS[x[x > 0]], minlength=len(CHARACTERS) + 1)
    characters += counts[: len(CHARACTERS)]
    if len(x) < 3:
        return
    wide = x.astype(np.uint32)
    three = wide[:-2] | wide[1:-1] << 8 | wide[2:] << 16
    inside = (x[:-2] > 0) & (x[1:-1] > 0) & (x[2:] > 0)
    hashed = (three[inside] * np.uint32(2654435761)) >> np.uint32(24)
    grams += np.bincount(hashed.astype(np.int64), minlength=GRAMS)
