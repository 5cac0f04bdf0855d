"""Index files that point outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes, rules
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/weights-outside"


def index(directory: Path, file: str) -> Path:
    path = directory / "model.safetensors.index.json"
    path.write_text(json.dumps({"metadata": {"total_size": 8}, "weight_map": {"a": file}}))
    return path


def positive(directory: Path) -> Path:
    return index(directory, "../../other/pytorch_model.bin")


def benign(directory: Path) -> Path:
    return index(directory, "model-00001-of-00002.safetensors")


@pytest.mark.parametrize("file", ["/etc/passwd", "..\\x.bin", "C:/x.bin", "~/x.bin", "sub/../../x.bin", "\\\\host\\x"])
def test_ways_out(tmp_path: Path, file: str) -> None:
    assert [f.severity for f in outcomes(index(tmp_path, file)) if f.rule == RULE] == [Severity.HIGH]


def test_a_directory_below_is_inside(tmp_path: Path) -> None:
    assert rules(index(tmp_path, "shards/model-1.safetensors")) == set()
