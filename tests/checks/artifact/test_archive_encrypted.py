"""Members that are encrypted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import py7zr

from tests.checks.examples import outcomes, rules
from tests.corpus.zipcraft import Member, archive
from violet.checks.examine import examine_file
from violet.domain import Skipped

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/archive-encrypted"


def written(path: Path, password: str | None) -> Path:
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w", password=password) as file:
        file.writestr(b"text\n", "a.txt")
    path.write_bytes(target.getvalue())
    return path


def positive(directory: Path) -> Path:
    return written(directory / "model.7z", "1234")


def benign(directory: Path) -> Path:
    return written(directory / "model.7z", None)


def test_it_is_never_clean(tmp_path: Path) -> None:
    assert any(isinstance(o, Skipped) for o in examine_file(str(positive(tmp_path))).outcomes)
    assert {f.severity.name for f in outcomes(positive(tmp_path)) if f.rule == RULE} == {"MEDIUM"}


def test_zip_members(tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    path.write_bytes(archive([Member(b"a", bytes(range(3, 73)), flags=1, size=58)]))
    assert RULE in rules(path)
