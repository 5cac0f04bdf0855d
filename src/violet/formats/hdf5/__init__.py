"""HDF5: the container of Keras weights and models, of PyTables and pandas stores, of MATLAB files.

Facts from the HDF5 File Format Specification (The HDF Group), versions 1.0 to 3.0.
"""

from __future__ import annotations

from violet.formats.base import HEAD, Certainty, Format, Parsed, Probe, Reading
from violet.formats.source import Source

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SUFFIXES = (".h5", ".hdf5", ".hdf", ".he5", ".h4", ".hdf4", ".mat", ".nc", ".weights")
FURTHEST = 1 << 20
"""A superblock is looked for at 0, 512, 1024, 2048 ... up to here (the library has no such end)."""


def superblock_offset(source: Source) -> int:
    """Where the superblock begins; -1 where there is none."""
    if source.read(0, 8) == SIGNATURE:
        return 0
    offset = 512
    while offset < min(source.size, FURTHEST):
        if source.read(offset, 8) == SIGNATURE:
            return offset
        offset *= 2
    return -1


def _sniff(probe: Probe) -> Certainty:
    if probe.head.startswith(SIGNATURE):
        return Certainty.CERTAIN
    if SIGNATURE not in probe.head and probe.suffix not in SUFFIXES:
        return Certainty.NO
    offset = 512
    while offset < HEAD:
        if probe.head.startswith(SIGNATURE, offset):
            return Certainty.CERTAIN
        offset *= 2
    if probe.suffix in SUFFIXES and superblock_offset(probe.source) > 0:
        return Certainty.CERTAIN
    return Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.hdf5.reader import read

    return read(source, reading)


FORMAT = Format(
    id="hdf5",
    title="HDF5",
    suffixes=(".h5", ".hdf5", ".keras", ".weights.h5", ".he5"),
    sniff=_sniff,
    read=_read,
    executable=True,
)
