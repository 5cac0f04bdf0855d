"""Classes that Keras does not have itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.examples import outcomes
from tests.formats import keras_archives as keras
from violet.domain import Severity

RULE = "artifact/keras-custom-object"


def positive(directory: Path) -> Path:
    layer = keras.layer("PatchEncoder", {"name": "p"}, "my_layers", "my_layers>PatchEncoder")
    return keras.archive(directory / "model.keras", keras.sequential(layer))


def benign(directory: Path) -> Path:
    optimizer = {"class_name": "Custom>Adam", "config": {"learning_rate": 0.1}}
    training = {"optimizer_config": optimizer, "loss": "my_loss", "metrics": []}
    layers = [{"class_name": name, "config": {"name": "x"}} for name in ("Dense", "BatchNormalizationV1", "CuDNNLSTM")]
    return keras.hdf5(directory / "model.h5", keras.legacy(*layers), training)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({"class_name": "Capsule", "config": {}}, [Severity.MEDIUM]),
        ({"class_name": "Addons>GroupNormalization", "config": {}}, [Severity.INFO]),
        (keras.layer("KerasLayer", {}, "tensorflow_hub.keras_layer"), [Severity.INFO]),
        (keras.layer("X", {}, None, "acme>X"), [Severity.MEDIUM]),
        (keras.layer("X", {}, "keras.src.layers.x"), []),
    ],
)
def test_severities(tmp_path: Path, layer: dict[str, object], expected: list[Severity]) -> None:
    path = keras.archive(tmp_path / "m.keras", keras.sequential(layer))
    assert [f.severity for f in outcomes(path) if f.rule == RULE] == expected
