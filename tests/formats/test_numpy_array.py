"""The .npy reader, against files of the real library and headers that it must not evaluate."""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.base import Relation
from violet.formats.numpy_array.reader import LiteralError, NpyFacts, element, parse_literal


def saved(*arrays: Any) -> bytes:
    stream = io.BytesIO()
    for array in arrays:
        np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def made(header: str, payload: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode("utf-8" if version == (3, 0) else "latin-1")
    width = "<H" if version == (1, 0) else "<I"
    return b"\x93NUMPY" + bytes(version) + struct.pack(width, len(text)) + text + payload


ARRAYS = [
    np.ones((3, 4)),
    np.float32(3),
    np.zeros((0, 3)),
    np.array([True]),
    np.array([1j]),
    np.array([1], np.longdouble),
    np.array(["aé", "b"]),
    np.array([b"ab"]),
    np.array(["2020-01-01"], dtype="M8[ns]"),
    np.array([5], dtype="m8[25s]"),
    np.asfortranarray(np.ones((2, 3), ">i4")),
    np.zeros(3, dtype=np.dtype([("a", "f4"), ("b", "U5", (2, 2)), ("c", "i1")], align=True)),
    np.zeros(2, dtype=[("outer", [("inner", "<u2"), ("é", "V3")])]),
    np.zeros(2, dtype=[(("title", "name"), "f8")]),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: str(a.dtype)[:40])
def test_arrays_of_numbers(array: Any) -> None:
    data = saved(array)
    assert ids(data, "x.npy")[0] == "npy"
    parsed = read("npy", data)
    assert isinstance(parsed.facts, NpyFacts)
    assert parsed.facts.shape == array.shape
    assert parsed.defects == []
    assert parsed.children == []
    assert kinds(read("npy", data + b"x")) == ["hidden-data"]
    if array.size:
        assert kinds(read("npy", data[:-1])) == ["truncated"]


@pytest.mark.parametrize(
    "array", [np.array([{}, 1], dtype=object), np.array([(1.0, None)], dtype=[("a", "f4"), ("b", "O")])]
)
def test_objects_are_given_as_a_pickle(array: Any) -> None:
    parsed = read("npy", saved(array))
    (child,) = parsed.children
    assert (child.format, child.relation) == ("pickle", Relation.NESTED)
    assert pickle.loads(child.source.read(0, 9999)).shape == array.shape
    assert parsed.defects == []


def test_several_arrays_in_one_file() -> None:
    parsed = read("npy", saved(*[np.ones(2)] * 50, np.array([None])))
    assert [c.format for c in parsed.children] == ["pickle"]
    assert parsed.defects == []


@pytest.mark.parametrize("descr", ["'|O'", "'O'", "'O8'", "'f4,O'", "'object'", "[('a', ('O', (2,)))]"])
def test_every_way_to_write_an_object_type(descr: str) -> None:
    data = made(f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}", b"\x80\x04N.")
    assert [c.format for c in read("npy", data).children] == ["pickle"]


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_versions(version: tuple[int, int]) -> None:
    data = made("{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}\n", bytes(4), version)
    assert read("npy", data).defects == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x93NUMPY", "truncated"),
        (b"\x93NUMPY\x01\x00\xff\x00{", "truncated"),
        (b"\x93NUMPY\x09\x00\x02\x00{}", "malformed"),
        (made("{'descr': '<f8', 'fortran_order': False, 'shape': (1L << 9,)}"), "malformed"),
        (made("__import__('os').system('id')"), "contradiction"),
        (made("{'descr': '<f8', 'shape': (3,)}", bytes(24)), "malformed"),
        (made("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"), "malformed"),
        (made("{'descr': '<q7z', 'fortran_order': False, 'shape': (1,)}"), "malformed"),
        (made("{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': ()}"), "malformed"),
        (made("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}"), "out-of-bounds"),
        (made("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), "truncated"),
        (made("[" * 30_000), "malformed"),
        (made(" " * 70_000, version=(2, 0)), "malformed"),
    ],
)
def test_broken_files(data: bytes, kind: str) -> None:
    parsed = read("npy", data)
    assert kind in kinds(parsed)


def test_a_pickle_behind_a_broken_header_is_still_examined() -> None:
    data = made("{'descr': nonsense}", pickle.dumps([1, 2], 4))
    assert [(c.format, c.relation) for c in read("npy", data).children] == [("pickle", Relation.HIDDEN)]


def test_archives_of_arrays() -> None:
    stream = io.BytesIO()
    np.savez(stream, a=np.ones(3), b=np.array([None]))
    assert ids(stream.getvalue(), "x.npz")[0] in ("npz", "zip")
    assert "npz" in ids(stream.getvalue(), "x.npz")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "{'a': (1, 2L), \"b\": [True, None], 'c': 'x\\n\\x41'}",
            {"a": (1, 2), "b": [True, None], "c": "x\nA"},
        ),
        ("()", ()),
        ("(1)", 1),
        ("(1,)", (1,)),
        ("-5 \n", -5),
    ],
)
def test_literals(text: str, value: object) -> None:
    assert parse_literal(text) == value


@pytest.mark.parametrize("text", ["", "1 2", "a", "f()", "1+1", "{1: 2}", "'", "[1", "1.5", "b'x'", "{'a': 1, 'a': 2}"])
def test_what_is_no_literal(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_literal(text)


def test_sizes_of_types_are_those_of_numpy() -> None:
    for array in ARRAYS:
        descr = np.lib.format.dtype_to_descr(array.dtype)
        assert element(parse_literal(repr(descr))).size == array.dtype.itemsize


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    survives("npy", data)
    survives("npy", b"\x93NUMPY\x01\x00" + len(data).to_bytes(2, "little") + data)


@given(st.text(st.sampled_from("{}()[]',:-0123456789LTrueNone\\ \"x"), max_size=60))
def test_any_literal(text: str) -> None:
    try:
        value = parse_literal(text)
    except LiteralError:
        return
    try:
        element(value)
    except LiteralError:
        return


@given(mutations(lambda: saved(ARRAYS[11], np.array([{}], dtype=object))))
def test_any_mutation(data: bytes) -> None:
    survives("npy", data, "x.npy")
