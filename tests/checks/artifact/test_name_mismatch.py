"""Names that disagree with the content."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes, rules

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.safetensors"
    path.write_bytes(pickle.dumps([1]))
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps([1]))
    return path


@pytest.mark.parametrize("name", ["logo.png", "config.json", "model.onnx", "README.md", "model.gguf", "w.h5"])
def test_a_pickle_under_a_harmless_name_is_high(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(pickle.dumps([1]))
    found = [f for f in outcomes(path) if f.rule == "artifact/name-mismatch"]
    assert [f.severity.name for f in found] == ["HIGH"]


@pytest.mark.parametrize(
    "name", ["model", "model.bin", "model.pt", "model.joblib", "weights.ckpt", "x.dat", "a.unheard"]
)
def test_names_that_announce_nothing_else_are_silent(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(pickle.dumps([1]))
    assert "artifact/name-mismatch" not in rules(path)


def test_an_archive_that_cannot_be_looked_into_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(64))
    assert [f.severity.name for f in outcomes(path) if f.rule == "artifact/name-mismatch"] == ["HIGH"]
