"""Parquet: column chunks between two magic numbers, described by a Thrift structure at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed, Probe

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source


def sniff(probe: Probe) -> Certainty:
    """The same four letters at both ends; at the start alone where the end is missing."""
    mark = probe.head[:4]
    if mark not in (b"PAR1", b"PARE"):
        return Certainty.NO
    if probe.tail.endswith(mark):
        return Certainty.CERTAIN
    return Certainty.LIKELY if 0x15 in probe.head[4:6] else Certainty.NO


def read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.parquet.reader import read_parquet

    return read_parquet(source, reading)


FORMAT = Format(
    id="parquet",
    title="Parquet",
    suffixes=(".parquet",),
    sniff=sniff,
    read=read,
    first=b"P",
)
