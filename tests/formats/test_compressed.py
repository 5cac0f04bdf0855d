"""The readers of compressed streams, against the libraries that write them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zlib
from typing import TYPE_CHECKING

import joblib
import lz4.frame
import numpy as np
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib.numpy_pickle_compat import write_zfile

from tests.formats.archive_files import STREAMS, content, hidden, keys, kinds, only, read, survives
from tests.formats.tensor_files import ids, mutations
from violet.formats.compressed.decoders import inflate, inflate_zlib
from violet.formats.compressed.stream import SHELF, BrokenStreamError, ExpandedSource, Run
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DATA = random.Random(3).randbytes(9_000) * 60

WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zlib": zlib.compress,
    "zstd": zstd.compress,
    "lz4": lz4.frame.compress,
}
MANY = ("gzip", "bzip2", "xz", "zstd", "lz4")
"""Formats of which a file may hold several streams."""


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("data", [DATA, b"\x80\x04N.", b"x" * 100])
def test_what_the_libraries_write(kind: str, data: bytes) -> None:
    packed = WRITERS[kind](data)
    assert ids(packed, "model.pkl") == [kind]
    result = read(kind, packed, "model.pkl.gz")
    assert result.defects == []
    assert only(result).name == "model.pkl"
    assert content(only(result).source) == data


@pytest.mark.parametrize("kind", MANY)
def test_several_streams(kind: str) -> None:
    write = WRITERS[kind]
    result = read(kind, write(DATA) + write(b"abc"), "a")
    assert result.defects == []
    assert content(only(result).source) == DATA + b"abc"


@pytest.mark.parametrize("kind", WRITERS)
def test_what_follows_the_end(kind: str) -> None:
    result = read(kind, WRITERS[kind](DATA) + b"secret", "a")
    assert kinds(result) == {"hidden-data"}
    assert hidden(result) == [b"secret"]
    assert read(kind, WRITERS[kind](DATA) + bytes(600), "a").defects == []


@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_cut_is_examined_as_far_as_it_goes(kind: str) -> None:
    noise = random.Random(4).randbytes(3_000_000)
    packed = WRITERS[kind](noise)
    result = read(kind, packed[: len(packed) // 2], "a")
    assert kinds(result) == {"truncated"}
    got = content(only(result).source)
    assert noise.startswith(got)
    assert len(got) > 400_000


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zlib"])
def test_a_wrong_checksum_loses_no_content(kind: str) -> None:
    packed = bytearray(WRITERS[kind](DATA))
    packed[-5 if kind in ("gzip", "bzip2") else -1 if kind == "zlib" else -30] ^= 0x40
    result = read(kind, bytes(packed), "a")
    assert kinds(result) & {"checksum", "malformed"}
    assert len(content(only(result).source)) >= len(DATA) - 1


def test_gzip_headers() -> None:
    target = io.BytesIO()
    with gzip.GzipFile("weights.pkl", "wb", fileobj=target) as file:
        file.write(DATA)
    assert only(read("gzip", target.getvalue(), "blob")).name == "weights.pkl"
    packed = gzip.compress(DATA)
    evil = packed[:3] + b"\x08" + packed[4:10] + b"../../x\0" + packed[10:]
    result = read("gzip", evil, "blob")
    assert kinds(result) == {"traversal"}
    assert only(result).name == "x"
    extra = packed[:3] + b"\x04" + packed[4:10] + b"\x00\x02" + b"XX\xfc\x01" + bytes(508) + packed[10:]
    assert kinds(read("gzip", extra, "a")) == {"hidden-data"}
    size = packed[:-1] + b"\x7f"
    assert keys(read("gzip", size, "a"), "contradiction") == {"size"}


def test_skippable_frames() -> None:
    small = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    large = b"\x50\x2a\x4d\x18\xe8\x03\0\0" + b"secret!!" * 125
    for kind in ("zstd", "lz4"):
        packed = WRITERS[kind](DATA)
        assert ids(small + packed, "a") == [kind]
        assert read(kind, small + packed, "a").defects == []
        assert hidden(read(kind, packed + large, "a")) == [b"secret!!" * 125]


def test_the_oldest_wrapper_of_joblib() -> None:
    target = io.BytesIO()
    write_zfile(target, DATA)
    assert ids(target.getvalue(), "model.pkl") == ["zfile"]
    result = read("zfile", target.getvalue(), "model.pkl")
    assert result.defects == []
    assert content(only(result).source) == DATA
    lie = target.getvalue().replace(b"0x83d60", b"0x83d61")
    assert keys(read("zfile", lie, "model.pkl"), "contradiction") == {"size"}


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "lzma", "xz", "lz4"])
def test_every_compressor_of_joblib(method: str, tmp_path: Path) -> None:
    path = tmp_path / "model.joblib"
    joblib.dump({"a": np.arange(30_000), "b": "text"}, path, compress=(method, 3))
    packed = path.read_bytes()
    kind = {"bz2": "bzip2"}.get(method, method)
    assert ids(packed, "model.joblib") == [kind]
    result = read(kind, packed, "model.joblib")
    assert result.defects == []
    assert only(result).name == "model.joblib"
    assert content(only(result).source).startswith(b"\x80")


def test_text_is_not_taken_for_a_stream() -> None:
    for text in (b"x^2 + y^2 = z^2\n" * 40, b"x\x01" + b"hello world " * 40, b"BZh9 is a bird", b"]\0\0\0" * 200):
        assert not set(ids(text, "notes.txt")) & set(STREAMS)


def test_absurd_growth_is_a_bomb() -> None:
    assert kinds(read("gzip", gzip.compress(bytes(40_000_000)), "a")) == {"bomb"}
    assert kinds(read("gzip", gzip.compress(b"\x93NUMPY" + bytes(40_000_000)), "a")) == set()


def test_growth_is_metered() -> None:
    with pytest.raises(BoundExceededError):
        read("gzip", gzip.compress(DATA), "a", bounds=Bounds(expanded=100_000))


def packed_source(data: bytes, meter: Meter) -> ExpandedSource:
    packed = BytesSource(zlib.compress(data)[2:-4])

    def produce() -> Iterator[bytes]:
        return iter(Run(packed, 0, packed.size, inflate))

    return ExpandedSource(produce, len(data), meter)


def test_expanded_sources_give_any_part_again_and_again() -> None:
    meter = Meter(Bounds())
    source = packed_source(DATA, meter)
    assert source.read(len(DATA) - 10, 99) == DATA[-10:]
    assert source.read(0, 10) == DATA[:10]
    source.forget()
    assert source.read(100_000, 50_000) == DATA[100_000:150_000]
    assert meter.expanded == len(DATA)
    assert source.read(-1, 5) == source.read(5, -1) == source.read(len(DATA), 1) == b""


def test_large_content_goes_to_a_file() -> None:
    source = packed_source(DATA, Meter(Bounds(in_memory=100_000)))
    assert content(source) == DATA
    assert source.read(5, 9) == DATA[5:14]


def test_memory_is_bounded_over_all_sources() -> None:
    meter = Meter(Bounds())
    large = DATA * 30
    sources = [packed_source(large, meter) for _ in range(6)]
    for source in sources:
        source.read(len(large) - 1, 1)
    held = sum(len(source._buffer) for source in sources)
    assert held <= SHELF + (1 << 20)
    assert all(source.read(1_000_000, 5) == large[1_000_000:1_000_005] for source in sources)


def test_a_broken_stream_gives_every_byte_before_the_break() -> None:
    damaged = zlib.compress(DATA)[:-1] + b"\0"
    got: list[bytes] = []
    with pytest.raises(BrokenStreamError):
        got.extend(Run(BytesSource(damaged), 0, len(damaged), inflate_zlib))
    assert b"".join(got) == DATA[:-1]


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("kind", WRITERS)
@given(data=st.data())
def test_changed_streams_give_an_outcome(kind: str, data: st.DataObject) -> None:
    changed = data.draw(mutations(lambda: WRITERS[kind](b"some content " * 30)))
    survives(kind, changed, "model.pkl")


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("kind", WRITERS)
@given(data=st.binary(max_size=200))
def test_any_bytes_give_an_outcome(kind: str, data: bytes) -> None:
    survives(kind, STREAMS[kind] + data, "model.pkl")
    survives(kind, data, "model.pkl")
