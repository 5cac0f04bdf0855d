"""Members that would be written outside."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes, rules
from tests.formats.archive_files import entry, tar_of

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/archive-traversal"


def positive(directory: Path) -> Path:
    path = directory / "weights.tar.gz"
    path.write_bytes(gzip.compress(tar_of((entry("config.json"), b"{}"), (entry("../../.bashrc"), b"id\n"))))
    return path


def benign(directory: Path) -> Path:
    path = directory / "weights.tar.gz"
    path.write_bytes(gzip.compress(tar_of((entry("./config.json"), b"{}"), (entry("a/..b/c.txt"), b"text\n"))))
    return path


def test_the_member_is_named(tmp_path: Path) -> None:
    (finding,) = [f for f in outcomes(positive(tmp_path)) if f.rule == RULE]
    assert "../../.bashrc" in finding.message
    assert finding.severity.name == "HIGH"
    assert finding.location.path.endswith("weights.tar.gz!weights.tar")


def test_zip_archives_too(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("..\\..\\x.txt", b"text\n")
    path = tmp_path / "model.zip"
    path.write_bytes(target.getvalue())
    assert RULE in rules(path)


def test_names_cannot_steer_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "m.tar"
    path.write_bytes(tar_of((entry("../\x1b[2J"), b"x")))
    (finding,) = [f for f in outcomes(path) if f.rule == RULE]
    assert (finding.message + finding.evidence).isprintable()


def test_many_are_summed_up(tmp_path: Path) -> None:
    path = tmp_path / "m.tar"
    path.write_bytes(tar_of(*((entry(f"../{i}"), b"") for i in range(70))))
    found = [f for f in outcomes(path) if f.rule == RULE]
    assert len(found) == 50
    assert "20 more" in found[-1].message
