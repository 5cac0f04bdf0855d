"""Operations that TensorFlow does not have itself."""

from __future__ import annotations

from pathlib import Path

from tests.checks.examples import outcomes
from tests.formats import tensorflow_messages as tf
from tests.formats.tensorflow_messages import Op
from violet.domain import Severity

RULE = "artifact/tensorflow-custom-ops"


def write(directory: Path, *nodes: Op) -> Path:
    path = directory / "saved_model.pb"
    function = tf.function("__forward_f", ["x"], Op("r", "Relu", ["x"]))
    path.write_bytes(tf.saved_model(tf.graph(*nodes, functions=[function])))
    return path


def positive(directory: Path) -> Path:
    return write(directory, Op("n", "MyCompany>FastBoost", ["x"]))


def benign(directory: Path) -> Path:
    nodes = [Op("x", "Placeholder"), Op("m", "MatMul", ["x", "x"]), Op("f", "__forward_f", ["m"]), Op("e", "NoOp")]
    return write(directory, *nodes)


def test_known_libraries_are_named(tmp_path: Path) -> None:
    (found,) = [f for f in outcomes(write(tmp_path, Op("n", "SentencepieceTokenizeOp", ["x"]))) if f.rule == RULE]
    assert found.severity is Severity.LOW
    assert "TensorFlow Text" in found.message
