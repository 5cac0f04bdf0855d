"""The header of a safetensors file, as the format's own library (``huggingface/safetensors``) writes it.

Eight bytes of length, then a JSON object padded with spaces so that the bytes of the tensors begin at a multiple of
eight; ``__metadata__`` first, then the tensors with the widest elements first and by name, without holes: so every
tensor is aligned to its elements.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.formats.safetensors.reader import BITS, MOST_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALIGNMENT = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor: ``begin`` and ``end`` are offsets into the bytes behind the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def lay_out(tensors: Iterable[tuple[str, str, tuple[int, ...]]]) -> tuple[Entry, ...]:
    """Places for tensors, given as name, element type and shape."""
    entries: list[Entry] = []
    at = 0
    for name, dtype, shape in sorted(tensors, key=lambda tensor: (-BITS[tensor[1]], tensor[0])):
        count = 1
        for extent in shape:
            count *= extent
        size = count * BITS[dtype] // 8
        entries.append(Entry(name, dtype, shape, at, at + size))
        at += size
    return tuple(entries)


def header(entries: Iterable[Entry], metadata: Mapping[str, str]) -> bytes:
    """Length and JSON. Raises ``ValueError`` where the header would be longer than the format allows."""
    content: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    for entry in entries:
        place = {"dtype": entry.dtype, "shape": list(entry.shape), "data_offsets": [entry.begin, entry.end]}
        content[entry.name] = place
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % ALIGNMENT)
    if len(text) > MOST_HEADER:
        raise ValueError(f"the header would be {len(text):,} bytes long")
    return len(text).to_bytes(8, "little") + text
