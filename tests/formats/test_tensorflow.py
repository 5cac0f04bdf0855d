"""The TensorFlow readers: graphs, SavedModels, their text form and Keras metadata."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats import keras_archives as keras
from tests.formats import tensorflow_messages as tf
from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from tests.formats.tensorflow_messages import Op
from violet.checks.examine import examine_file
from violet.domain import Finding, Skipped
from violet.formats.base import Parsed, Relation
from violet.formats.keras.facts import KerasFacts
from violet.formats.tensorflow.facts import TensorFlowFacts
from violet.formats.tensorflow.registered import registered
from violet.formats.tensorflow.risks import _RISKS
from violet.formats.tensorflow.text_graph import events

BY_TENSORFLOW = bytes.fromhex(
    # tf.constant("hi", name="greeting") and tf.identity(..., name="out"), as TensorFlow 2.21 serializes them
    "0a330a086772656574696e671205436f6e73742a0b0a056474797065120230072a130a0576616c75"
    "65120a420808071200420268690a220a036f757412084964656e746974791a086772656574696e67"
    "2a070a015412023007220308aa13"
)


def facts_of(parsed: Parsed) -> TensorFlowFacts:
    assert isinstance(parsed.facts, TensorFlowFacts)
    return parsed.facts


def graph() -> bytes:
    nodes = [tf.const("path", "/tmp/x"), Op("w", "WriteFile", ["path", "path"]), Op("n", "Acme>Op", ["w"])]
    body = tf.function("inner", ["a", "b"], Op("r", "ReadFile", ["b"]))
    return tf.graph(*nodes, tf.call("c", "inner", "path", "path"), functions=[body])


def test_operations_of_the_graph_and_of_its_functions() -> None:
    facts = facts_of(read("tensorflow-savedmodel", tf.saved_model(graph(), assets=[("A:0", "a.txt")])))
    assert facts.ops == {"Const": 1, "WriteFile": 1, "Acme>Op": 1, "StatefulPartitionedCall": 1, "ReadFile": 1}
    assert facts.unknown == {"Acme>Op": "n"}
    assert [(r.op, r.paths, r.where) for r in facts.risky] == [
        ("WriteFile", ("/tmp/x",), "w"),
        ("ReadFile", ("/tmp/x",), "inner/r"),
    ]
    assert facts.assets == ["a.txt"]
    assert facts.asset_nodes == {"A"}
    assert facts.version == "2.21.0"


def test_other_containers_of_graphs() -> None:
    assert "WriteFile" in facts_of(read("tensorflow-graph", graph())).ops
    assert "WriteFile" in facts_of(read("tensorflow-metagraph", tf.meta_graph(graph()))).ops


def test_sniffing() -> None:
    model = tf.saved_model(graph())
    assert ids(model, "saved_model.pb")[0] == "tensorflow-savedmodel"
    assert ids(model, "renamed.bin")[0] == "tensorflow-savedmodel"
    assert ids(graph(), "frozen.pb")[0] == "tensorflow-graph"
    assert ids(graph(), "x.weights")[0] == "tensorflow-graph"
    assert ids(model[2:], "saved_model.pb")[0] == "tensorflow-savedmodel"
    assert ids(tf.keras_metadata("{}"), "keras_metadata.pb")[0] == "keras-metadata"
    assert ids(b"node {\n  name: 'a'\n op: 'b' }", "graph.pbtxt")[0] == "tensorflow-text"
    table = b"x" * 80 + bytes.fromhex("57fb808b247547db")
    assert ids(table, "variables.index")[0] == "tensorflow-checkpoint-index"
    assert ids(b"\0" * 400, "variables.data-00000-of-00001")[0] == "tensorflow-checkpoint-data"


def test_an_onnx_model_is_no_saved_model() -> None:
    import onnx
    from onnx import helper

    value = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    made = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [value], [])
    data = helper.make_model(made, producer_name="pytorch", ir_version=8).SerializeToString()
    assert ids(data, "model.onnx") == ["onnx"]


def test_strings_that_are_something_else() -> None:
    inner = tf.graph(tf.const("p", "x"))
    nodes = [tf.const("a", b"\x80\x02cos\nsystem\n."), tf.const("b", b"\x7fELF" + b"\0" * 60), tf.const("c", inner)]
    parsed = read("tensorflow-graph", tf.graph(*nodes, tf.const("d", "plain text"), tf.const("e", b"\x80\x81\x82" * 9)))
    assert [(c.name, c.format, c.relation) for c in parsed.children] == [
        ("a", "pickle", Relation.NESTED),
        ("b", "", Relation.NESTED),
        ("c", "tensorflow-graph", Relation.NESTED),
    ]


def test_keras_configurations_of_old_saved_models() -> None:
    config = json.dumps(keras.lambda_layer(keras.lambda_function("lambda x: x")))
    user = tf.record(4, tf.text(1, "_tf_keras_layer") + tf.text(3, config)) + tf.text(13, "acme.Thing")
    parsed = read("tensorflow-savedmodel", tf.saved_model(graph(), objects=tf.record(1, user)))
    assert len(facts_of(parsed).keras.lambdas) == 1
    assert facts_of(parsed).registered == ["acme.Thing"]
    parsed = read("keras-metadata", tf.keras_metadata(config, config))
    assert isinstance(parsed.facts, KerasFacts)
    assert len(parsed.facts.lambdas) == 2


def test_large_tensors_are_not_read() -> None:
    """Only the pages around a tensor of 64 MiB are asked for."""
    tensor = tf.record(8, tf.number(1, 1) + tf.record(4, b"\0" * (64 << 20)))
    data = tf.graph(Op("big", "Const", (), {"value": tensor}), tf.const("p", "/x"), Op("w", "WriteFile", ["p", "p"]))
    assert [r.paths for r in facts_of(read("tensorflow-graph", data)).risky] == [("/x",)]


def test_what_is_cut_off_stays_unexamined() -> None:
    data = tf.saved_model(graph())
    parsed = read("tensorflow-savedmodel", data[: len(data) // 2])
    assert kinds(parsed)
    assert parsed.unexamined
    assert read("tensorflow-savedmodel", b"\x08\x01").unexamined == ["no graph was found in it"]


def test_text_format() -> None:
    text = "a { b: \"x\\x41\" '\\101' # note\n c: -1.5; d < e: [1, 2] > }"
    assert list(events(text))[:3] == [(("a", "b"), b"xAA"), (("a", "c"), b"-1.5"), (("a", "d", "e"), b"[1")]
    for broken in ("a {", "}", 'a: "x'):
        with pytest.raises(ValueError, match=r"\w"):
            list(events(broken))


def test_every_risky_operation_exists() -> None:
    assert set(_RISKS) <= registered()


def test_a_graph_that_tensorflow_wrote(tmp_path: Path) -> None:
    path = tmp_path / "frozen.pb"
    path.write_bytes(BY_TENSORFLOW)
    assert ids(BY_TENSORFLOW, "frozen.pb")[0] == "tensorflow-graph"
    parsed = read("tensorflow-graph", BY_TENSORFLOW)
    assert facts_of(parsed).ops == {"Const": 1, "Identity": 1}
    assert not [o for o in examine_file(str(path)).outcomes if isinstance(o, (Finding, Skipped))]


@cache
def valid() -> bytes:
    config = json.dumps(keras.lambda_layer(keras.lambda_function("lambda x: x")))
    user = tf.record(4, tf.text(1, "_tf_keras_layer") + tf.text(3, config))
    return tf.saved_model(graph(), assets=[("A:0", "a.txt")], objects=tf.record(1, user))


TEXT = b"""saved_model_schema_version: 1 meta_graphs { asset_file_def { filename: "a" } graph_def {
node { name: "a" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING string_val: "x\\n" } } } }
library { function { signature { name: "f" input_arg { name: "x" } }
node_def { name: "r" op: "ReadFile" input: "x" } } } } }
"""


@given(st.binary(max_size=500))
def test_any_bytes(data: bytes) -> None:
    for format_id, name in (
        ("tensorflow-savedmodel", "saved_model.pb"),
        ("tensorflow-graph", "a.pb"),
        ("tensorflow-metagraph", "a.meta"),
        ("tensorflow-text", "a.pbtxt"),
        ("keras-metadata", "keras_metadata.pb"),
    ):
        survives(format_id, data, name)


@given(mutations(valid))
def test_mutations(data: bytes) -> None:
    survives("tensorflow-savedmodel", data, "saved_model.pb")


@given(mutations(lambda: TEXT))
def test_mutations_of_text(data: bytes) -> None:
    survives("tensorflow-text", data, "saved_model.pbtxt")
