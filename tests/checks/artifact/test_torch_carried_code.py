"""PyTorch archives that bring their own program."""

from __future__ import annotations

from pathlib import Path

from tests.checks.examples import outcomes
from tests.formats.test_torch import OBJECT, archive, checkpoint
from violet.domain import Severity

RULE = "artifact/torch-carried-code"


def positive(directory: Path) -> Path:
    members = {
        "p/.data/extern_modules": b"torch\n",
        "p/.data/version": b"6\n",
        "p/model/model.pkl": OBJECT,
        "p/project/layers.py": b"SIZE = 3\n",
    }
    path = directory / "model.pt"
    path.write_bytes(archive(members))
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pt"
    path.write_bytes(archive(checkpoint()))
    return path


def test_severity(tmp_path: Path) -> None:
    assert [f.severity for f in outcomes(positive(tmp_path)) if f.rule == RULE] == [Severity.MEDIUM]


def test_a_package_without_sources_names_what_is_installed(tmp_path: Path) -> None:
    members = {"p/.data/extern_modules": b"torch\n", "p/.data/version": b"6\n", "p/model/model.pkl": OBJECT}
    path = tmp_path / "model.pt"
    path.write_bytes(archive(members))
    assert [f.severity for f in outcomes(path) if f.rule == RULE] == [Severity.LOW]
    path.write_bytes(archive(members | {"p/code/layers.py": b"SIZE = 3\n"}))
    assert [f.severity for f in outcomes(path) if f.rule == RULE] == [Severity.MEDIUM]


def test_native_library_in_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(archive(checkpoint() | {"archive/data/plugin.so": b"\x7fELF" + bytes(60)}))
    (found,) = [f for f in outcomes(path) if f.rule == RULE]
    assert found.evidence == "archive/data/plugin.so"
