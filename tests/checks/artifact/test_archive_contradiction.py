"""Archives that readers see differently."""

from __future__ import annotations

import gzip
import pickle
import zipfile
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes, rules
from tests.corpus.zipcraft import Member, archive
from tests.formats.archive_files import entry, tar_of

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/archive-contradiction"


DATA = pickle.dumps({"weights": [0.0] * 100})


def positive(directory: Path) -> Path:
    path = directory / "model.pt"
    path.write_bytes(archive([Member(b"archive/data.pkl", DATA, flags=1), Member(b"archive/version", b"3\n")]))
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pt"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", DATA)
        file.writestr("archive/version", "3\n")
    return path


def test_the_flagged_member_is_examined_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    evil = b"cos\nsystem\n(S'id'\ntR."
    path.write_bytes(archive([Member(b"archive/data.pkl", evil, flags=1), Member(b"archive/version", b"3\n")]))
    assert "artifact/pickle-dangerous-call" in rules(path)


def test_checksums(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"some text\n" * 20))
    packed[-6] ^= 1
    path = tmp_path / "notes.txt.gz"
    path.write_bytes(packed)
    assert RULE in rules(path)


def test_headers_of_tar(tmp_path: Path) -> None:
    data = bytearray(tar_of((entry("a.txt"), b"text\n")))
    data[0] = ord("b")
    path = tmp_path / "m.tar"
    path.write_bytes(data)
    (finding,) = [f for f in outcomes(path) if f.rule == RULE]
    assert finding.severity.name == "HIGH"
