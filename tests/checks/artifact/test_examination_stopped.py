"""Files whose examination had to be stopped."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes, rules

if TYPE_CHECKING:
    from pathlib import Path


def nested(times: int) -> bytes:
    data = b"the innermost text\n" * 20
    for _ in range(times):
        data = gzip.compress(data, mtime=0)
    return data


def positive(directory: Path) -> Path:
    path = directory / "deep.gz"
    path.write_bytes(nested(40))
    return path


def benign(directory: Path) -> Path:
    path = directory / "plain.gz"
    path.write_bytes(nested(2))
    return path


def test_what_was_not_reached_is_said(tmp_path: Path) -> None:
    from violet.checks.examine import examine_file
    from violet.domain import Skipped

    assert any(isinstance(outcome, Skipped) for outcome in examine_file(str(positive(tmp_path))).outcomes)
    assert "artifact/examination-stopped" in rules(positive(tmp_path))
    assert outcomes(benign(tmp_path)) == []
