"""Python code inside Keras models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checks.examples import outcomes
from tests.formats import keras_archives as keras
from tests.formats.tensorflow_messages import keras_metadata
from violet.domain import Severity

RULE = "artifact/keras-lambda"


def positive(directory: Path) -> Path:
    value = keras.lambda_function("lambda x: __import__('os').system('id')")
    return keras.archive(directory / "model.keras", keras.sequential(keras.dense(), keras.lambda_layer(value)))


def benign(directory: Path) -> Path:
    """A Lambda whose function is looked up by name carries no code."""
    named = keras.lambda_layer(keras.function("builtins", "relu"))
    return keras.archive(directory / "model.keras", keras.sequential(keras.dense(), named))


def severities(path: Path) -> list[Severity]:
    return [finding.severity for finding in outcomes(path) if finding.rule == RULE]


@pytest.mark.parametrize(
    "source",
    [
        "lambda x: __import__('os').system('id')",
        "lambda x: exec('import os')",
        "lambda x: ().__class__.__base__.__subclasses__()",
        "lambda x: open('/etc/passwd').read()",
        "lambda x: (lambda y: eval(y))('1')",
        "lambda x: tf.io.write_file('a', 'b')",
        "lambda x: np.load('x', allow_pickle=True)",
        "lambda x: keras.utils.get_file('a', 'http://example.org/')",
        "lambda x: getattr(x, 'y')",
    ],
)
def test_code_that_leaves_the_model(tmp_path: Path, source: str) -> None:
    value = keras.lambda_function(source)
    path = keras.archive(tmp_path / "m.keras", keras.sequential(keras.lambda_layer(value)))
    assert severities(path) == [Severity.CRITICAL]


@pytest.mark.parametrize("source", ["lambda x: x * 2", "lambda x: K.l2_normalize(x, axis=1)", "lambda x: my_scale(x)"])
def test_arithmetic_is_not_vouched_for(tmp_path: Path, source: str) -> None:
    value = keras.lambda_function(source)
    path = keras.archive(tmp_path / "m.keras", keras.sequential(keras.lambda_layer(value)))
    assert severities(path) == [Severity.MEDIUM]


@pytest.mark.parametrize("text", ["not base64 at all!", "AAAA", "4wEAAAA="])
def test_code_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    value = {"class_name": "__lambda__", "config": {"code": text, "defaults": None, "closure": None}}
    path = keras.archive(tmp_path / "m.keras", keras.sequential(keras.lambda_layer(value)))
    assert severities(path) == [Severity.HIGH]


def old(source: str) -> dict[str, object]:
    """A Lambda as Keras 2 writes it."""
    config = {
        "name": "lam",
        "function": [keras.code(source) + "\n", None, None],
        "function_type": "lambda",
        "module": "__main__",
        "output_shape": None,
        "arguments": {},
    }
    return {"class_name": "Lambda", "config": config}


def test_legacy_hdf5(tmp_path: Path) -> None:
    path = keras.hdf5(tmp_path / "m.h5", keras.legacy(old("lambda x: __import__('subprocess').check_output('id')")))
    (found,) = [f for f in outcomes(path) if f.rule == RULE]
    assert found.severity is Severity.CRITICAL
    assert "subprocess" in found.evidence
    assert found.location.path.endswith("m.h5!model_config")


def test_code_in_output_shape_and_in_activations(tmp_path: Path) -> None:
    shape = old("lambda x: x")
    config = shape["config"]
    assert isinstance(config, dict)
    config["output_shape"] = [keras.code("lambda s: exec('1')"), None, None]
    config["output_shape_type"] = "lambda"
    activation = keras.layer("Dense", {"units": 1, "activation": keras.lambda_function("lambda x: eval('1')")})
    path = tmp_path / "m.json"
    path.write_text(json.dumps(keras.legacy(shape, activation)))
    assert severities(path).count(Severity.CRITICAL) == 2


def test_metadata_of_a_saved_model(tmp_path: Path) -> None:
    layer = old("lambda x: __import__('os').getpid()")
    config = layer["config"]
    assert isinstance(config, dict)
    config["function"] = {"class_name": "__tuple__", "items": config["function"]}
    path = tmp_path / "keras_metadata.pb"
    path.write_bytes(keras_metadata(json.dumps(layer)))
    assert severities(path) == [Severity.CRITICAL]


def test_configuration_that_does_not_look_like_one(tmp_path: Path) -> None:
    config = json.dumps(keras.sequential(keras.lambda_layer(keras.lambda_function("lambda x: exec('1')"))))
    padded = '{"padding": "' + "x" * 9000 + '", ' + config[1:]
    assert severities(keras.archive(tmp_path / "a.keras", padded)) == [Severity.CRITICAL]
    assert severities(keras.archive(tmp_path / "b.keras", config.encode("utf-16"))) == [Severity.CRITICAL]


def test_a_value_that_a_repeated_key_hides(tmp_path: Path) -> None:
    evil = json.dumps(keras.lambda_function("lambda x: exec('1')"))
    text = '{"class_name": "Lambda", "config": {"function": ' + evil + ', "function": null}}'
    assert severities(keras.archive(tmp_path / "a.keras", text)) == [Severity.CRITICAL]
    legacy = json.dumps([keras.code("lambda x: exec('1')"), None, None])
    text = '{"class_name": "Lambda", "class_name": "Dense", "config": {"function": ' + legacy + "}}"
    assert severities(keras.archive(tmp_path / "b.keras", text)) == [Severity.CRITICAL]
    text = '{"class_name": "Lambda", "config": {"function": ' + legacy + ', "function": null}}'
    assert severities(keras.archive(tmp_path / "c.keras", text)) == [Severity.CRITICAL]


def test_a_json_file_that_hides_its_class_names(tmp_path: Path) -> None:
    config = json.dumps(keras.sequential(keras.lambda_layer(keras.lambda_function("lambda x: exec('1')"))))
    for text in (config.replace("class_name", "cl\\u0061ss_name"), '{"padding": "' + "x" * 9000 + '", ' + config[1:]):
        path = tmp_path / "architecture.json"
        path.write_text(text)
        assert severities(path) == [Severity.CRITICAL]
