"""HDF5 data that need a filter plugin."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from tests.checks.examples import outcomes
from violet.domain import Severity

RULE = "artifact/hdf5-filter-plugin"


def build(directory: Path, number: int) -> Path:
    """The filter's number is written over that of deflate: the library would refuse to write it itself."""
    path = directory / "data.h5"
    with h5py.File(path, "w", libver="earliest") as file:
        file.create_dataset("x", data=np.arange(1000, dtype="f4"), compression="gzip", compression_opts=4)
    data = path.read_bytes()
    old = b"\x01\x00\x08\x00\x01\x00\x01\x00deflate\x00"
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, number.to_bytes(2, "little") + old[2:]))
    return path


def positive(directory: Path) -> Path:
    return build(directory, 40001)


def benign(directory: Path) -> Path:
    path = directory / "data.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(1000), compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("y", data=np.arange(1000), compression="lzf")
    return path


def test_registered_filters_are_information(tmp_path: Path) -> None:
    assert [f.severity for f in outcomes(build(tmp_path, 32015)) if f.rule == RULE] == [Severity.INFO]
    assert [f.severity for f in outcomes(build(tmp_path, 40001)) if f.rule == RULE] == [Severity.LOW]
