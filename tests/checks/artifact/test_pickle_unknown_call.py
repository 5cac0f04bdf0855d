"""Calls of functions that no known library needs."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes, rules

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(b"\x80\x04\x8c\x07acme.ml\x8c\x05setup\x93\x8c\x01x\x85R.")
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps({"a": [1, 2.5, complex(1, 2), {3}]}))
    return path


def test_a_function_named_after_what_it_does_is_critical(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x04\x8c\x07acme.ml\x8c\x08download\x93\x8c\x01x\x85R.")
    found = [f for f in outcomes(path) if f.rule == "artifact/pickle-unknown-call"]
    assert [f.severity.name for f in found] == ["CRITICAL"]


@pytest.mark.parametrize("module", ["numpy", "sklearn.utils", "joblib", "torch", "collections"])
def test_functions_of_known_libraries_get_no_free_pass(tmp_path: Path, module: str) -> None:
    path = tmp_path / "m.pkl"
    name = module.encode()
    path.write_bytes(b"\x80\x04\x8c" + bytes([len(name)]) + name + b"\x8c\x06nosuch\x93)R.")
    assert "artifact/pickle-unknown-call" in rules(path)
