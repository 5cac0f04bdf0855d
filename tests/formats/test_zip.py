"""The zip reader, against archives of real writers and archives that no writer would make."""

from __future__ import annotations

import io
import itertools
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.zipcraft import Member, archive
from tests.formats.archive_files import found, hidden, keys, kinds, members, read, survives
from tests.formats.tensor_files import ids, mutations
from violet.formats.archive import zip_names
from violet.formats.base import HEAD, Parsed, Probe
from violet.formats.compressed.stream import ExpandedSource
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATA = bytes(range(256)) * 40


class Unseekable(io.RawIOBase):
    """A pipe: what makes writers put sizes into data descriptors."""

    def __init__(self) -> None:
        self.written = io.BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self.written.write(data)


def made(method: int = zipfile.ZIP_DEFLATED, **names: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as file:
        for name, data in names.items():
            file.writestr(name, data)
    return target.getvalue()


def streamed(method: int = zipfile.ZIP_DEFLATED, large: bool = False) -> bytes:
    pipe = Unseekable()
    with zipfile.ZipFile(pipe, "w", method) as file:  # type: ignore[type-var]
        for name in ("a", "b", "c"):
            with file.open(name, "w", force_zip64=large) as member:
                member.write(DATA)
    return pipe.written.getvalue()


def parsed(data: bytes, name: str = "m.zip") -> Parsed:
    return read("zip", data, name)


@pytest.mark.parametrize("method", [0, 8, 12, 14])
def test_every_method_of_the_library(method: int) -> None:
    result = parsed(made(method, **{"a/b.bin": DATA, "ü.txt": b"", "d/": b""}))
    assert result.defects == []
    assert found(result) == {"a/b.bin": DATA, "ü.txt": b""}
    assert [(m.name, m.is_dir, m.size) for m in members(result)] == [
        ("a/b.bin", False, len(DATA)),
        ("ü.txt", False, 0),
        ("d/", True, 0),
    ]


@pytest.mark.parametrize(("method", "large"), list(itertools.product((0, 8), (False, True))))
def test_data_descriptors_are_no_hidden_data(method: int, large: bool) -> None:
    result = parsed(streamed(method, large))
    assert result.defects == []
    assert found(result) == {"a": DATA, "b": DATA, "c": DATA}


def test_an_empty_archive() -> None:
    assert parsed(made()).defects == []
    assert "zip" in ids(made(), "m.zip")


def test_numpy_archives() -> None:
    for save in (np.savez, np.savez_compressed):
        target = io.BytesIO()
        save(target, a=np.arange(1000), b=np.zeros((300, 300)))
        result = parsed(target.getvalue(), "m.npz")
        assert result.defects == []
        assert set(found(result)) == {"a.npy", "b.npy"}


def test_large_compressed_members_are_expanded_only_as_far_as_they_are_read() -> None:
    target = io.BytesIO()
    np.savez_compressed(target, a=np.arange(2_000_000))
    result = parsed(target.getvalue(), "m.npz")
    source = result.children[0].source
    assert isinstance(source, ExpandedSource)
    assert source.size == 16_000_128
    assert source.read(0, 6) == b"\x93NUMPY"
    assert ids_of(source, "a.npy")[0] == "npy"
    assert not source.complete
    assert source.read(source.size - 8, 8) == struct.pack("<q", 1_999_999)
    assert source.complete


def ids_of(source: Source, name: str) -> list[str]:
    from violet.formats.registry import identify

    return [entry.id for entry in identify(source, name)]


def test_stored_members_are_windows_that_nothing_reads() -> None:
    class Counting(BytesSource):
        __slots__ = ("taken",)
        taken: int

        def read(self, offset: int, length: int) -> bytes:
            data = super().read(offset, length)
            self.taken += len(data)
            return data

    source = Counting(made(0, **{f"archive/data/{i}": DATA * 100 for i in range(20)}))
    source.taken = 0
    result = read("zip", source, "m.pt")
    assert result.defects == []
    assert source.size > 20_000_000
    assert source.taken < 100_000


def test_a_program_before_an_archive_is_told_but_not_grave() -> None:
    whole = made(a=DATA)
    for lead in (b"#!/usr/bin/env python3\n", b"MZ" + bytes(range(200))):
        assert "zip" in ids(lead + whole, "m.pyz")
        result = parsed(lead + whole, "m.pyz")
        assert kinds(result) == {"foreign-data"}
        assert found(result) == {"a": DATA}
    target = io.BytesIO(b"#!/usr/bin/env python3\n")
    target.seek(0, 2)
    with zipfile.ZipFile(target, "a") as file:
        file.writestr("a", DATA)
    assert kinds(parsed(target.getvalue())) == {"foreign-data"}


def test_what_stands_before_between_and_after() -> None:
    whole = made(a=DATA)
    assert hidden(parsed(b"secret" + whole)) == [b"secret"]
    assert hidden(parsed(whole + b"secret")) == [b"secret"]
    assert hidden(parsed(archive([Member(b"a", b"x")], before_end=b"secret"))) == [b"secret"]
    assert kinds(parsed(whole + bytes(100))) == set()


def test_members_that_no_directory_lists() -> None:
    data = archive([Member(b"a", b"x"), Member(b"b.pkl", b"evil", listed=False), Member(b"c", b"y")])
    result = parsed(data)
    assert hidden(result) == [b"evil"]
    assert keys(result, "hidden-data") == {"member:b.pkl"}
    last = archive([Member(b"a", b"x"), Member(b"b.pkl", DATA, deflate=True, listed=False)])
    assert hidden(parsed(last)) == [DATA]


def test_an_archive_without_directory_is_read_from_its_beginning() -> None:
    data = archive([Member(b"a", DATA, deflate=True), Member(b"b", b"evil")]).partition(b"PK\x01\x02")[0]
    result = parsed(data)
    assert found(result) == {"a": DATA, "b": b"evil"}
    assert kinds(result) == {"truncated"}
    pipe = streamed().partition(b"PK\x01\x02")[0]
    assert found(parsed(pipe)) == {"a": DATA, "b": DATA, "c": DATA}
    pipe = streamed(0).partition(b"PK\x01\x02")[0]
    assert found(parsed(pipe)) == {"a": DATA, "b": DATA, "c": DATA}


def test_an_archive_that_is_cut_gives_what_is_there() -> None:
    result = parsed(made(0, a=DATA, b=DATA)[: len(DATA) + 5000])
    assert kinds(result) == {"truncated"}
    assert found(result)["a"] == DATA
    assert DATA.startswith(found(result)["b"][:100])
    assert result.unexamined


CONTRADICTIONS: dict[str, Callable[[], bytes]] = {
    "name:a.txt": lambda: archive([Member(b"a.txt", b"x", local_name=b"a.pkl")]),
    "flags:a": lambda: archive([Member(b"a", b"x", flags=1, central_flags=0)]),
    "encrypted:a": lambda: archive([Member(b"a", DATA, deflate=True, flags=1)]),
    "flag:a": lambda: archive([Member(b"a", DATA, deflate=True, flags=0x20)]),
    "size:a": lambda: archive([Member(b"a", DATA, deflate=True, central_size=7)]),
    "stored:a": lambda: archive([Member(b"a", DATA, size=7)]),
    "version:a": lambda: archive([Member(b"a", b"x", version=99)]),
    "zero:a\0b": lambda: archive([Member(b"a\0b", b"x")]),
    "directory-count": lambda: archive([Member(b"a", b"x"), Member(b"b", b"x")], entries=1),
    "second-directory": lambda: two_directories(),
    "false-end": lambda: made(a=DATA)[:-2] + b"\x20\0" + b"PK\x05\x06" + b"\7" * 28,
    "rest:a": lambda: deflate_with_a_rest(),
    "zip64-end": lambda: zip64_lie(),
}


def two_directories() -> bytes:
    """The end record of a second archive inside the comment of the first."""
    first = archive([Member(b"a", b"good")])
    second = archive([Member(b"a", b"evil")], prefix=first)
    return second[:-22] + second[-22:-2] + struct.pack("<H", len(first[-22:])) + first[-22:]


def deflate_with_a_rest() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(DATA) + packer.flush() + b"something else"
    return archive([Member(b"a", packed, method=8, crc=zlib.crc32(DATA), size=len(DATA))])


def zip64_lie() -> bytes:
    data = made(a=DATA, b=DATA)
    start = data.index(b"PK\x01\x02")
    second = data.rindex(b"PK\x01\x02")
    end = data[-22:]
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, second - start, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(data) - 22, 1)
    return data[:-22] + record + locator + end


