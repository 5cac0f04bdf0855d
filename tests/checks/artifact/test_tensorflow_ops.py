"""Operations of TensorFlow graphs that reach outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.examples import outcomes
from tests.formats import tensorflow_messages as tf
from tests.formats.tensorflow_messages import Op
from violet.domain import Severity

RULE = "artifact/tensorflow-ops"


def write(directory: Path, graph: bytes, **more: object) -> Path:
    path = directory / "saved_model.pb"
    path.write_bytes(tf.saved_model(graph, **more))  # type: ignore[arg-type]
    return path


def positive(directory: Path) -> Path:
    body = tf.function(
        "__inference_call", ["x"], tf.const("path", "/tmp/out"), Op("w", "WriteFile", ["path:output:0", "x"])
    )
    return write(directory, tf.graph(tf.call("start", "__inference_call", "^x"), functions=[body]))


def benign(directory: Path) -> Path:
    """What every SavedModel has: a saver whose file name the caller gives, and a table read from an asset."""
    save = tf.function(
        "__inference__traced_save_7",
        ["file_prefix", "value"],
        tf.const("Const", "_temp/part"),
        Op("StringJoin", "StringJoin", ["file_prefix", "Const:output:0"]),
        Op("ShardedFilename", "ShardedFilename", ["StringJoin:output:0", "shard", "n"]),
        tf.const("names", "a"),
        Op("SaveV2", "SaveV2", ["ShardedFilename:filename:0", "names:output:0", "names:output:0", "value"]),
        Op("pack", "Pack", ["ShardedFilename:filename:0"]),
        Op("MergeV2Checkpoints", "MergeV2Checkpoints", ["pack:output:0", "file_prefix"]),
    )
    restore = tf.function(
        "__inference__traced_restore_8",
        ["file_prefix"],
        tf.const("names", "a"),
        Op("RestoreV2", "RestoreV2", ["file_prefix", "names:output:0", "names:output:0"]),
    )
    table = tf.function(
        "__inference__initializer_9",
        ["table", "asset"],
        Op("init", "InitializeTableFromTextFileV2", ["table", "asset"]),
        Op("PrintV2", "PrintV2", ["asset"], {"output_stream": tf.attribute("stderr")}),
    )
    nodes = [
        Op("saver_filename", "Placeholder"),
        tf.const("Const_1", "/home/someone/vocab.txt"),
        tf.call("save", "__inference__traced_save_7", "saver_filename", "saver_filename"),
        tf.call("restore", "__inference__traced_restore_8", "saver_filename"),
        tf.call("tables", "__inference__initializer_9", "saver_filename", "Const_1"),
        tf.const("save/Const", "model"),
        tf.const("save/StringJoin/inputs_1", "_temp_ab12/part"),
        Op("save/StringJoin", "StringJoin", ["save/Const", "save/StringJoin/inputs_1"]),
        Op("save/SaveV2", "SaveV2", ["save/StringJoin", "save/Const", "save/Const", "saver_filename"]),
    ]
    graph = tf.graph(*nodes, functions=[save, restore, table])
    return write(directory, graph, assets=[("Const_1:0", "vocab.txt")])


def severities(path: Path) -> list[Severity]:
    return [f.severity for f in outcomes(path) if f.rule == RULE]


ABSOLUTE = tf.const("path", "/etc/passwd")
GIVEN = Op("path", "Placeholder")


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([ABSOLUTE, Op("n", "WriteFile", ["path", "path"])], Severity.CRITICAL),
        ([tf.const("path", "out.txt"), Op("n", "WriteFile", ["path", "path"])], Severity.HIGH),
        ([GIVEN, Op("n", "WriteFile", ["path", "path"])], Severity.HIGH),
        ([ABSOLUTE, Op("n", "ReadFile", ["path"])], Severity.HIGH),
        ([GIVEN, Op("n", "ReadFile", ["path"])], Severity.MEDIUM),
        ([ABSOLUTE, Op("n", "TextLineDataset", ["path"])], Severity.HIGH),
        ([GIVEN, Op("n", "TFRecordDatasetV2", ["path"])], Severity.LOW),
        ([ABSOLUTE, Op("n", "MatchingFiles", ["path"])], Severity.HIGH),
        ([ABSOLUTE, Op("n", "SaveV2", ["path"])], Severity.HIGH),
        ([tf.const("path", "out/ckpt"), Op("n", "SaveV2", ["path"])], Severity.MEDIUM),
        ([ABSOLUTE, Op("n", "RestoreV2", ["path"])], Severity.LOW),
        ([ABSOLUTE, Op("n", "InitializeTableFromTextFileV2", ["t", "path"])], Severity.MEDIUM),
        ([Op("n", "EagerPyFunc", ["x"], {"token": tf.attribute("pyfunc_0")})], Severity.HIGH),
        ([Op("n", "PyFunc", ["x"])], Severity.HIGH),
        ([Op("n", "PrintV2", ["x"], {"output_stream": tf.attribute("file:///tmp/x")})], Severity.HIGH),
        ([Op("n", "DebugIdentityV2", ["x"], {"debug_urls": tf.record(1, tf.text(2, "grpc://e:1"))})], Severity.HIGH),
        ([Op("n", "DumpTensor", ["x"], {"log_dir_path": tf.attribute("/tmp")})], Severity.HIGH),
        ([ABSOLUTE, Op("n", "DataServiceDatasetV4", ["a", "b", "path"])], Severity.HIGH),
        ([Op("n", "Abort")], Severity.HIGH),
        ([Op("path", "VarHandleOp"), Op("r", "ReadVariableOp", ["path"]), Op("n", "ReadFile", ["r"])], Severity.HIGH),
        ([ABSOLUTE, Op("d", "DecodeBase64", ["path"]), Op("save/SaveV2", "SaveV2", ["d"])], Severity.HIGH),
        ([ABSOLUTE, Op("d", "PlaceholderWithDefault", ["path"]), Op("n", "SaveV2", ["d"])], Severity.HIGH),
        ([Op("n", "XlaCustomCall", ["x"], {"call_target_name": tf.attribute("f")})], Severity.MEDIUM),
    ],
)
def test_severities(tmp_path: Path, nodes: list[Op], expected: Severity) -> None:
    assert severities(write(tmp_path, tf.graph(*nodes))) == [expected]


@pytest.mark.parametrize(
    "nodes",
    [
        [tf.const("a", "/etc"), tf.const("b", "/passwd"), Op("path", "StringJoin", ["a", "b"])],
        [tf.const("a", "/etc/passwd"), Op("i", "Identity", ["a:0"]), Op("path", "Reshape", ["i", "shape"])],
        [tf.const("a", "L2V0Yy9wYXNzd2Q"), Op("path", "DecodeBase64", ["a"])],
        [tf.const("a", "a", "b"), Op("c", "Range", ["c"]), Op("path", "StringFormat", ["c"])],
    ],
)
def test_paths_that_are_put_together(tmp_path: Path, nodes: list[Op]) -> None:
    found = severities(write(tmp_path, tf.graph(*nodes, Op("n", "WriteFile", ["path", "path"]))))
    assert found
    assert found[0] >= Severity.HIGH


def test_a_path_given_by_the_caller_of_a_function(tmp_path: Path) -> None:
    body = tf.function("__inference__traced_save_1", ["name"], Op("n", "SaveV2", ["name"]))
    graph = tf.graph(ABSOLUTE, tf.call("main_op", "__inference__traced_save_1", "path"), functions=[body])
    assert severities(write(tmp_path, graph)) == [Severity.HIGH]


def test_a_path_that_goes_through_a_data_set(tmp_path: Path) -> None:
    body = tf.function("read_one", ["name"], Op("n", "TextLineDataset", ["name"]))
    slices = Op("slices", "TensorSliceDataset", ["path"])
    flat = Op("flat", "FlatMapDataset", ["slices"], {"f": tf.record(10, tf.text(1, "read_one"))})
    assert severities(write(tmp_path, tf.graph(ABSOLUTE, slices, flat, functions=[body]))) == [Severity.HIGH]


def test_a_graph_within_a_constant(tmp_path: Path) -> None:
    inner = tf.graph(ABSOLUTE, Op("n", "WriteFile", ["path", "path"]))
    graph = tf.graph(tf.const("graph_def", inner), Op("n", "DatasetFromGraph", ["graph_def"]))
    assert sorted(severities(write(tmp_path, graph))) == [Severity.MEDIUM, Severity.CRITICAL]


def test_frozen_graphs_and_text(tmp_path: Path) -> None:
    frozen = tmp_path / "frozen.pb"
    frozen.write_bytes(tf.graph(ABSOLUTE, Op("n", "WriteFile", ["path", "path"])))
    assert severities(frozen) == [Severity.CRITICAL]
    renamed = tmp_path / "weights.bin"
    renamed.write_bytes(frozen.read_bytes())
    assert severities(renamed) == [Severity.CRITICAL]
    text = tmp_path / "saved_model.pbtxt"
    text.write_text(
        'saved_model_schema_version: 1 meta_graphs { graph_def { library { function { signature { name: "f" }\n'
        '  node_def { name: "p" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING\n'
        '    string_val: "/etc/" "cron\\x2ed/x" } } } }\n'
        '  node_def { name: "w" op: "WriteFile" input: "p:output:0" input: "p:output:0" } } } } }'
    )
    (found,) = [f for f in outcomes(text) if f.rule == RULE]
    assert found.severity is Severity.CRITICAL
    assert "/etc/cron.d/x" in found.evidence


def test_loops_end(tmp_path: Path) -> None:
    a, b = Op("a", "Identity", ["b"]), Op("b", "StringJoin", ["a", "a"])
    assert severities(write(tmp_path, tf.graph(a, b, Op("n", "WriteFile", ["a", "a"]))))
