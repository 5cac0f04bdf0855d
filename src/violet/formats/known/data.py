"""Data set, table and database formats."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from violet.formats.base import Certainty
from violet.formats.known.magic import begins, known, magic

if TYPE_CHECKING:
    from violet.formats.base import Probe


@cache
def _crc32c_table() -> tuple[int, ...]:
    table: list[int] = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


def _tfrecord(probe: Probe) -> Certainty:
    """The length of the first record and its masked CRC-32C."""
    head = probe.head
    if len(head) < 16 or not 0 < int.from_bytes(head[:8], "little") <= probe.source.size - 16:
        return Certainty.NO
    table, value = _crc32c_table(), 0xFFFF_FFFF
    for byte in head[:8]:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    value ^= 0xFFFF_FFFF
    masked = ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFF_FFFF
    return Certainty.CERTAIN if masked == int.from_bytes(head[8:12], "little") else Certainty.NO


@begins(b"\0")
def _idx(probe: Probe) -> Certainty:
    """Two zeros, an element type, the number of dimensions, and dimensions that give the file's size."""
    head = probe.head
    widths = {8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8}
    if len(head) < 8 or head[:2] != b"\0\0" or head[2] not in widths or not 1 <= head[3] <= 8:
        return Certainty.NO
    start = 4 + 4 * head[3]
    size = widths[head[2]]
    for at in range(4, start, 4):
        size *= int.from_bytes(head[at : at + 4], "big")
    return Certainty.LIKELY if start + size == probe.source.size else Certainty.NO


def _matlab(probe: Probe) -> Certainty:
    """Version 7.3 says the same and is an HDF5 file too, from byte 512."""
    if probe.head.startswith(b"MATLAB ") and b" MAT-file" in probe.head[:32]:
        return Certainty.CERTAIN
    # Version 4 has no magic number.
    return Certainty.POSSIBLE if probe.suffix == ".mat" and 0 in probe.head[:20] else Certainty.NO


@begins(b"O")
def _orc(probe: Probe) -> Certainty:
    """Three letters at the start, and again in the last bytes, after the postscript."""
    if not probe.head.startswith(b"ORC") or b"ORC" not in probe.tail[-20:]:
        return Certainty.NO
    return Certainty.CERTAIN if 0 in probe.head or 0 in probe.tail else Certainty.POSSIBLE


DATA = (
    known("arrow", "Arrow file", (".arrow", ".feather", ".ipc"), magic(b"ARROW1\0\0", b"FEA1")),
    known("avro", "Avro", (".avro",), magic(b"Obj\1")),
    known("orc", "ORC", (".orc",), _orc),
    known(
        "sqlite",
        "SQLite database",
        (".sqlite", ".sqlite3", ".mbtiles"),
        magic(b"SQLite format 3\0"),
    ),
    known("duckdb", "DuckDB database", (".duckdb",), magic(b"DUCK", at=8)),
    known("lmdb", "LMDB database", (".mdb",), magic(b"\xde\xc0\xef\xbe", at=16)),
    known("tfrecord", "TFRecord", (".tfrecord", ".tfrecords", ".tfevents"), _tfrecord),
    known("mxnet-recordio", "MXNet RecordIO", (".rec",), magic(b"\x0a\x23\xd7\xce")),
    known("matlab", "MATLAB data", (".mat",), _matlab),
    known("netcdf", "NetCDF", (".nc",), magic(b"CDF\1", b"CDF\2", b"CDF\5")),
    known("fits", "FITS", (".fits",), magic(b"SIMPLE  =")),
    known("dicom", "DICOM image", (".dcm",), magic(b"DICM", at=128)),
    known("stata", "Stata data", (".dta",), magic(b"<stata_dta>")),
    known("spss", "SPSS data", (), magic(b"$FL2@(#)", b"$FL3@(#)")),
    known("idx", "IDX array", (), _idx),
    known("gettext", "Compiled translations", (".mo",), magic(b"\xde\x12\x04\x95"), inert=True),
    known("pcap", "Packet capture", (".pcap",), magic(b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a")),
)
