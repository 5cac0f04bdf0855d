"""Compressed streams: gzip, bzip2, xz, LZMA, zlib, Zstandard, lz4, and joblib's oldest wrapper.

Sources: RFC 1950 and 1952, the xz and LZMA file format notes of XZ Utils, RFC 8878, the lz4 frame format,
and the writers of the Python library and of joblib.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from violet.formats.base import HEAD, Certainty, Format

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source

SKIPPABLE = tuple(struct.pack("<I", 0x184D2A50 + i) for i in range(16))
"""The magic numbers of skippable frames, which Zstandard and lz4 share."""


def _reader(kind: str) -> Callable[[Source, Reading], Parsed]:
    def read(source: Source, reading: Reading) -> Parsed:
        from violet.formats.compressed.reader import read_compressed

        return read_compressed(kind, source, reading)

    return read


def _sniff_gzip(probe: Probe) -> Certainty:
    return Certainty.CERTAIN if probe.head.startswith(b"\x1f\x8b") else Certainty.NO


def _sniff_bzip2(probe: Probe) -> Certainty:
    head = probe.head
    if head[:3] != b"BZh" or not b"1" <= head[3:4] <= b"9":
        return Certainty.NO
    known = head[4:10] in (b"1AY&SY", b"\x17rE8P\x90")
    return Certainty.CERTAIN if known else Certainty.LIKELY if probe.suffix == ".bz2" else Certainty.NO


def _sniff_xz(probe: Probe) -> Certainty:
    return Certainty.CERTAIN if probe.head.startswith(b"\xfd7zXZ\0") else Certainty.NO


_SKIPPABLE = bytes(range(0x50, 0x60))
"""How frames begin that zstd and lz4 leave out."""


def _sniff_zstd(probe: Probe) -> Certainty:
    head = probe.head
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return Certainty.CERTAIN
    return Certainty.CERTAIN if _after_skippable(probe) == b"\x28\xb5\x2f\xfd" else Certainty.NO


def _sniff_lz4(probe: Probe) -> Certainty:
    head = probe.head
    if head.startswith((b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18")):
        return Certainty.CERTAIN
    return Certainty.CERTAIN if _after_skippable(probe) == b"\x04\x22\x4d\x18" else Certainty.NO


def _after_skippable(probe: Probe) -> bytes:
    """The magic number after the skippable frames that the content begins with."""
    at, magic = 0, probe.head[:4]
    if magic not in SKIPPABLE:
        return b""
    for _ in range(16):
        at += 8 + int.from_bytes(probe.source.read(at + 4, 4), "little")
        magic = probe.source.read(at, 4)
        if magic not in SKIPPABLE:
            break
    return magic


def _sniff_lzma(probe: Probe) -> Certainty:
    head = probe.head
    if len(head) < 14 or head[0] >= 225 or head[13]:  # the first byte of the range coder is always zero
        return Certainty.NO
    dictionary = int.from_bytes(head[1:5], "little")
    expands = int.from_bytes(head[5:13], "little")
    usual = dictionary.bit_count() <= 2 and dictionary >= 4096
    if not usual or (expands != 0xFFFFFFFFFFFFFFFF and not 0 < expands < 1 << 38):
        return Certainty.NO
    if not any(head[14:18]) and probe.suffix != ".lzma":
        return Certainty.NO  # a range coder that begins with zeros gives zeros: tables of small numbers look so
    from violet.formats.compressed.decoders import unlzma

    return Certainty.LIKELY if _decodes(unlzma(), probe, least=1) else Certainty.NO


def _sniff_zlib(probe: Probe) -> Certainty:
    head = probe.head
    if len(head) < 8 or head[0] & 0x8F != 8 or (head[0] << 8 | head[1]) % 31 or head[1] & 0x20:
        return Certainty.NO
    from violet.formats.compressed.decoders import inflate_zlib

    return Certainty.LIKELY if _decodes(inflate_zlib(), probe, least=8) else Certainty.NO


def _decodes(decoder: object, probe: Probe, least: int) -> bool:
    """Whether the head decodes without error, to its end or to at least so many bytes."""
    data = probe.head
    try:
        out: bytes = decoder.decompress(data, 8 * HEAD)  # type: ignore[attr-defined]
    except Exception:
        return False
    return len(out) >= least or bool(decoder.eof)  # type: ignore[attr-defined]


def _sniff_zfile(probe: Probe) -> Certainty:
    head = probe.head
    if head[:2] != b"ZF" or len(head) < 22:
        return Certainty.NO
    try:
        int(head[2:21], 16)
    except ValueError:
        return Certainty.NO
    return Certainty.CERTAIN if head[21:23].lstrip(b" ")[:1] == b"\x78" else Certainty.NO


FORMATS = (
    Format("gzip", "gzip stream", (".gz", ".tgz"), _sniff_gzip, _reader("gzip"), rank=40, first=b"\x1f"),
    Format("bzip2", "bzip2 stream", (".bz2", ".tbz2"), _sniff_bzip2, _reader("bzip2"), rank=40, first=b"B"),
    Format("xz", "xz stream", (".xz", ".txz"), _sniff_xz, _reader("xz"), rank=40, first=b"\xfd"),
    Format("lzma", "LZMA stream", (".lzma",), _sniff_lzma, _reader("lzma"), rank=70),
    Format(
        "zlib",
        "zlib stream",
        (".zlib",),
        _sniff_zlib,
        _reader("zlib"),
        rank=70,
        first=b"\x08\x18\x28\x38\x48\x58\x68\x78",
    ),
    Format(
        "zstd",
        "Zstandard stream",
        (".zst", ".zstd"),
        _sniff_zstd,
        _reader("zstd"),
        rank=40,
        first=b"\x28" + _SKIPPABLE,
    ),
    Format(
        "lz4",
        "lz4 frames",
        (".lz4",),
        _sniff_lz4,
        _reader("lz4"),
        rank=40,
        first=b"\x04\x02" + _SKIPPABLE,
    ),
    Format("zfile", "joblib zlib file", (), _sniff_zfile, _reader("zfile"), rank=40, first=b"Z"),
)
