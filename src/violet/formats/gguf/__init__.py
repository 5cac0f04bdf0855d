"""GGUF: the single-file format of llama.cpp and its kin: key-value metadata, tensor table, tensor bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed, Probe

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source


def sniff(probe: Probe) -> Certainty:
    head = probe.head
    if head[:4] != b"GGUF":
        return Certainty.NO
    little, big = int.from_bytes(head[4:8], "little"), int.from_bytes(head[4:8], "big")
    return Certainty.CERTAIN if 0 < min(little, big) < 256 else Certainty.LIKELY


def read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.gguf.reader import read_gguf

    return read_gguf(source, reading)


FORMAT = Format(
    id="gguf",
    title="GGUF",
    suffixes=(".gguf",),
    sniff=sniff,
    read=read,
    rank=20,
    first=b"G",
)
