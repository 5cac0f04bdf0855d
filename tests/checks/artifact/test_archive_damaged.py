"""Archives that are cut or broken."""

from __future__ import annotations

import gzip
import random
import zipfile
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes, rules
from violet.checks.examine import examine_file
from violet.domain import Skipped

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/archive-damaged"


DATA = random.Random(1).randbytes(100_000)


def positive(directory: Path) -> Path:
    path = directory / "model.bin.gz"
    path.write_bytes(gzip.compress(DATA)[:50_000])
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.bin.gz"
    path.write_bytes(gzip.compress(DATA))
    return path


def test_it_is_of_medium_severity_and_never_clean(tmp_path: Path) -> None:
    path = positive(tmp_path)
    assert {f.severity.name for f in outcomes(path) if f.rule == RULE} == {"MEDIUM"}
    assert any(isinstance(o, Skipped) and o.what == RULE for o in examine_file(str(path)).outcomes)


def test_a_zip_archive_without_its_end(tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.bin", DATA)
    path.write_bytes(path.read_bytes()[:-40])
    assert RULE in rules(path)
