"""Formats of other languages that run code when they are loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.checks.examples import outcomes
from violet.checks.examine import examine_file
from violet.domain import Severity, Skipped

RULE = "artifact/foreign-objects"


def positive(directory: Path) -> Path:
    path = directory / "model.ser"
    path.write_bytes(b"\xac\xed\0\5sr\0\x11java.util.HashMap" + bytes(40))
    return path


def benign(directory: Path) -> Path:
    path = directory / "weights.npy"
    np.save(path, np.ones(3))
    return path


def test_it_is_not_clean(tmp_path: Path) -> None:
    path = positive(tmp_path)
    assert [f.severity for f in outcomes(path) if f.rule == RULE] == [Severity.MEDIUM]
    assert any(isinstance(o, Skipped) for o in examine_file(str(path)).outcomes)
