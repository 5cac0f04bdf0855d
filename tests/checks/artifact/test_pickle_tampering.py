"""Patched classes and planted methods."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np

from tests.checks.examples import rules

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(b"\x80\x04\x8c\x0csklearn.base\x8c\x0dBaseEstimator\x93N}\x8c\x07predictK\x01s\x86b.")
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps(np.arange(4)))
    return path


def test_a_planted_setstate_is_found(tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(
        b"\x80\x04\x8c\x0csklearn.base\x8c\x0dBaseEstimator\x93)\x81"
        b"}\x8c\x0c__setstate__\x8c\x05numpy\x8c\x03log\x93sb\x8c\x02idb."
    )
    assert "artifact/pickle-tampering" in rules(path)
