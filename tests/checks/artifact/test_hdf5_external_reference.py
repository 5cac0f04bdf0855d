"""HDF5 files that read other files."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from tests.checks.examples import outcomes
from violet.domain import Severity

RULE = "artifact/hdf5-external-reference"


def positive(directory: Path) -> Path:
    path = directory / "model.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("kernel", (16,), "u1", external=[("/etc/passwd", 0, 16)])
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.weights.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("layers/dense/vars")
        group["0"] = np.ones((3, 4), "f4")
        file["again"] = h5py.SoftLink("/layers/dense/vars/0")
        made = h5py.VirtualLayout((3, 4), "f4")
        made[:] = h5py.VirtualSource(group["0"])
        file.create_virtual_dataset("same", made)
    return path


def severities(path: Path) -> list[Severity]:
    return [f.severity for f in outcomes(path) if f.rule == RULE]


def test_all_three_ways(tmp_path: Path) -> None:
    for library in ("earliest", "latest"):
        path = tmp_path / f"{library}.h5"
        with h5py.File(path, "w", libver=library) as file:
            file["link"] = h5py.ExternalLink("../other.h5", "/a")
            file.create_dataset("stored", (4,), "u1", external=[("/etc/passwd", 0, 4)])
            made = h5py.VirtualLayout((2, 4), "f4")
            made[0] = h5py.VirtualSource("/data/one.h5", "a", (4,))
            made[1] = h5py.VirtualSource("beside.h5", "a", (4,))
            file.create_virtual_dataset("virtual", made)
        assert sorted(severities(path)) == [Severity.MEDIUM, Severity.HIGH, Severity.HIGH, Severity.HIGH]


def test_inside_a_keras_archive(tmp_path: Path) -> None:
    from tests.formats import keras_archives as keras

    weights = positive(tmp_path).read_bytes()
    members = {"model.weights.h5": weights}
    path = keras.archive(tmp_path / "m.keras", keras.sequential(keras.dense()), **members)
    assert severities(path) == [Severity.HIGH]
