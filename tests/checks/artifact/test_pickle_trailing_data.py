"""Data behind the last pickle."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from tests.checks.examples import rules

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps([1]) + b"\x99\x98 not a pickle " * 9)
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps([1]) + pickle.dumps([2]) + bytes(16))
    return path


def test_a_pickle_behind_the_data_is_examined(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps([1]) + b"\x99" * 50 + b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.")
    assert "artifact/pickle-dangerous-call" in rules(path)
