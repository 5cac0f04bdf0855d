"""HDF5 datasets that declare far more than they hold."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.checks.examples import outcomes
from violet.domain import Severity

RULE = "artifact/hdf5-oversized-dataset"


def build(directory: Path, shape: tuple[int, ...]) -> Path:
    path = directory / "model.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("kernel", shape, "f4", chunks=(1, 1024))
    return path


def positive(directory: Path) -> Path:
    return build(directory, (50_000_000, 50_000_000))


def benign(directory: Path) -> Path:
    path = directory / "model.weights.h5"
    with h5py.File(path, "w") as file:
        file["kernel"] = np.ones((64, 64), "f4")
        file.create_dataset("empty", (1000, 1000), "f4", chunks=(10, 10))
    return path


@pytest.mark.parametrize(
    ("shape", "severity"), [((50_000_000, 50_000_000), Severity.HIGH), ((100_000, 100_000), Severity.MEDIUM)]
)
def test_severities(tmp_path: Path, shape: tuple[int, ...], severity: Severity) -> None:
    assert [f.severity for f in outcomes(build(tmp_path, shape)) if f.rule == RULE] == [severity]
