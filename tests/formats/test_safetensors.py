"""The safetensors reader, against files of the real library and files it refuses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.base import Relation
from violet.formats.safetensors.reader import SafetensorsFacts
from violet.formats.source import BoundExceededError, Bounds


def valid() -> bytes:
    tensors = {"a": np.ones((3, 4), np.float32), "b": np.arange(7, dtype=np.int8), "c": np.zeros((0, 2))}
    return save(tensors, {"format": "pt"})


def made(header: dict[str, Any] | str, data: bytes = b"") -> bytes:
    text = header if isinstance(header, str) else json.dumps(header)
    return len(text.encode()).to_bytes(8, "little") + text.encode() + data


def tensor(begin: int, end: int, dtype: str = "U8", shape: list[int] | None = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [end - begin] if shape is None else shape, "data_offsets": [begin, end]}


def test_files_of_the_library() -> None:
    data = valid()
    assert ids(data, "model.safetensors")[0] == "safetensors"
    parsed = read("safetensors", data)
    facts = parsed.facts
    assert isinstance(facts, SafetensorsFacts)
    assert {t.name for t in facts.tensors} == {"a", "b", "c"}
    assert facts.metadata == {"format": "pt"}
    assert parsed.defects == []
    assert parsed.children == []


def test_every_type_that_numpy_can_save() -> None:
    for dtype in ("bool", "u1", "i1", "u2", "i2", "f2", "u4", "i4", "f4", "u8", "i8", "f8"):
        assert read("safetensors", save({"x": np.zeros((2, 3), dtype)})).defects == []


def test_no_tensors_at_all() -> None:
    assert read("safetensors", made({})).defects == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (made({"a": tensor(0, 8)}, b"x" * 7), "truncated"),
        (made({"a": tensor(0, 4), "b": tensor(2, 6)}, b"x" * 6), "overlap"),
        (made({"a": tensor(0, 4), "b": tensor(0, 4)}, b"x" * 4), "overlap"),
        (made({"a": tensor(0, 4), "b": tensor(90, 94)}, b"x" * 8), "out-of-bounds"),
        (made({"a": tensor(4, 0, shape=[4])}, b"x" * 4), "out-of-bounds"),
        (made({"a": tensor(0, 4, "F32", [2])}, b"x" * 4), "contradiction"),
        (made({"a": tensor(0, 4, "F32", [1 << 33, 1 << 33])}, b"x" * 4), "contradiction"),
        (made({"a": tensor(0, 4, "Q9")}, b"x" * 4), "unsupported"),
        (made({"a": tensor(0, 4, "F8_E3M4")}, b"x" * 4), "unsupported"),
        (made({"a": tensor(0, 4, "OBJECT")}, b"x" * 4), "malformed"),
        (made('{"a":1,"a":2}'), "contradiction"),
        (made('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"dtype":"I8"}}', b"x"), "contradiction"),
        (made('{"a":{"dtype":"U8","shape":[NaN],"data_offsets":[0,1]}}', b"x"), "malformed"),
        (made('{"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}}', b"x"), "malformed"),
        (made('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}', b"x"), "malformed"),
        (made({"__metadata__": {"a": 1}}), "malformed"),
        (made('{"a"'), "malformed"),
        (made("[1]"), "malformed"),
        (made("[" * 100_000), "malformed"),
        (made("   {}"), "malformed"),
        (made('{"a":' + "9" * 5000 + "}"), "malformed"),
        ((1 << 62).to_bytes(8, "little") + b"{}", "malformed"),
        ((500).to_bytes(8, "little") + b'{"a":', "truncated"),
    ],
)
def test_broken_files(data: bytes, kind: str) -> None:
    assert kind in kinds(read("safetensors", data))


def test_bytes_that_no_tensor_owns_become_children() -> None:
    payload = b"\x80\x04\x95" + b"p" * 20
    tail = read("safetensors", valid() + payload)
    assert kinds(tail) == ["hidden-data"]
    (child,) = tail.children
    assert child.relation is Relation.HIDDEN
    assert child.source.read(0, 99) == payload
    gap = read("safetensors", made({"a": tensor(0, 4), "b": tensor(27, 31)}, b"aaaa" + payload + b"bbbb"))
    assert [c.source.read(0, 99) for c in gap.children] == [payload]
    head = read("safetensors", made('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}#!/bin/sh', b"x"))
    assert [c.source.read(0, 99) for c in head.children] == [b"#!/bin/sh"]


def test_padding_hides_nothing() -> None:
    parsed = read("safetensors", valid() + bytes(64))
    assert kinds(parsed) == ["malformed"]
    assert parsed.children == []


def test_metadata_that_is_code_is_examined() -> None:
    meta = {"chat_template": "{{ x }}", "note": "import os; os.system('id')", "plain": "trained on tuesday"}
    parsed = read("safetensors", save({"x": np.zeros(2)}, meta))
    assert {(c.name, c.format) for c in parsed.children} == {("chat_template", "jinja"), ("note", "")}
    assert parsed.defects == []


def test_an_executable_among_the_tensors_is_given() -> None:
    data = np.frombuffer(b"\x7fELF" + bytes(100), np.uint8)
    parsed = read("safetensors", save({"x": data}))
    assert [(c.name, c.relation) for c in parsed.children] == [("x", Relation.NESTED)]


def test_a_header_larger_than_the_bound() -> None:
    with pytest.raises(BoundExceededError):
        read("safetensors", made(" " * 5000 + "{}"), bounds=Bounds(table=1000))


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    survives("safetensors", data)
    survives("safetensors", len(data).to_bytes(8, "little") + data, "x.safetensors")


@given(mutations(valid))
def test_any_mutation(data: bytes) -> None:
    survives("safetensors", data, "model.safetensors")


@pytest.mark.parametrize("length", [1 << 60, 60])
def test_what_only_the_name_announces_is_read_as_it(length: int) -> None:
    data = length.to_bytes(8, "little") + b"{'a': 1}".ljust(60)
    assert ids(data, "model.safetensors")[0] == "safetensors"
    assert [defect.kind for defect in read("safetensors", data).defects] == ["malformed"]
