"""The GGUF reader, against files of the real writer and files that no loader should be given."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFEndian, GGUFWriter
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.base import Relation
from violet.formats.gguf.reader import ArrayInfo, GgufFacts
from violet.formats.source import BoundExceededError, Bounds

TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}"


@cache
def valid(big: bool = False) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        order = GGUFEndian.BIG if big else GGUFEndian.LITTLE
        writer = GGUFWriter(path, "llama", endianess=order)
        writer.add_chat_template([{"name": "default", "template": TEMPLATE}, {"name": "tools", "template": "{{ 1 }}"}])
        writer.add_token_list(["<s>", "exec(", "import os", "word"])
        writer.add_token_scores([0.0, 1.0, 2.0, 3.0])
        writer.add_description("A model.")
        writer.add_array("x.names", ["a", "b"])
        writer.add_tensor("a", np.ones((3, 5), np.float32))
        writer.add_tensor("b", np.ones(7, np.float16))
        writer.add_tensor("q", np.zeros((2, 34), np.uint8), raw_dtype=GGMLQuantizationType.Q8_0)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path.read_bytes()


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def header(tensors: int, pairs: int, body: bytes = b"", version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, pairs) + body


def row(name: str, dimensions: tuple[int, ...], kind: int, offset: int) -> bytes:
    sizes = b"".join(struct.pack("<Q", d) for d in dimensions)
    return text(name) + struct.pack("<I", len(dimensions)) + sizes + struct.pack("<IQ", kind, offset)


def model(rows: list[bytes], data: bytes) -> bytes:
    top = header(len(rows), 0, b"".join(rows))
    return top + bytes(-len(top) % 32) + data


@pytest.mark.parametrize("big", [False, True])
def test_files_of_the_writer(big: bool) -> None:
    data = valid(big)
    assert ids(data, "model.gguf")[0] == "gguf"
    parsed = read("gguf", data)
    facts = parsed.facts
    assert isinstance(facts, GgufFacts)
    assert (facts.version, facts.big_endian) == (3, big)
    assert [(t.name, t.size) for t in facts.tensors] == [("a", 60), ("b", 14), ("q", 68)]
    assert facts.metadata["general.description"] == "A model."
    assert facts.metadata["x.names"] == ArrayInfo(8, 2, ("a", "b"))
    assert parsed.defects == []
    assert parsed.unexamined == []


def test_every_chat_template_is_given_and_no_word_of_the_vocabulary() -> None:
    children = read("gguf", valid()).children
    templates = {c.name: c.source.read(0, 999).decode() for c in children if c.format == "jinja"}
    assert templates["tokenizer.chat_template"] == TEMPLATE
    assert templates["tokenizer.chat_template.tools"] == "{{ 1 }}"
    assert all(c.relation is Relation.TEXT for c in children)
    assert all(c.name.startswith("tokenizer.chat_template") for c in children)


def test_version_1_has_short_numbers() -> None:
    pair = struct.pack("<I", 3) + b"k.a" + struct.pack("<II", 4, 9)
    data = b"GGUF" + struct.pack("<III", 1, 0, 1) + pair
    parsed = read("gguf", data)
    assert isinstance(parsed.facts, GgufFacts)
    assert parsed.facts.metadata == {"k.a": 9}
    assert parsed.defects == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"GGUF", "truncated"),
        (header(0, 0, version=9), "unsupported"),
        (header(0, 0, version=0xFFFF), "malformed"),
        (header(0, 1 << 60), "out-of-bounds"),
        (header(1 << 61, 0), "out-of-bounds"),
        (header(0, 1), "truncated"),
        (header(0, 1, struct.pack("<Q", 1 << 62) + bytes(64)), "out-of-bounds"),
        (header(0, 1, text("a") + struct.pack("<I", 99) + bytes(64)), "malformed"),
        (header(0, 1, text("a") + struct.pack("<IIQ", 9, 99, 4) + bytes(64)), "malformed"),
        (header(0, 1, text("a") + struct.pack("<IIQ", 9, 12, 1 << 61) + bytes(64)), "out-of-bounds"),
        (header(0, 1, text("a") + struct.pack("<IIQ", 9, 8, 1 << 61) + bytes(64)), "out-of-bounds"),
        (header(0, 2, (text("a") + struct.pack("<IB", 0, 1)) * 2 + bytes(9)), "contradiction"),
        (header(0, 1, text("general.alignment") + struct.pack("<II", 4, 7)), "malformed"),
        (model([row("a", (8,), 0, 0)], bytes(31)), "truncated"),
        (model([row("a", (8,), 0, 0), row("b", (8,), 0, 0)], bytes(64)), "overlap"),
        (model([row("a", (8,), 0, 0), row("b", (8,), 0, 1 << 40)], bytes(64)), "out-of-bounds"),
        (model([row("a", (1 << 40, 1 << 40), 0, 0)], bytes(64)), "out-of-bounds"),
        (model([row("a", (7,), 2, 0)], bytes(64)), "contradiction"),
        (model([row("a", (8,), 77, 0)], bytes(64)), "unsupported"),
        (model([row("a", (8,), 9999, 0)], bytes(64)), "out-of-bounds"),
        (model([row("a", ((1 << 63) - 3,), 0, 0)], bytes(64)), "out-of-bounds"),
        (model([row("a", (8,), 0, 0), row("a", (8,), 0, 32)], bytes(64)), "contradiction"),
        (model([row("a", (8,), 0, 3)], bytes(64)), "malformed"),
        (model([row("a", (1,) * 9, 0, 0)], bytes(64)), "malformed"),
    ],
)
def test_broken_files(data: bytes, kind: str) -> None:
    assert kind in kinds(read("gguf", data))


def test_bytes_behind_the_tensors_become_a_child() -> None:
    payload = b"PK\x03\x04" + b"z" * 60
    parsed = read("gguf", model([row("a", (8,), 0, 0)], bytes(32) + payload))
    assert kinds(parsed) == ["hidden-data"]
    assert [(c.relation, c.source.read(0, 99)) for c in parsed.children] == [(Relation.HIDDEN, payload)]


def test_bytes_between_the_tensors_become_a_child() -> None:
    rows = [row("a", (8,), 0, 0), row("b", (8,), 0, 128)]
    parsed = read("gguf", model(rows, bytes(32) + b"h" * 96 + bytes(32)))
    assert kinds(parsed) == ["hidden-data"]


def test_a_template_in_an_unusual_type_is_given_too() -> None:
    value = struct.pack("<IIQ", 9, 8, 1) + text("{{ x }}")
    parsed = read("gguf", header(0, 1, text("tokenizer.chat_template") + value))
    assert [c.format for c in parsed.children] == ["jinja"]


def test_nested_arrays_are_bounded() -> None:
    value = struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 40
    with pytest.raises(BoundExceededError):
        read("gguf", header(0, 1, text("a") + value + bytes(99)))


def test_a_header_larger_than_the_bound() -> None:
    pair = text("k" * 1000) + struct.pack("<IB", 0, 1)
    with pytest.raises(BoundExceededError):
        read("gguf", header(0, 1000, pair * 1000), bounds=Bounds(table=100_000))


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    survives("gguf", data)
    survives("gguf", header(1, 1, data))


@given(mutations(valid))
def test_any_mutation(data: bytes) -> None:
    survives("gguf", data, "model.gguf")
