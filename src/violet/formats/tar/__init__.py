"""tar archives: ustar, pax, GNU and the seventh edition's, told by the checksum of their first header.

Sources: POSIX.1-2017 ``pax``, the GNU tar manual's "Basic Tar Format" and "Storing Sparse Files"; what
CPython's ``tarfile``, GNU tar and libarchive do where headers contradict each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source

_OCTAL = b"01234567 \0"


def sniff(probe: Probe) -> Certainty:
    """CERTAIN where the first block is a header with the right checksum, LIKELY with the magic alone."""
    head = probe.head
    if len(head) < 512:
        return Certainty.NO
    magic = head[257:262] == b"ustar"
    stated = head[148:156]
    if stated.strip(_OCTAL) and not magic:
        return Certainty.NO
    from violet.formats.tar.header import checksum_fits

    if head[0] and checksum_fits(head[:512]):
        return Certainty.CERTAIN
    return Certainty.LIKELY if magic else Certainty.NO


def read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.tar.reader import read_tar

    return read_tar(source, reading)


FORMAT = Format("tar", "tar archive", (".tar", ".nemo"), sniff, read, rank=60)
