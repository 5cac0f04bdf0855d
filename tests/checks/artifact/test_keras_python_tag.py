"""YAML that makes Python objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.examples import rules

RULE = "artifact/keras-python-tag"

ARCHITECTURE = """backend: tensorflow
class_name: Sequential
config:
  layers:
  - class_name: Dense
    config: {activation: relu, batch_input_shape: !!python/tuple [null, 4], units: 2}
keras_version: 2.4.0
"""


def positive(directory: Path) -> Path:
    path = directory / "model.yaml"
    path.write_text(ARCHITECTURE + '\n!!python/object/apply:os.system ["id"]\n')
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.yaml"
    path.write_text(ARCHITECTURE)
    return path


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/new:type",
        "!!python/name:os.system",
        "!<tag:yaml.org,2002:python/object/apply:os.system>",
        "%TAG !p! tag:yaml.org,2002:\n--- !p!python/object/apply:os.system",
    ],
)
def test_tags(tmp_path: Path, tag: str) -> None:
    path = tmp_path / "a.yml"
    path.write_text(f"{tag} [id]\n{ARCHITECTURE}")
    assert RULE in rules(path)


def test_code_in_yaml(tmp_path: Path) -> None:
    from tests.formats.keras_archives import code

    path = tmp_path / "a.yaml"
    value = code("lambda x: exec('1')")
    path.write_text(f"class_name: Sequential\nconfig:\n- class_name: Lambda\n  config: {{function: ['{value}']}}\n")
    assert "artifact/keras-lambda" in rules(path)
