"""7z archives. Source: 7zFormat.txt and Methods.txt of the LZMA SDK (public domain)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source

MAGIC = b"7z\xbc\xaf\x27\x1c"


def sniff(probe: Probe) -> Certainty:
    return Certainty.CERTAIN if probe.head.startswith(MAGIC) else Certainty.NO


def read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.sevenzip.reader import read_sevenzip

    return read_sevenzip(source, reading)


FORMAT = Format("sevenzip", "7z archive", (".7z",), sniff, read, rank=60, first=b"7")
