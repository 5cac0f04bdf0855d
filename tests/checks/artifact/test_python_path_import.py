"""Path files whose lines Python runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.checks.examples import outcomes
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/python-path-import"


def positive(directory: Path) -> Path:
    path = directory / "model.pth"
    path.write_text("import os; os.system('id')\n")
    return path


def benign(directory: Path) -> Path:
    path = directory / "package.pth"
    path.write_text("/opt/package/src\n")
    return path


def severities(path: Path) -> list[Severity]:
    return [f.severity for f in outcomes(path) if f.rule == RULE]


def test_severity_follows_what_the_line_does(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_text("import os; exec(__import__('base64').b64decode('aW1wb3J0IG9z'))\n")
    assert severities(path) == [Severity.CRITICAL]
    path.write_text("import something_unknown\n")
    assert severities(path) == [Severity.HIGH]
    path.write_text("import _virtualenv\n")
    assert severities(path) == [Severity.LOW]


def test_a_checkpoint_of_this_suffix_is_not_one(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(b"\x80\x04]\x94.")
    assert severities(path) == []
