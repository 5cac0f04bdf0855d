"""Executables where none belong."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tests.checks.examples import outcomes
from tests.formats.executables import elf, fat, macho, pe
from violet.domain import Severity

RULE = "artifact/executable-content"


def positive(directory: Path) -> Path:
    path = directory / "weights.safetensors"
    path.write_bytes(save({"a": np.ones(3)}) + elf())
    return path


def benign(directory: Path) -> Path:
    path = directory / "weights.safetensors"
    path.write_bytes(save({"a": np.ones(3)}))
    return path


def severities(path: Path) -> list[Severity]:
    return [f.severity for f in outcomes(path) if f.rule == RULE]


@pytest.mark.parametrize("build", [elf, pe, macho, fat])
def test_every_kind_behind_a_model_is_critical(tmp_path: Path, build: object) -> None:
    assert callable(build)
    path = tmp_path / "w.safetensors"
    path.write_bytes(save({"a": np.ones(3)}) + build())
    assert severities(path) == [Severity.CRITICAL]


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("libop.so", Severity.LOW),
        ("libop.so.1.2", Severity.LOW),
        ("tool", Severity.MEDIUM),
        ("model.onnx", Severity.HIGH),
        ("logo.png", Severity.HIGH),
    ],
)
def test_severity_follows_the_name(tmp_path: Path, name: str, severity: Severity) -> None:
    path = tmp_path / name
    path.write_bytes(elf())
    assert severities(path) == [severity]


def test_members_of_archives(tmp_path: Path) -> None:
    for name, inner, severity in (
        ("model.zip", "weights.bin", Severity.HIGH),
        ("model.zip", "lib/op.so", Severity.MEDIUM),
        ("package-1.0-py3-none-any.whl", "lib/op.so", Severity.LOW),
    ):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr(inner, elf())
        path = tmp_path / name
        path.write_bytes(data.getvalue())
        assert severities(path) == [severity]


def test_real_libraries_are_low() -> None:
    import numpy._core._multiarray_umath as module

    assert severities(Path(module.__file__)) == [Severity.LOW]
