"""Links that lead outside, devices, privileged files."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes, rules
from tests.formats.archive_files import entry, tar_of

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/archive-link"


def positive(directory: Path) -> Path:
    path = directory / "model.tar"
    path.write_bytes(tar_of((entry("tokenizer.json", tarfile.SYMTYPE, "/proc/self/environ"), b"")))
    return path


def benign(directory: Path) -> Path:
    """A cache as hubs lay it out: names are links to content within the same directory."""
    path = directory / "model.tar"
    link = entry("m/snapshots/main/config.json", tarfile.SYMTYPE, "../../blobs/abc")
    hard = entry("m/copy", tarfile.LNKTYPE, "m/blobs/abc")
    path.write_bytes(tar_of((entry("m/blobs/abc"), b"{}"), (link, b""), (hard, b"")))
    return path


@pytest.mark.parametrize(
    "info",
    [
        entry("d/x", tarfile.SYMTYPE, "../../x"),
        entry("x", tarfile.LNKTYPE, "../x"),
        entry("x", tarfile.BLKTYPE),
        entry("x", mode=0o4755),
    ],
)
def test_kinds(tmp_path: Path, info: tarfile.TarInfo) -> None:
    path = tmp_path / "m.tar"
    path.write_bytes(tar_of((info, b"")))
    assert RULE in rules(path)


def test_the_target_is_shown(tmp_path: Path) -> None:
    (finding,) = [f for f in outcomes(positive(tmp_path)) if f.rule == RULE]
    assert finding.evidence == "/proc/self/environ"
