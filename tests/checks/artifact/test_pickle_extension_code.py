"""Imports through the extension registry."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(b"\x80\x02\x82\x07U\x02id\x85R.")
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps(list(range(300))))
    return path


def test_the_name_registered_in_the_same_stream_is_shown_and_judged(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x02ccopyreg\nadd_extension\nU\x05posixU\x06systemK\x07\x87R0\x82\x07U\x02id\x85R.")
    calls = {f.evidence for f in outcomes(path) if f.rule == "artifact/pickle-dangerous-call"}
    assert "posix.system('id')" in calls
