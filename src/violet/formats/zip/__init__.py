"""ZIP archives, also those that stand behind other content or whose parts contradict each other.

Sources: PKWARE's APPNOTE 6.3; what CPython's ``zipfile``, miniz (as PyTorch builds it), Info-ZIP and
streaming readers do where an archive is ambiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed, never

if TYPE_CHECKING:
    from violet.formats.base import Probe, Reading
    from violet.formats.source import Source

END = b"PK\x05\x06"
NEAR = 1024
"""Bytes at the end that are searched for an end record whatever the content begins with."""
_READ_TO_THE_END = (b"GGUF", b"\x93NUMPY", b"\x89HDF", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""How content begins whose own reader reports everything that follows its end."""


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How documents begin that hold a small zip archive (of their theme) somewhere near their end."""


_sniffed: tuple[Probe, Certainty] | None = None


def sniff(probe: Probe) -> Certainty:
    """CERTAIN for a first local header, or an end record as far from the end as its comment can be. Formats
    that are zip archives ask for the names of their members: the last answer is kept."""
    global _sniffed
    head = probe.head
    if head[:2] == b"PK" and head[:4] in (b"PK\x03\x04", END, b"PK\x07\x08", b"PK00"):
        return Certainty.CERTAIN
    if probe.source.size < 22:
        return Certainty.NO
    last = _sniffed
    if last is None or last[0] is not probe:
        last = _sniffed = (probe, _sniff_end(probe))
    return last[1]


def _sniff_end(probe: Probe) -> Certainty:
    head, size = probe.head, probe.source.size
    if size <= len(head):
        found = END in head
    elif not getattr(probe.source, "complete", True) and _of_its_name(probe):
        return Certainty.NO  # the end of a compressed tensor costs expanding all of it
    elif head.startswith(_OLE):
        found = probe.source.read(size - 22, 4) == END
    elif head.startswith(_READ_TO_THE_END):
        found = END in probe.source.read(size - NEAR, NEAR)
    else:
        found = END in probe.tail
    if not found:
        return Certainty.NO
    from violet.formats.zip.directory import has_directory

    return Certainty.CERTAIN if has_directory(probe.source, probe.tail) else Certainty.NO


def _of_its_name(probe: Probe) -> bool:
    head, suffix = probe.head, probe.suffix
    return (
        (suffix == ".npy" and head.startswith(b"\x93NUMPY"))
        or (suffix == ".gguf" and head.startswith(b"GGUF"))
        or (suffix == ".safetensors" and head[8:9] == b"{")
    )


def directory_names(probe: Probe, most: int) -> tuple[str, ...]:
    """The names in the directory of a zip archive, or of its first local header. Never raises."""
    from violet.formats.zip.directory import names

    return names(probe.source, probe.tail, most)


_last: tuple[Source, bool, Parsed] | None = None


def read_zip(source: Source, reading: Reading) -> Parsed:
    """Read a zip archive: ``facts`` are ``ArchiveFacts``, ``children`` the contents of its members.

    Formats that are zip archives ask for the same one again: the last answer is kept. Raises
    ``BoundExceededError``.
    """
    global _last
    last = _last
    if last is None or last[0] is not source or last[1] is not reading.deep:
        from violet.formats.zip.reader import read

        last = _last = (source, reading.deep, read(source, reading))
    parsed = last[2]
    return Parsed(parsed.facts, list(parsed.children), list(parsed.defects), list(parsed.unexamined))


def _read_storage(source: Source, reading: Reading) -> Parsed:
    from violet.formats.zip.storages import read_storage

    return read_storage(source, reading)


FORMATS = (
    Format(
        id="zip",
        title="ZIP archive",
        suffixes=(".zip", ".whl", ".jar", ".mar", ".npz", ".keras", ".skops", ".pt", ".pth", ".egg", ".pyz"),
        sniff=sniff,
        read=read_zip,
        rank=60,
    ),
    Format(
        id="torch-storage",
        title="tensor storage of a PyTorch archive",
        suffixes=(),
        sniff=never,
        read=_read_storage,
    ),
)