@pytest.mark.parametrize("key", CONTRADICTIONS)
def test_contradictions(key: str) -> None:
    result = parsed(CONTRADICTIONS[key]())
    assert key in keys(result, "contradiction")
    assert result.children


def test_content_is_examined_under_every_name() -> None:
    result = parsed(archive([Member(b"a.txt", b"evil", local_name=b"a.pkl")]))
    assert found(result) == {"a.txt": b"evil", "a.pkl": b"evil"}


def test_a_second_directory_is_followed() -> None:
    contents = [child.source.read(0, 9) for child in parsed(two_directories()).children]
    assert {b"good", b"evil"} <= set(contents)


def test_an_archive_within_an_archive_is_no_second_directory() -> None:
    inner = made(a=DATA)
    assert parsed(made(0, **{"x.zip": inner})).defects == []
    assert parsed(made(0, **{"x.zip": made()})).defects == []


def test_a_method_that_is_not_the_one_stated() -> None:
    for method in (8, 99, 47):
        result = parsed(archive([Member(b"a", b"evil" * 9, method=method)]))
        assert found(result)["a"] == b"evil" * 9
        assert "contradiction" in kinds(result)


def test_what_is_really_encrypted_stays_unexamined() -> None:
    data = archive([Member(b"a", bytes(range(7, 77)), flags=1, size=58)])
    result = parsed(data)
    assert kinds(result) == {"encrypted"}
    assert result.children == []
    assert result.unexamined


