"""The 7z reader, against archives of py7zr and broken ones."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

import py7zr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.archive_files import content, found, hidden, kinds, members, read, survives
from tests.formats.tensor_files import ids, mutations
from violet.formats.base import Reading
from violet.formats.sevenzip.header import Cursor, parse_streams
from violet.formats.sevenzip.reader import _Reader
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Meter

if TYPE_CHECKING:
    from pathlib import Path

    from violet.formats.base import Parsed

DATA = bytes(range(256)) * 40
PROGRAM = b"\x55\x48\x89\xe5\xe8\x10\x20\0\0\xe9\x01\0\0\0\xc3" * 900

CHAINS: dict[str, list[dict[str, Any]] | None] = {
    "default": None,
    "lzma2": [{"id": py7zr.FILTER_LZMA2, "preset": 3}],
    "lzma": [{"id": py7zr.FILTER_LZMA}],
    "x86-lzma2": [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 3}],
    "x86-lzma": [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA}],
    "x86-bzip2": [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_BZIP2}],
    "arm-lzma2": [{"id": py7zr.FILTER_ARM}, {"id": py7zr.FILTER_LZMA2, "preset": 3}],
    "delta": [{"id": py7zr.FILTER_DELTA}, {"id": py7zr.FILTER_LZMA2, "preset": 3}],
    "bzip2": [{"id": py7zr.FILTER_BZIP2}],
    "deflate": [{"id": py7zr.FILTER_DEFLATE}],
    "copy": [{"id": py7zr.FILTER_COPY}],
    "zstd": [{"id": py7zr.FILTER_ZSTD, "level": 3}],
}


@cache
def made(chain: str = "default", *, password: str | None = None, sealed: bool = False) -> bytes:
    target = io.BytesIO()
    with py7zr.SevenZipFile(
        target, "w", filters=CHAINS[chain] if password is None else None, password=password,
        header_encryption=sealed,
    ) as archive:  # fmt: skip
        archive.writestr(DATA, "d/a.bin")
        archive.writestr(PROGRAM, "b")
        archive.writestr(b"", "é")
    return target.getvalue()


def parsed(data: bytes, *, deep: bool = False) -> Parsed:
    return read("sevenzip", data, "m.7z", deep=deep)


@pytest.mark.parametrize("chain", CHAINS)
def test_every_method_that_is_supported(chain: str) -> None:
    assert ids(made(chain), "m.7z")[0] == "sevenzip"
    result = parsed(made(chain))
    assert result.defects == []
    assert result.unexamined == []
    assert found(result) == {"d/a.bin": DATA, "b": PROGRAM, "é": b""}
    assert {m.name for m in members(result)} == {"d/a.bin", "b", "é"}


def test_methods_that_are_not_supported() -> None:
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w", filters=[{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 16}]) as archive:
        archive.writestr(DATA, "a")
    result = parsed(target.getvalue())
    assert kinds(result) == {"unsupported"}
    assert result.unexamined


def test_encryption() -> None:
    for sealed in (False, True):
        result = parsed(made(password="1234", sealed=sealed))
        assert "encrypted" in kinds(result)
        assert result.unexamined
        assert result.children == []


def test_an_empty_archive() -> None:
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w"):
        pass
    assert parsed(target.getvalue()).defects == []


def test_directories_and_links(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_bytes(DATA)
    (tmp_path / "d" / "in").symlink_to("a")
    (tmp_path / "d" / "out").symlink_to("../../x")
    (tmp_path.parent / "x").write_bytes(b"")
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w") as archive:
        archive.writeall(tmp_path / "d", "d")
    result = parsed(target.getvalue())
    assert [defect.key for defect in result.defects if defect.kind == "link"] == ["d/out"]
    assert found(result) == {"d/a": DATA}
    assert [m.name for m in members(result) if m.is_dir] == ["d"]


def test_names_that_lead_outside() -> None:
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w") as archive:
        archive.writestr(b"x", "aaa/x")
    data = target.getvalue()
    _, offset, _, _ = struct.unpack("<IQQI", data[8:32])
    header = data[32 + offset :]
    if b"a\0a\0a\0" not in header:
        header = plain_header(data)
    header = header.replace("aaa/x".encode("utf-16-le"), "../..".encode("utf-16-le"))
    assert "traversal" in kinds(parsed(with_header(data, offset, header)))


def plain_header(data: bytes) -> bytes:
    """The header as it is before it was compressed."""

    _, offset, size, _ = struct.unpack("<IQQI", data[8:32])
    cursor = Cursor(data[32 + offset : 32 + offset + size], 1000)
    assert cursor.byte() == 0x17
    reader = _Reader(BytesSource(data), Reading("", Bounds(), Meter(Bounds())))
    return reader._encoded(parse_streams(cursor))


def with_header(data: bytes, offset: int, header: bytes) -> bytes:
    start = struct.pack("<QQI", offset, len(header), zlib.crc32(header))
    return data[:8] + struct.pack("<I", zlib.crc32(start)) + start + data[32 : 32 + offset] + header


def test_what_follows_the_end() -> None:
    result = parsed(made() + b"secret")
    assert kinds(result) == {"hidden-data"}
    assert hidden(result) == [b"secret"]


def test_an_archive_that_is_cut() -> None:
    for length in (20, 100, len(made()) - 5):
        result = parsed(made()[:length])
        assert kinds(result) == {"truncated"}


def test_a_wrong_checksum() -> None:
    data = bytearray(made("copy"))
    data[40] ^= 1
    result = parsed(bytes(data))
    assert kinds(result) == {"checksum"}
    assert len(result.children) == 3
    data = bytearray(made("copy"))
    data[9] ^= 1
    assert kinds(parsed(bytes(data))) == {"checksum"}


def test_large_folders_are_expanded_when_read() -> None:
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w", filters=CHAINS["zstd"]) as archive:
        archive.writestr(DATA * 500, "a")
        archive.writestr(b"end", "b")
    result = parsed(target.getvalue())
    assert result.defects == []
    assert content(result.children[1].source) == b"end"
    assert parsed(target.getvalue(), deep=True).defects == []


def test_a_header_that_is_too_large() -> None:
    with pytest.raises(BoundExceededError):
        read("sevenzip", made(), bounds=Bounds(table=10))


@settings(max_examples=150, deadline=None)
@given(mutations(lambda: made("copy")))
def test_changed_archives_give_an_outcome(data: bytes) -> None:
    survives("sevenzip", data, "m.7z")


@settings(max_examples=200, deadline=None)
@given(mutations(lambda: plain_header(made("deflate"))))
def test_changed_headers_with_a_right_checksum_give_an_outcome(header: bytes) -> None:
    data = made("deflate")
    survives("sevenzip", with_header(data, struct.unpack("<Q", data[12:20])[0], header), "m.7z")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_an_outcome(data: bytes) -> None:
    survives("sevenzip", b"7z\xbc\xaf\x27\x1c" + data, "m.7z")
    survives("sevenzip", with_header(b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24) + data, len(data), b"\1" + data), "m.7z")
