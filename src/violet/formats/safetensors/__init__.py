"""safetensors: an 8-byte length, a JSON header that names tensors and their byte ranges, and the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed, Probe

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

_PLAUSIBLE = 1 << 31


def sniff(probe: Probe) -> Certainty:
    head = probe.head
    if len(head) < 10:
        return Certainty.NO
    length = int.from_bytes(head[:8], "little")
    start = head[8:64].lstrip(b" \t\r\n")
    if start[:1] != b"{":
        return Certainty.NO
    if probe.suffix == ".safetensors" and length:
        return Certainty.LIKELY if length > probe.source.size - 8 or head[8:9] != b"{" else Certainty.CERTAIN
    if not 2 <= length <= _PLAUSIBLE:
        return Certainty.NO
    if start[1:].lstrip(b" \t\r\n")[:1] not in (b'"', b"}", b""):
        return Certainty.NO
    fits = 8 + length <= probe.source.size
    if fits and head[8:9] == b"{":
        return Certainty.CERTAIN
    return Certainty.LIKELY if fits else Certainty.POSSIBLE


def read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.safetensors.reader import read_safetensors

    return read_safetensors(source, reading)


FORMAT = Format(
    id="safetensors",
    title="safetensors",
    suffixes=(".safetensors",),
    sniff=sniff,
    read=read,
    rank=20,
)
