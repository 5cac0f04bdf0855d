"""Torch modules inside Keras models."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.checks.examples import outcomes, rules
from tests.formats import keras_archives as keras

RULE = "artifact/keras-torch-module"
CALL = b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R."


def positive(directory: Path) -> Path:
    layer = keras.layer("TorchModuleWrapper", {"module": base64.b64encode(CALL).decode()})
    return keras.archive(directory / "model.keras", keras.sequential(layer))


def benign(directory: Path) -> Path:
    return keras.archive(directory / "model.keras", keras.sequential(keras.dense()))


def test_the_pickle_inside_is_examined(tmp_path: Path) -> None:
    found = outcomes(positive(tmp_path))
    assert any("os.system" in f.evidence for f in found if f.rule.startswith("artifact/pickle"))


def test_what_is_not_base64(tmp_path: Path) -> None:
    layer = keras.layer("TorchModuleWrapper", {"module": "\u00e4"})
    assert RULE in rules(keras.archive(tmp_path / "m.keras", keras.sequential(layer)))
