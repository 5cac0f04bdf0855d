"""Assets of SavedModels that lie outside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.examples import rules
from tests.formats import tensorflow_messages as tf

RULE = "artifact/tensorflow-asset-path"


def build(directory: Path, name: str) -> Path:
    path = directory / "saved_model.pb"
    path.write_bytes(tf.saved_model(tf.graph(tf.const("Const", "x")), assets=[("Const:0", name)]))
    return path


def positive(directory: Path) -> Path:
    return build(directory, "../../../etc/passwd")


def benign(directory: Path) -> Path:
    return build(directory, "vocab..txt")


@pytest.mark.parametrize("name", ["/etc/passwd", "gs://bucket/x", "C:\\x", "a/../../b"])
def test_names_that_leave(tmp_path: Path, name: str) -> None:
    assert RULE in rules(build(tmp_path, name))
