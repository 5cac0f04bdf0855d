"""Keras models as Keras writes them, and SavedModels."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.formats.keras_models import build
from tests.formats.tensorflow_messages import graph, number, text
from tests.provenance.bom.models import bom_of

SCRIPT = """
inputs = keras.Input((4,), name="numbers")
x = layers.Dense(8, activation="relu")(inputs)
x = layers.BatchNormalization()(x)
x = layers.Dropout(0.1)(x)
model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="labels")(x), name="tiny")
model.compile(optimizer=keras.optimizers.SGD(0.5), loss="categorical_crossentropy")
save(model, "m.keras", "m.h5")
model.save_weights(os.path.join(directory, "m.weights.h5"))
with open(os.path.join(directory, "facts"), "w") as file:
    file.write(f"{model.count_params()} {keras.__version__}")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("keras"), SCRIPT)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5"])
def test_parameters_are_those_that_keras_counts(built: Path, name: str) -> None:
    elements, version = (built / "facts").read_text().split()
    bom = bom_of(built / name)
    assert bom.facts.parameters == int(elements) == 4 * 8 + 8 + 4 * 8 + 8 * 3 + 3
    assert bom.facts.dtypes == (("float32", int(elements)),)
    if name == "m.weights.h5":
        return
    assert (bom.facts.framework, bom.facts.framework_version) == ("Keras", version)
    assert ("keras", version) in {(part.name, part.version) for part in bom.components}
    assert bom.facts.architecture == "Functional"
    assert {"Dense", "BatchNormalization", "Dropout"} <= set(bom.facts.classes)
    assert [(spec.name, spec.dtype, spec.shape) for spec in bom.facts.inputs] == [("numbers", "float32", ("?", "4"))]
    assert not bom.conflicts


def test_settings_of_the_training(built: Path) -> None:
    settings = dict(bom_of(built / "m.keras").facts.hyperparameters)
    assert settings["optimizer"] == "SGD"
    assert settings["loss"] == "categorical_crossentropy"
    assert settings["optimizer.learning_rate"] == "0.5"


def shape(*extents: int) -> bytes:
    return b"".join(text(2, number(1, extent % (1 << 64))) for extent in extents)


def test_saved_model(tmp_path: Path) -> None:
    """Two variables of the object graph, and the default signature; the optimizer's state is not counted."""
    variables = [("w", (4, 3)), ("b", (3,)), ("optimizer/m", (4, 3))]
    nodes = b"".join(
        text(1, text(7, number(1, 1) + text(2, shape(*extents)) + text(6, name))) for name, extents in variables
    )
    spec = text(1, "x:0") + number(2, 1) + text(3, shape(-1, 4))
    signature = text(1, text(1, "x") + text(2, spec)) + text(3, "tensorflow/serving/predict")
    info = text(4, "serve") + text(5, "2.20.0")
    entry = text(1, "serving_default") + text(2, signature)
    meta = text(1, info) + text(2, graph()) + text(5, entry) + text(7, nodes)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(number(1, 1) + text(2, meta))
    bom = bom_of(folder)
    assert (bom.facts.framework, bom.facts.framework_version) == ("TensorFlow", "2.20.0")
    assert (bom.facts.tensors, bom.facts.parameters_claimed) == (2, 15)
    assert bom.facts.parameters is None, "the values lie in another file"
    assert [str(found) for found in bom.facts.inputs] == ["x: float32[?, 4]"]
    assert ("tensorflow", "2.20.0") in {(part.name, part.version) for part in bom.components}
