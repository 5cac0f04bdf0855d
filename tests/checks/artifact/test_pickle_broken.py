"""Streams that break, told apart by what they had done."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps([1, 2, 3])[:-1])
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps([1, 2, 3]))
    return path


def test_a_harmless_cut_is_medium_and_never_clean(tmp_path: Path) -> None:
    from violet.checks.examine import examine_file
    from violet.domain import Skipped

    result = examine_file(str(positive(tmp_path)))
    assert {f.severity.name for f in outcomes(positive(tmp_path))} == {"MEDIUM"}
    assert any(isinstance(outcome, Skipped) for outcome in result.outcomes)


@pytest.mark.parametrize("end", [b"\xff", b"", b"R", b"0000", b"h\x63"])
def test_what_had_run_before_makes_it_high(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(b"cos\nsystem\n(S'id'\ntR" + end)
    found = [f for f in outcomes(path) if f.rule == "artifact/pickle-broken"]
    assert [f.severity.name for f in found] == ["HIGH"]
