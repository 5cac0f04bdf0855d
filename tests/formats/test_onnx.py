"""The ONNX reader, against models that the real library builds and models that hide something."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from tests.formats.test_protobuf import record, varint
from violet.checks.examine import examine_file
from violet.domain import Finding, Severity, Skipped
from violet.formats.base import Parsed, Relation
from violet.formats.onnx.facts import ExternalData, OnnxFacts

IN = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
OUT = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])


def model(nodes: list[Any], tensors: list[Any] | None = None, **more: Any) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", [IN], [OUT], tensors or [])
    return helper.make_model(graph, ir_version=10, producer_name="test", **more)


@cache
def valid() -> bytes:
    weights = [
        numpy_helper.from_array(np.ones((3, 4), np.float32), "w"),
        helper.make_tensor("typed", TensorProto.FLOAT, [2], [1.0, 2.0]),
        helper.make_tensor("whole", TensorProto.INT64, [3], [1, 2, 3]),
        helper.make_tensor("text", TensorProto.STRING, [2], [b"a", b"b"]),
        helper.make_tensor("nibbles", TensorProto.INT4, [3], [1, 2, 3]),
        numpy_helper.from_array(np.zeros((0, 4)), "empty"),
        numpy_helper.from_array(np.float32(2), "scalar"),
    ]
    inner = helper.make_graph([helper.make_node("Neg", ["x"], ["y"], domain="acme.inner")], "inner", [], [OUT])
    branch = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    constant = helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(np.ones(2), "k"))
    local = helper.make_function(
        "acme.local",
        "Twice",
        ["a"],
        ["b"],
        [helper.make_node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 18)],
    )
    nodes = [branch, constant, helper.make_node("Twice", ["x"], ["y"], domain="acme.local")]
    made = model(nodes, weights, functions=[local], opset_imports=[helper.make_opsetid("", 18)])
    made.metadata_props.add(key="author", value="someone")
    return made.SerializeToString()


def facts_of(parsed: Parsed) -> OnnxFacts:
    assert isinstance(parsed.facts, OnnxFacts)
    return parsed.facts


def external(**entries: str) -> onnx.TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def test_models_of_the_library() -> None:
    data = valid()
    assert ids(data, "model.onnx")[0] == "onnx"
    assert ids(data, "model.bin")[0] == "onnx"
    parsed = read("onnx", data)
    facts = facts_of(parsed)
    assert facts.ir_version == 10
    assert facts.producer == "test"
    assert ("acme.inner", "Neg") in facts.operators
    assert ("acme.local", "Twice") in facts.functions
    assert facts.operators["acme.inner", "Neg"].count == 2
    assert parsed.defects == []
    assert parsed.children == []
    assert parsed.unexamined == []


def test_a_model_without_a_name_or_version() -> None:
    made = onnx.ModelProto(graph=helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "g", [IN], [OUT]))
    assert ids(made.SerializeToString(), "thing.bin")[0] == "onnx"


@pytest.mark.parametrize(
    "text", [b"plain text, nothing else\n", b"(1, 2)", b'"quoted"', b"Bright", b"\x08\x01\x12\x00"]
)
def test_other_content_is_not_a_model(text: bytes) -> None:
    assert "onnx" not in ids(text, "x.bin")


def test_external_data_is_looked_up() -> None:
    tensors = [external(location="w.bin", offset="8", length="16"), external(location="gone.bin")]
    parsed = read("onnx", model([], tensors).SerializeToString(), beside={"w.bin": bytes(20)})
    first, second = facts_of(parsed).external
    assert (first.location, first.offset, first.length, first.present, first.file_size) == (
        "w.bin",
        8,
        16,
        True,
        20,
    )
    assert (second.present, second.listed, second.length) == (False, False, 16)


def test_external_data_in_an_attribute_of_a_nested_graph() -> None:
    constant = helper.make_node("Constant", [], ["k"], value=external(location="../up"))
    inner = helper.make_graph([constant], "inner", [], [OUT])
    data = model([helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)]).SerializeToString()
    found = facts_of(read("onnx", data)).external
    assert [e.location for e in found] == ["../up", "../up"]
    assert isinstance(found[0], ExternalData)


def test_raw_bytes_longer_than_the_shape_are_hidden_data() -> None:
    payload = b"\x80\x04\x95" + b"p" * 30
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2], raw_data=bytes(8) + payload)
    parsed = read("onnx", model([], [tensor]).SerializeToString())
    assert kinds(parsed) == ["hidden-data"]
    assert [c.source.read(0, 99) for c in parsed.children] == [payload]


def test_raw_bytes_shorter_than_the_shape() -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 40], raw_data=bytes(8))
    assert kinds(read("onnx", model([], [tensor]).SerializeToString())) == ["malformed"]


def test_the_first_of_two_raw_data_fields_is_hidden() -> None:
    both = record(9, b"#!/bin/sh\necho hidden") + varint(2 << 3) + varint(1) + varint(1 << 3) + varint(1)
    tensor = both + record(9, bytes(4))
    data = varint(1 << 3) + varint(8) + record(7, record(5, tensor) + record(2, b"g"))
    assert kinds(read("onnx", data)) == ["hidden-data"]


@pytest.mark.parametrize("tail", [b"PK\x03\x04" + b"z" * 60, b"\x80\x04\x95" + b"p" * 60, b"\x7fELF" + b"e" * 99])
def test_bytes_behind_the_model_become_a_child(tail: bytes) -> None:
    parsed = read("onnx", valid() + tail)
    assert "hidden-data" in kinds(parsed)
    (child,) = parsed.children
    assert child.relation is Relation.HIDDEN
    assert tail.endswith(child.source.read(0, 999)[-40:])


def test_fields_that_onnx_does_not_have_are_hidden_data() -> None:
    graph = record(2, b"g") + record(77, b"h" * 100)
    data = varint(1 << 3) + varint(8) + record(7, graph)
    parsed = read("onnx", data)
    assert kinds(parsed) == ["hidden-data"]
    assert [c.source.size for c in parsed.children] == [100]


def test_fields_of_a_newer_version_are_not() -> None:
    data = varint(1 << 3) + varint(99) + record(7, record(2, b"g")) + record(77, b"h" * 100)
    parsed = read("onnx", data)
    assert kinds(parsed) == ["unsupported"]
    assert parsed.unexamined


def test_a_model_cut_short_still_shows_its_operators() -> None:
    whole = model([helper.make_node("Boom", ["x"], ["y"], domain="acme")], [numpy_helper.from_array(np.ones(500))])
    parsed = read("onnx", whole.SerializeToString()[:-900])
    assert "truncated" in kinds(parsed)
    assert ("acme", "Boom") in facts_of(parsed).operators
    assert parsed.unexamined


def test_no_graph() -> None:
    assert kinds(read("onnx", b"\x08\x08\x12\x01a")) == ["malformed"]


def test_metadata_that_is_a_template_is_examined() -> None:
    made = model([])
    made.metadata_props.add(key="chat_template", value="{{ x }}")
    parsed = read("onnx", made.SerializeToString())
    assert [(c.name, c.format) for c in parsed.children] == [("metadata_props.chat_template", "jinja")]


def test_executables_in_tensors_and_attributes_are_given() -> None:
    binary = b"\x7fELF" + bytes(96)
    tensor = TensorProto(name="w", data_type=TensorProto.UINT8, dims=[100], raw_data=binary)
    node = helper.make_node("EPContext", ["x"], ["y"], domain="com.microsoft", ep_cache_context=binary)
    parsed = read("onnx", model([node], [tensor]).SerializeToString())
    assert [c.source.read(0, 4) for c in parsed.children] == [b"\x7fELF"] * 2


def test_real_converters(tmp_path: Any) -> None:
    """External data as the library itself writes it."""
    made = model([], [numpy_helper.from_array(np.ones((64, 64), np.float32), "w")])
    path = tmp_path / "model.onnx"
    onnx.save_model(made, str(path), save_as_external_data=True, location="model.onnx.data", size_threshold=0)
    files = {"model.onnx.data": (tmp_path / "model.onnx.data").read_bytes()}
    parsed = read("onnx", path.read_bytes(), "model.onnx", beside=files)
    (entry,) = facts_of(parsed).external
    assert entry.present
    assert entry.offset + entry.length <= entry.file_size
    assert parsed.defects == []


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    survives("onnx", data)
    survives("onnx", varint(1 << 3) + varint(8) + record(7, data), "x.onnx")


@given(mutations(valid))
def test_any_mutation(data: bytes) -> None:
    survives("onnx", data, "model.onnx")


def test_tensor_data_beside_a_model_is_known_by_the_model(tmp_path: Path) -> None:
    """A real export with external data: two files, both known; a third that no model names is not."""
    weights = np.random.default_rng(5).normal(size=(64, 64)).astype(np.float32)
    tensor = numpy_helper.from_array(weights, "w")
    made = model([helper.make_node("MatMul", ["x", "w"], ["y"])], [tensor])
    onnx.save(made, tmp_path / "m.onnx", save_as_external_data=True, location="m.onnx.data", size_threshold=0)
    (tmp_path / "other.data").write_bytes((tmp_path / "m.onnx.data").read_bytes())
    found = {name: examine_file(str(tmp_path / name)) for name in ("m.onnx", "m.onnx.data", "other.data")}
    assert {name: seen.assets[0].format for name, seen in found.items()} == {
        "m.onnx": "onnx",
        "m.onnx.data": "onnx-weights",
        "other.data": "unknown",
    }
    assert not [o for o in found["m.onnx.data"].outcomes if isinstance(o, (Skipped, Finding))]


def test_tensor_data_is_still_searched_for_what_runs(tmp_path: Path) -> None:
    tensor = external(location="w.data", offset="0", length="256")
    made = model([helper.make_node("MatMul", ["x", "w"], ["y"])], [tensor])
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    (tmp_path / "w.data").write_bytes(bytes(range(1, 120)) + b"\x80\x04cos\nsystem\n(S'echo violet'\ntR." + bytes(100))
    outcomes = examine_file(str(tmp_path / "w.data")).outcomes
    assert [o for o in outcomes if isinstance(o, Finding) and o.severity >= Severity.HIGH]


@pytest.mark.parametrize("raw", [True, False])
def test_a_tensor_alone_is_no_saved_model(raw: bool) -> None:
    values = np.arange(12, dtype=np.float32)
    data = values.tobytes() if raw else values.tolist()
    tensor = helper.make_tensor("input", TensorProto.FLOAT, [3, 4], data, raw=raw).SerializeToString()
    assert ids(tensor, "input_0.pb") == ["onnx-tensor"]
    parsed = read("onnx-tensor", tensor)
    assert (parsed.defects, parsed.unexamined) == ([], [])
    assert [d.kind for d in read("onnx-tensor", tensor[:-3]).defects] != []


def test_a_tensor_alone_may_point_outside() -> None:
    tensor = TensorProto(name="t", data_type=1, dims=[2], data_location=1)
    tensor.external_data.add(key="location", value="../../etc/passwd")
    data = tensor.SerializeToString()
    assert ids(data, "output_0.pb") == ["onnx-tensor"]
    assert [entry.location for entry in read("onnx-tensor", data).facts.external] == ["../../etc/passwd"]
