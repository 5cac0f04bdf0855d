"""Content that no directory mentions."""

from __future__ import annotations

import io
import zipapp
import zipfile
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes, rules
from tests.corpus.zipcraft import Member, archive
from tests.formats.archive_files import entry, tar_of

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/archive-hidden"


def positive(directory: Path) -> Path:
    path = directory / "model.tar"
    path.write_bytes(tar_of((entry("a.txt"), b"text\n")) + tar_of((entry("install.sh"), b"#!/bin/sh\nid\n")))
    return path


def benign(directory: Path) -> Path:
    """Padding to the block size of a tape."""
    path = directory / "model.tar"
    path.write_bytes(tar_of((entry("a.txt"), b"text\n")) + bytes(50_000))
    return path


def severities(path: Path) -> set[str]:
    return {f.severity.name for f in outcomes(path) if f.rule == RULE}


def test_what_is_hidden_is_examined(tmp_path: Path) -> None:
    evil = b"cos\nsystem\n(S'id'\ntR."
    path = tmp_path / "m.zip"
    path.write_bytes(archive([Member(b"a.txt", b"text\n"), Member(b"b", evil, listed=False)]))
    assert severities(path) == {"HIGH"}
    assert "artifact/pickle-dangerous-call" in rules(path)


def test_an_application_is_no_surprise_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text("print('hello')\n")
    path = tmp_path / "app.pyz"
    zipapp.create_archive(tmp_path / "app", path, interpreter="/usr/bin/env python3")
    assert severities(path) == {"LOW"}
    assert severities(path.rename(tmp_path / "model.keras")) == {"HIGH"}


def test_an_archive_comment(tmp_path: Path) -> None:
    def commented(comment: bytes) -> Path:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as file:
            file.writestr("a.txt", "text\n")
            file.comment = comment
        path = tmp_path / "m.zip"
        path.write_bytes(target.getvalue())
        return path

    assert severities(commented(b"0123456789abcdef" * 2)) == set()
    assert severities(commented(b"a long story\n" * 200)) == {"LOW"}
    assert severities(commented(bytes(range(256)))) == {"HIGH"}
