"""Compiled Python with and without its source."""

from __future__ import annotations

import py_compile
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/python-bytecode"


def compiled(directory: Path, mode: py_compile.PycInvalidationMode | None = None) -> Path:
    source = directory / "helper.py"
    source.write_text("x = 1\n")
    target = directory / "helper.pyc"
    py_compile.compile(str(source), str(target), invalidation_mode=mode)
    return target


def positive(directory: Path) -> Path:
    target = compiled(directory)
    (directory / "helper.py").unlink()
    return target


def benign(directory: Path) -> Path:
    return compiled(directory)


def messages(path: Path) -> list[str]:
    return [f.message for f in outcomes(path) if f.rule == RULE]


def test_source_of_another_length(tmp_path: Path) -> None:
    target = compiled(tmp_path)
    (tmp_path / "helper.py").write_text("y = 1234\n")
    assert "not compiled from" in messages(target)[0]


def test_bytecode_that_is_never_compared(tmp_path: Path) -> None:
    target = compiled(tmp_path, py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert "not to compare" in messages(target)[0]
    assert messages(compiled(tmp_path, py_compile.PycInvalidationMode.CHECKED_HASH)) == []
