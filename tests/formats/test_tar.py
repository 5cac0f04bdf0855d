"""The tar reader, against archives of GNU tar's and Python's forms and archives that contradict themselves."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.archive_files import entry, found, hidden, keys, kinds, members, read, survives, tar_of
from tests.formats.tensor_files import ids, mutations
from violet.formats.base import Parsed
from violet.formats.source import BoundExceededError, Bounds

DATA = bytes(range(256)) * 5
FORMS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


def parsed(data: bytes) -> Parsed:
    return read("tar", data, "m.tar")


def resum(header: bytes | bytearray) -> bytes:
    """The header with its checksum made right."""
    blank = bytes(header[:148]) + b" " * 8 + bytes(header[156:512])
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


def seventh() -> bytes:
    """An archive as the seventh edition wrote it: no magic number."""
    header = bytearray(tar_of((entry("a"), DATA), form=tarfile.USTAR_FORMAT)[:512])
    header[257:] = bytes(255)
    return resum(header) + DATA + bytes(1024)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_library(form: int) -> None:
    data = tar_of(
        (entry("./d", tarfile.DIRTYPE), b""),
        (entry("./d/a"), DATA),
        (entry("d/l", tarfile.SYMTYPE, "a"), b""),
        (entry("d/h", tarfile.LNKTYPE, "d/a"), b""),
        (entry("empty"), b""),
        form=form,
    )
    assert ids(data, "m.tar")[0] == "tar"
    result = parsed(data)
    assert result.defects == []
    assert found(result) == {"./d/a": DATA, "empty": b""}
    assert [m.is_dir for m in members(result)] == [True, False, False, False, False]
    assert [m.link_target for m in members(result)] == ["", "", "a", "d/a", ""]


def test_the_seventh_edition() -> None:
    assert ids(seventh(), "weights.bin")[0] == "tar"
    assert found(parsed(seventh())) == {"a": DATA}


@pytest.mark.parametrize("form", FORMS[1:])
def test_long_and_foreign_names(form: int) -> None:
    name = "d" * 90 + "/" + "é" * 150
    data = tar_of((entry(name), DATA), (entry("l", tarfile.SYMTYPE, "t" * 140), b""), form=form)
    result = parsed(data)
    assert found(result) == {name: DATA}
    assert members(result)[1].link_target == "t" * 140
    assert result.defects == []


def test_sizes_in_base_256() -> None:
    data = bytearray(tar_of((entry("a"), DATA)))
    data[124:136] = b"\x80" + len(DATA).to_bytes(11, "big")
    result = parsed(resum(data[:512]) + bytes(data[512:]))
    assert found(result) == {"a": DATA}
    assert result.defects == []


def test_sparse_files() -> None:
    """The map of each form describes 8 bytes at 1000 in a file of 5000."""
    packed = b"contents" + bytes(504)
    want = bytes(1000) + b"contents" + bytes(3992)
    old = bytearray(512)
    old[:100] = b"s".ljust(100, b"\0")
    old[100:108] = b"0000644\0"
    old[124:136] = b"%011o\0" % 8
    old[156] = ord("S")
    old[257:265] = b"ustar  \0"
    old[386:398], old[398:410] = b"%011o\0" % 1000, b"%011o\0" % 8
    old[483:495] = b"%011o\0" % 5000
    assert found(parsed(resum(old) + packed + bytes(1024))) == {"s": want}
    forms = (
        {"GNU.sparse.size": "5000", "GNU.sparse.map": "1000,8", "GNU.sparse.name": "s"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "5000", "GNU.sparse.name": "s"},
    )
    for number, headers in enumerate(forms):
        info = entry("GNUSparseFile.0/s")
        info.pax_headers = headers
        body = packed[:8] if number == 0 else b"1\n1000\n8\n".ljust(512, b"\0") + packed[:8]
        result = parsed(tar_of((info, body), form=tarfile.PAX_FORMAT))
        assert found(result) == {"s": want}
        assert result.defects == []


def test_a_sparse_file_of_nothing_is_a_bomb() -> None:
    info = entry("s")
    info.pax_headers = {"GNU.sparse.size": str(1 << 50), "GNU.sparse.map": "0,8", "GNU.sparse.name": "s"}
    result = parsed(tar_of((info, b"12345678"), form=tarfile.PAX_FORMAT))
    assert kinds(result) == {"bomb"}


def test_a_wrong_checksum_is_read_as_lenient_readers_do() -> None:
    data = bytearray(tar_of((entry("a"), b"1"), (entry("b"), b"2")))
    data[1024] = ord("c")
    result = parsed(bytes(data))
    assert keys(result, "contradiction") == {"checksum:c"}
    assert found(result) == {"a": b"1", "c": b"2"}


def test_what_is_no_header_ends_the_archive_and_what_follows_is_examined() -> None:
    data = tar_of((entry("a"), b"1"), (entry("b"), b"2"))
    broken = data[:1024] + bytes(range(1, 129)) * 4 + data[1024:]
    result = parsed(broken)
    assert kinds(result) == {"malformed"}
    assert found(result) == {"a": b"1"}
    assert len(hidden(result)) == 2
    assert "b" in found(parsed(hidden(result)[0]))


def test_what_follows_the_end() -> None:
    data = tar_of((entry("a"), b"1"))
    result = parsed(data + tar_of((entry("b"), b"2")))
    assert kinds(result) == {"hidden-data"}
    assert "b" in found(parsed(hidden(result)[0]))
    assert parsed(data + bytes(100_000)).defects == []


def test_two_sizes() -> None:
    """Readers that know extended headers skip what the others take for headers."""
    inner = tar_of((entry("evil.pkl"), b"evil"))[:1024]
    info = entry("a")
    info.pax_headers = {"size": "1024"}
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    head = target.getvalue()[: 3 * 512]
    result = parsed(head + inner + bytes(1024))
    assert keys(result, "contradiction") == {"size:a"}
    assert found(result) == {"a": inner}
    shorter = bytearray(tar_of((entry("a"), DATA)))
    info.pax_headers = {"size": "0"}
    shorter[:0] = tar_of((info, b""), form=tarfile.PAX_FORMAT)[:1024]
    assert "contradiction" in kinds(parsed(bytes(shorter)))


def test_content_of_a_link() -> None:
    data = bytearray(tar_of((entry("l", tarfile.SYMTYPE, "a"), b""), (entry("a"), b"1")))
    data[124:136] = b"%011o\0" % 700
    stated = resum(data[:512])
    assert parsed(stated + bytes(data[512:])).defects == []
    result = parsed(stated + b"\x80\x04evil".ljust(1024, b"\1") + bytes(data[512:]))
    assert kinds(result) == {"hidden-data"}
    assert found(result) == {"a": b"1"}


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "..\\x"])
def test_names_that_lead_outside(name: str) -> None:
    assert kinds(parsed(tar_of((entry(name), b"x")))) == {"traversal"}


@pytest.mark.parametrize(
    ("name", "kind", "target", "leaves"),
    [
        ("l", tarfile.SYMTYPE, "/etc/passwd", True),
        ("l", tarfile.SYMTYPE, "../x", True),
        ("d/l", tarfile.SYMTYPE, "../x", False),
        ("d/l", tarfile.SYMTYPE, "../../x", True),
        ("d/h", tarfile.LNKTYPE, "../x", True),
        ("d/h", tarfile.LNKTYPE, "x", False),
        ("d", tarfile.FIFOTYPE, "", True),
        ("d", tarfile.CHRTYPE, "", True),
    ],
)
def test_links_and_devices(name: str, kind: bytes, target: str, leaves: bool) -> None:
    assert kinds(parsed(tar_of((entry(name, kind, target), b"")))) == ({"link"} if leaves else set())


def test_a_link_as_a_step_outside() -> None:
    one = entry("here", tarfile.SYMTYPE, ".")
    two = entry("up", tarfile.SYMTYPE, "here/..")
    assert keys(parsed(tar_of((one, b""), (two, b""))), "link") == {"up"}
    out = entry("out", tarfile.SYMTYPE, "/tmp")
    result = parsed(tar_of((out, b""), (entry("out/x"), b"x")))
    assert keys(result, "traversal") == {"out/x"}
    loop = entry("a", tarfile.SYMTYPE, "b/x"), entry("b", tarfile.SYMTYPE, "a/x")
    assert kinds(parsed(tar_of((loop[0], b""), (loop[1], b"")))) == set()


def test_duplicates_and_privileges() -> None:
    assert kinds(parsed(tar_of((entry("a"), b"1"), (entry("./a"), b"2")))) == {"duplicate"}
    assert kinds(parsed(tar_of((entry("a"), b"1"), (entry("a"), b"1")))) == {"duplicate-equal"}
    assert kinds(parsed(tar_of((entry("a", mode=0o4755), b"1")))) == {"privilege"}


def test_an_archive_that_is_cut() -> None:
    data = tar_of((entry("a"), DATA), (entry("b"), DATA))
    assert kinds(parsed(data[:1000])) == {"truncated"}
    assert found(parsed(data[:1000])) == {"a": DATA[:488]}
    assert kinds(parsed(data[: 512 + 1536 + 100])) == {"truncated"}
    assert parsed(data[: 512 + 1536]).defects == []


def test_more_members_than_allowed() -> None:
    data = tar_of(*((entry(f"{i}"), b"") for i in range(60)))
    with pytest.raises(BoundExceededError):
        read("tar", data, bounds=Bounds(members=50))


def valid() -> bytes:
    info = entry("d/" + "n" * 200)
    info.pax_headers = {"comment": "x"}
    members_ = (info, b"x" * 700), (entry("l", tarfile.SYMTYPE, "d"), b""), (entry("b"), b"")
    return tar_of(*members_, form=tarfile.PAX_FORMAT)[: 9 * 512]


@settings(max_examples=200, deadline=None)
@given(mutations(valid))
def test_changed_archives_give_an_outcome(data: bytes) -> None:
    survives("tar", data, "m.tar")


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 511), st.binary(min_size=1, max_size=24), st.binary(max_size=600))
def test_changed_headers_with_a_right_checksum_give_an_outcome(at: int, put: bytes, rest: bytes) -> None:
    header = bytearray(valid()[2048:2560] if at % 2 else tar_of((entry("a"), b""))[:512])
    header[at : at + len(put)] = put
    survives("tar", resum(header[:512].ljust(512, b"\0")) + rest, "m.tar")


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=1200))
def test_any_bytes_give_an_outcome(data: bytes) -> None:
    survives("tar", data, "m.tar")