def test_methods_without_a_decoder_stay_unexamined() -> None:
    result = parsed(archive([Member(b"a", DATA, method=9, crc=1)]))
    assert kinds(result) == {"unsupported"}
    assert result.unexamined


def test_a_wrong_checksum() -> None:
    for deflate in (False, True):
        result = parsed(archive([Member(b"a", DATA, deflate=deflate, crc=1)]))
        assert kinds(result) == {"checksum"}
        assert found(result) == {"a": DATA}


def test_an_archive_without_any_checksum() -> None:
    """What PyTorch writes after ``set_crc32_options(False)``."""
    assert kinds(parsed(archive([Member(b"a", b"x", crc=0), Member(b"b", b"y", crc=0)]))) == {"no-checksum"}
    assert kinds(parsed(archive([Member(b"a", b"x", crc=0), Member(b"b", b"y")]))) == {"checksum"}


def test_duplicates() -> None:
    assert kinds(parsed(archive([Member(b"a", b"1"), Member(b"./a", b"22")]))) == {"duplicate"}
    assert kinds(parsed(archive([Member(b"a", b"1"), Member(b"a", b"1")]))) == {"duplicate-equal"}
    assert kinds(parsed(archive([Member(b"a", b"1"), Member(b"A", b"2")]))) == {"duplicate-case"}
    assert kinds(parsed(archive([Member(b"a/", b""), Member(b"a/b", b"2")]))) == set()


@pytest.mark.parametrize("name", [b"../x", b"a/../../x", b"/x", b"C:\\x", b"..\\x", b"\\\\host\\x"])
def test_names_that_lead_outside(name: bytes) -> None:
    assert "traversal" in kinds(parsed(archive([Member(name, b"x")])))


@pytest.mark.parametrize("name", [b"a/../x", b"./x", b"..x", b"a..b/c", b"dir\\x"])
def test_names_that_stay_inside(name: bytes) -> None:
    assert "traversal" not in kinds(parsed(archive([Member(name, b"x")])))


