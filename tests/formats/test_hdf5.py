"""The HDF5 reader, against files that the HDF5 library writes and files that are damaged."""

from __future__ import annotations

import io
import pickle
from functools import cache
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.base import Parsed, Relation
from violet.formats.hdf5.facts import Hdf5Facts, Reach
from violet.formats.hdf5.reader import pickle_like

LIBRARIES = ("earliest", "v110", "latest")


def facts_of(parsed: Parsed) -> Hdf5Facts:
    assert isinstance(parsed.facts, Hdf5Facts)
    return parsed.facts


def write(fill: Any, library: str = "earliest", **options: Any) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver=library, **options) as file:
        fill(file)
    return stream.getvalue()


def everything(file: h5py.File, groups: int = 3) -> None:
    for index in range(groups):
        file.create_group(f"group{index}").create_dataset("d", data=np.zeros((3, 4), "f4"))
    for index in range(min(groups, 400)):
        file.attrs[f"note{index}"] = f"text {index}" * 3
    file.attrs["model_config"] = '{"class_name": "Sequential", "config": {}}'
    file.attrs["fixed"] = np.bytes_(pickle.dumps(print, 0))
    file.attrs["opaque"] = np.void(pickle.dumps(print))
    file["link"] = h5py.ExternalLink("/etc/other.h5", "/x")
    file["soft"] = h5py.SoftLink("/group0")
    file.create_dataset("stored", (4,), "u1", external=[("/etc/passwd", 0, 4)])
    file.create_dataset("text", data=np.array([pickle.dumps(print, 0)], object), dtype=h5py.special_dtype(vlen=bytes))
    made = h5py.VirtualLayout((2, 4), "f4")
    made[0] = h5py.VirtualSource("/tmp/one.h5", "d", (4,))
    made[1] = h5py.VirtualSource("two.h5", "d", (4,))
    file.create_virtual_dataset("virtual", made)
    file.create_dataset("bomb", (10**8, 10**6), "f4", chunks=(100, 100))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("groups", [3, 300, 2000])
def test_every_way_of_keeping_links_and_attributes(library: str, groups: int) -> None:
    parsed = read("hdf5", write(lambda file: everything(file, groups), library))
    facts = facts_of(parsed)
    assert parsed.defects == []
    assert facts.keras
    assert facts.objects == 2 * groups + 5
    assert {(r.reach, r.file) for r in facts.references} == {
        (Reach.EXTERNAL_LINK, "/etc/other.h5"),
        (Reach.EXTERNAL_STORAGE, "/etc/passwd"),
        (Reach.VIRTUAL, "/tmp/one.h5"),
        (Reach.VIRTUAL, "two.h5"),
    }
    assert facts.soft_links == [("/soft", "/group0")]
    assert [o.path for o in facts.oversized] == ["/bomb"]
    assert {(c.name, c.format) for c in parsed.children} == {
        ("model_config", "keras-config"),
        ("/@fixed", "pickle"),
        ("/@opaque", "pickle"),
        ("/text", "pickle"),
    }


def test_small_addresses() -> None:
    """Files whose addresses are four bytes wide, as the library can be asked for."""
    stream = io.BytesIO()
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_sizes(4, 4)
    with h5py.File(stream, "w", driver="fileobj") as file:
        everything(file)
    assert facts_of(read("hdf5", stream.getvalue())).keras


@pytest.mark.parametrize("library", LIBRARIES)
def test_pickles_in_datasets_of_bytes(library: str) -> None:
    payload = np.frombuffer(pickle.dumps(print), "u1")

    def fill(file: h5py.File) -> None:
        file["plain"] = payload
        file["opaque"] = np.void(payload.tobytes())
        file["numbers"] = np.arange(100, dtype="u1")
        file["words"] = ["a sentence.", "another one (with more)."]

    parsed = read("hdf5", write(fill, library))
    assert {c.name for c in parsed.children} == {"/plain", "/opaque"}
    assert all(c.source.read(0, 999) == payload.tobytes() for c in parsed.children)


def test_compressed_and_ragged_datasets() -> None:
    payload = np.frombuffer(pickle.dumps(print), "u1")

    def fill(file: h5py.File) -> None:
        file.create_dataset("packed", data=payload, compression="gzip", shuffle=True, fletcher32=True)
        ragged = file.create_dataset("ragged", (2,), h5py.special_dtype(vlen=np.uint8), chunks=(1,))
        ragged[1] = payload

    parsed = read("hdf5", write(fill))
    assert {c.name for c in parsed.children} == {"/packed", "/ragged"}


def test_user_block_and_what_follows_the_end() -> None:
    block = write(everything, userblock_size=1024)
    data = b"#!/bin/sh\nid\n".ljust(1024, b"\0") + block[1024:] + b"\x7fELF" + b"x" * 100
    assert "hdf5" in ids(data, "model.bin")
    hidden = [c for c in read("hdf5", data).children if c.relation is Relation.HIDDEN]
    assert [(c.name, c.offset) for c in hidden] == [("before-superblock", 0), ("after-end", len(block))]
    assert kinds(read("hdf5", data)) == ["hidden-data", "hidden-data"]
    matlab = b"MATLAB 7.3 MAT-file".ljust(1024, b"\0") + block[1024:]
    assert not [c for c in read("hdf5", matlab).children if c.relation is Relation.HIDDEN]


@pytest.mark.parametrize("library", LIBRARIES)
def test_types_that_are_kept_apart(library: str) -> None:
    def fill(file: h5py.File) -> None:
        file["type"] = h5py.string_dtype()
        file["opaque"] = np.dtype("V40")
        file.attrs.create("model_config", "{}", dtype=file["type"])
        file.create_dataset("d", data=np.void(pickle.dumps(print).ljust(40, b".")), dtype=file["opaque"])

    parsed = read("hdf5", write(fill, library))
    assert {c.name for c in parsed.children} == {"model_config", "/d"}


def test_truncation_is_told() -> None:
    data = write(everything)
    assert "truncated" in kinds(read("hdf5", data[: len(data) // 2]))
    assert kinds(read("hdf5", data[:20])) == ["truncated"]


def test_a_header_that_goes_on_in_itself() -> None:
    data = bytearray(write(lambda file: [file.attrs.__setitem__(f"a{i}", "x" * 200) for i in range(20)]))
    at = next(i for i in range(96, len(data) - 24, 8) if data[i : i + 4] == b"\x10\x00\x10\x00")
    data[at + 8 : at + 16] = (96 + 16).to_bytes(8, "little")
    assert "malformed" in kinds(read("hdf5", bytes(data)))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (pickle.dumps(print, 0), True),
        (pickle.dumps(print, 4), True),
        (pickle.dumps([1]), True),
        (b"This is a sentence.", False),
        (b"(see there).", False),
        (b"", False),
        (b"\x80", False),
        (b"classic\nnot a global\n.", False),
    ],
)
def test_pickle_like(value: bytes, expected: bool) -> None:
    assert pickle_like(value) is expected


@cache
def valid() -> bytes:
    return write(lambda file: everything(file, 3))


@cache
def newer() -> bytes:
    return write(lambda file: everything(file, 12), "latest")


@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    survives("hdf5", data, "model.h5")
    survives("hdf5", b"\x89HDF\r\n\x1a\n" + data, "model.h5")


@given(mutations(valid))
def test_mutations(data: bytes) -> None:
    survives("hdf5", data, "model.h5")


@given(mutations(newer))
def test_mutations_of_the_newer_format(data: bytes) -> None:
    survives("hdf5", data, "model.h5")
