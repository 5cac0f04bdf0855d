"""Code carried by value."""

from __future__ import annotations

import pickle
import subprocess
from typing import TYPE_CHECKING

import cloudpickle
import dill
import pytest

from tests.checks.examples import outcomes

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(cloudpickle.dumps(lambda x: x + 1))
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps({"lambda": "x + 1"}))
    return path


def test_an_innocent_lambda_is_medium(tmp_path: Path) -> None:
    assert {f.severity.name for f in outcomes(positive(tmp_path))} == {"MEDIUM"}


@pytest.mark.parametrize("dumps", [cloudpickle.dumps, dill.dumps], ids=["cloudpickle", "dill"])
def test_code_that_runs_commands_is_high(tmp_path: Path, dumps: object) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(dumps(lambda x: subprocess.Popen(["sh", "-c", x])))  # type: ignore[operator]
    found = [f for f in outcomes(path) if f.rule == "artifact/pickle-carried-code"]
    assert found
    assert any(f.severity.name in ("HIGH", "CRITICAL") for f in outcomes(path))
