"""Imports whose name the stream computes."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(
        b"\x80\x04\x8c\x08operator\x8c\x03add\x93\x8c\x01o\x8c\x01s\x86R\x8c\x06system\x93\x8c\x02id\x85R."
    )
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps([int, len, dict]))
    return path


def test_the_computation_is_shown(tmp_path: Path) -> None:
    found = [f for f in outcomes(positive(tmp_path)) if f.rule == "artifact/pickle-computed-import"]
    assert "operator.add('o', 's')" in found[0].evidence
