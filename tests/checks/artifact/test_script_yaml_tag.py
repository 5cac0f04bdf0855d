"""YAML tags that make Python objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.checks.examples import rules

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/script-yaml-tag"


def positive(directory: Path) -> Path:
    path = directory / "conda.yaml"
    path.write_text("name: x\nrun: !!python/object/apply:os.getcwd []\n")
    return path


def benign(directory: Path) -> Path:
    path = directory / "train.yaml"
    path.write_text(yaml.dump({"shape": (1, 2), "name": "model"}))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/name:os.system ''\n",
        "a: !<tag:yaml.org,2002:python/object/apply:os.getcwd> []\n",
        "%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.getcwd []\n",
    ],
)
def test_ways_to_write_a_tag(tmp_path: Path, text: str) -> None:
    assert yaml.load(text, Loader=yaml.UnsafeLoader)
    path = tmp_path / "a.yaml"
    path.write_text(text)
    assert rules(path) & {RULE, "artifact/keras-python-tag"}
