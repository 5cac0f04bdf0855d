"""Modules and functions that no Keras model needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.checks.examples import outcomes
from tests.formats import keras_archives as keras
from violet.domain import Severity

RULE = "artifact/keras-module-path"


def positive(directory: Path) -> Path:
    layer = keras.lambda_layer(keras.function("os", "system"), arguments={"command": "id"})
    return keras.archive(directory / "model.keras", keras.sequential(layer))


def benign(directory: Path) -> Path:
    activation = keras.layer("Activation", {"activation": keras.function("keras.activations", "gelu", None)})
    custom = keras.function("builtins", "my_loss")
    config = {**keras.sequential(keras.dense(), activation), "compile_config": {"loss": custom, "optimizer": "adam"}}
    return keras.archive(directory / "model.keras", config)


def severities(tmp_path: Path, *layers: Any) -> list[Severity]:
    path = keras.archive(tmp_path / "m.keras", keras.sequential(*layers))
    return [finding.severity for finding in outcomes(path) if finding.rule == RULE]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "exec"),
        ("builtins", "eval"),
        ("builtins", "__import__"),
        ("operator", "methodcaller"),
        ("numpy", "load"),
        ("torch", "load"),
        ("tensorflow", "py_function"),
        ("tensorflow.io", "write_file"),
        ("keras.utils", "get_file"),
        ("keras", "utils.get_file"),
        ("keras.src.utils.file_utils", "get_file"),
        ("keras.config", "enable_unsafe_deserialization"),
        ("keras.models", "load_model"),
        ("keras.src.utils.python_utils", "func_load"),
        ("tf_keras.src.utils.data_utils", "get_file"),
        ("keras.src.ops.numpy.np.os", "system"),
        ("keras.src.backend.common.global_state", "set_global_attribute"),
        ("keras.visualization", "plot_image_gallery"),
    ],
)
def test_functions_that_run_code_or_touch_files(tmp_path: Path, module: str, name: str) -> None:
    assert severities(tmp_path, keras.lambda_layer(keras.function(module, name))) == [Severity.CRITICAL]


@pytest.mark.parametrize(
    ("module", "name"),
    [("random", "seed"), ("keras.utils", "set_random_seed"), ("csv", "reader"), ("keras", "version")],
)
def test_functions_that_no_model_needs(tmp_path: Path, module: str, name: str) -> None:
    assert severities(tmp_path, keras.lambda_layer(keras.function(module, name))) == [Severity.HIGH]


@pytest.mark.parametrize(
    ("name", "module"), [("FunctionType", "types"), ("Popen", "subprocess"), ("methodcaller", "operator")]
)
def test_classes(tmp_path: Path, name: str, module: str) -> None:
    assert severities(tmp_path, keras.layer(name, {}, module)) == [Severity.CRITICAL]


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("Dense", "keras.layers"),
        ("Dense", "tf_keras.src.layers.core.dense"),
        ("Conv2D", "tensorflow.python.keras.layers"),
        ("MetricsList", "keras.src.trainers.compile_utils"),
        ("FeatureSpace", "keras.utils"),
        ("BertBackbone", "keras_hub.src.models.bert.bert_backbone"),
        ("DTypePolicy", "keras"),
        ("ndarray_initializer", "mylib.things"),
    ],
)
def test_classes_that_models_need(tmp_path: Path, name: str, module: str) -> None:
    assert severities(tmp_path, keras.layer(name, {}, module)) == []


def test_type_specifications(tmp_path: Path) -> None:
    evil = {"class_name": "__typespec__", "spec_name": "system", "module": "os", "registered_name": None, "config": []}
    good = {**evil, "spec_name": "TensorSpec", "module": "tensorflow.python.framework.tensor"}
    assert severities(tmp_path, keras.layer("Dense", {"spec": evil})) == [Severity.CRITICAL]
    assert severities(tmp_path, keras.layer("Dense", {"spec": good})) == []


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("io.write_file", [Severity.CRITICAL]),
        ("raw_ops.WriteFile", [Severity.CRITICAL]),
        ("py_function", [Severity.CRITICAL]),
        ("compat.v1.py_func", [Severity.CRITICAL]),
        ("load_op_library", [Severity.CRITICAL]),
        ("keras.utils.get_file", [Severity.CRITICAL]),
        ("saved_model.load", [Severity.CRITICAL]),
        ("summary.create_file_writer", [Severity.HIGH]),
        ("math.multiply", []),
        ("__operators__.getitem", []),
        ("io.decode_base64", []),
        ("raw_ops.MatMul", []),
        ("expand_dims", []),
    ],
)
def test_tensorflow_symbols(tmp_path: Path, symbol: str, expected: list[Severity]) -> None:
    layer = {"class_name": "TFOpLambda", "config": {"name": "op", "function": symbol}}
    assert severities(tmp_path, layer) == expected


def test_the_call_is_reconstructed(tmp_path: Path) -> None:
    (found,) = [f for f in outcomes(positive(tmp_path)) if f.rule == RULE]
    assert "os.system(command='id')" in found.evidence


def test_losses_of_a_compiled_model(tmp_path: Path) -> None:
    config = {**keras.sequential(keras.dense()), "compile_config": {"loss": keras.function("os", "system")}}
    path = keras.archive(tmp_path / "m.keras", config)
    assert RULE in {f.rule for f in outcomes(path)}
    path = keras.hdf5(tmp_path / "m.h5", keras.legacy(), {"loss": keras.function("os", "system"), "metrics": []})
    assert RULE in {f.rule for f in outcomes(path)}


def test_lambda_by_name_and_module(tmp_path: Path) -> None:
    config = {"name": "l", "function": "system", "function_type": "function", "module": "os", "arguments": {}}
    path = keras.hdf5(tmp_path / "m.h5", keras.legacy({"class_name": "Lambda", "config": config}))
    assert [f.severity for f in outcomes(path) if f.rule == RULE] == [Severity.CRITICAL]


def test_vocabularies_that_are_evaluated(tmp_path: Path) -> None:
    evil = keras.layer("RWKVTokenizer", {"vocabulary": ["1 __import__('os').system('id') 1"]}, "keras_hub.models")
    good = keras.layer("RWKVTokenizer", {"vocabulary": ["1 '\\x00' 1", "2 b'a' 1"]}, "keras_hub.models")
    assert severities(tmp_path, evil) == [Severity.CRITICAL]
    assert severities(tmp_path, good) == []


def test_names_that_cannot_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(keras.sequential(keras.layer("A\ud800\x1b[31m", {}, "os\u202e"))))
    for found in outcomes(path):
        (found.message + found.evidence).encode("utf-8")
        assert "\x1b" not in found.message + found.evidence
