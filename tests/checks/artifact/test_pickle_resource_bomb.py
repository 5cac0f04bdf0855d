"""Pickles that announce more than they hold."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import rules

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(b"\x80\x04Nr\xff\xff\xff\xff.")
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps([b"x" * 70_000, list(range(70_000))]))
    return path


@pytest.mark.parametrize(
    "bomb",
    [
        b"\x8e" + b"\xff" * 7 + b"\x0f",
        b"\x8b\xff\xff\xff\x7f",
        b"\x96" + b"\xff" * 8,
        b"\x8b\xff\xff\xff\xff",
        b"T\xff\xff\xff\xff",
    ],
)
def test_lengths_beyond_the_file(tmp_path: Path, bomb: bytes) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x05" + bomb + b".")
    assert "artifact/pickle-resource-bomb" in rules(path)