def test_links() -> None:
    link = 0o120777 << 16
    result = parsed(archive([Member(b"d/l", b"../../x", external=link)]))
    assert kinds(result) == {"link"}
    assert result.children == []
    assert members(result)[0].link_target == "../../x"
    assert kinds(parsed(archive([Member(b"d/l", b"../x", external=link)]))) == set()
    pickled = b"cos\nsystem\n(S'id'\ntR."
    assert found(parsed(archive([Member(b"l", pickled, external=link)]))) == {"l": pickled}


def test_overlapping_members() -> None:
    single = archive([Member(b"w.bin", bytes(2_000_000), deflate=True)])
    end = single.rindex(b"PK\x05\x06")
    start = single.index(b"PK\x01\x02")
    record = single[start:end]
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 200, 200, len(record) * 200, start, 0)
    assert {"bomb", "overlap"} <= kinds(parsed(single[:start] + record * 200 + tail))


def test_stated_sizes_that_exhaust_are_a_bomb() -> None:
    assert "bomb" in kinds(parsed(archive([Member(b"a", DATA, deflate=True, size=1 << 31)])))
    assert "bomb" in kinds(parsed(made(a=bytes(20_000_000))))
    zeros = io.BytesIO()
    np.savez_compressed(zeros, a=np.zeros(4_000_000))
    assert parsed(zeros.getvalue(), "m.npz").defects == []


def test_a_directory_that_is_too_large() -> None:
    data = archive([Member(f"{i}".encode(), b"") for i in range(60)])
    with pytest.raises(BoundExceededError):
        read("zip", data, bounds=Bounds(members=50))
    with pytest.raises(BoundExceededError):
        read("zip", data, bounds=Bounds(table=1000))


def test_names_of_a_directory_and_of_what_is_cut() -> None:
    data = made(0, **{"archive/data.pkl": b"x", "archive/version": b"3"})
    assert zip_names(Probe(BytesSource(data), "", data[:HEAD])) == ("archive/data.pkl", "archive/version")
    cut = data[:60]
    assert zip_names(Probe(BytesSource(cut), "", cut)) == ("archive/data.pkl",)
    assert zip_names(Probe(BytesSource(b"other"), "", b"other")) == ()


def test_storages_of_a_checkpoint_are_not_guessed_at(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    names = {f"archive/data/{i}": b"\x82" + rng.bytes(5000) for i in range(40)}
    data = made(0, **{"archive/data.pkl": b"\x80\x02}q\0.", "archive/data/77": b"PK\x03\x04xx", **names})
    forced = {child.name: child.format for child in parsed(data, "m.pt").children}
    assert all(forced[name] == "torch-storage" for name in names)
    assert forced["archive/data.pkl"] == forced["archive/data/77"] == ""


@pytest.mark.parametrize("padding", [0, 3000, 70_000])
def test_an_archive_behind_other_content_is_recognised(padding: int) -> None:
    whole = made(0, a=DATA)
    comment = b"x" * min(padding, 60_000)
    data = b"text\n" * 2000 + whole[:-2] + struct.pack("<H", len(comment)) + comment
    assert "zip" in ids(data, "model.keras")


def test_bytes_that_only_look_like_an_end_record() -> None:
    assert "zip" not in ids(b"abc" + b"PK\x05\x06" + bytes(18), "x.bin")
    assert "zip" not in ids(b"\x07" * 9000 + b"PK\x05\x06" + bytes(range(18)), "x.bin")


def broken() -> bytes:
    return archive([Member(b"a", DATA, deflate=True), Member(b"b/", b""), Member(b"c", b"cc")], comment=b"hi")


@settings(max_examples=200, deadline=None)
@given(mutations(broken))
def test_changed_archives_give_an_outcome(data: bytes) -> None:
    survives("zip", data, "m.zip")


@settings(max_examples=50, deadline=None)
@given(mutations(lambda: streamed(8, True)))
def test_changed_streamed_archives_give_an_outcome(data: bytes) -> None:
    survives("zip", data, "m.zip")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06"]))
def test_any_bytes_give_an_outcome(data: bytes, lead: bytes) -> None:
    survives("zip", lead + data, "m.zip")
