"""The model and data files that installed packages ship: real files of many releases, written by the libraries
themselves, some of them broken on purpose for those libraries' own tests. None of them is an attack."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from violet.checks.examine import examine_file
from violet.domain import Finding, Severity

SUFFIXES = frozenset(
    ".npy .npz .pkl .pickle .joblib .gz .gzip .bz2 .xz .lzma .lz4 .z .zip .h5 .hdf5 .keras .onnx .pb .tflite"
    " .safetensors .gguf .pt .pth .mat .dat .bin .parquet .json .csv .txt .tpl .pyx .pxd .tp .wav .fits .sav .nc"
    " .arff".split()
)
PACKAGES = ("numpy", "scipy", "sklearn", "joblib", "pandas", "onnx", "keras", "h5py", "skops", "lightgbm", "xgboost")
MOST_FILES = 400
"""Files of one package and suffix: the repositories of test data hold hundreds that differ in numbers only."""
LARGEST = 8 << 20


def shipped(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{package} is not installed")
    found: dict[str, list[Path]] = {}
    for top in spec.submodule_search_locations:
        for directory, _, names in os.walk(top):
            for name in names:
                path = Path(directory, name)
                if path.suffix.lower() in SUFFIXES and path.stat().st_size <= LARGEST:
                    found.setdefault(path.suffix.lower(), []).append(path)
    return [path for paths in found.values() for path in sorted(paths)[:MOST_FILES]]


@pytest.mark.parametrize("package", PACKAGES)
def test_shipped_files_raise_nothing_high(package: str) -> None:
    alarms = [
        f"{path}: {outcome.severity} {outcome.rule}: {outcome.message} [{outcome.evidence}]"
        for path in shipped(package)
        for outcome in examine_file(str(path)).outcomes
        if isinstance(outcome, Finding) and outcome.severity >= Severity.HIGH
    ]
    assert not alarms, "\n".join(alarms)


def test_arrays_of_numpy_itself_raise_nothing_at_all() -> None:
    """Among them the file of numpy under Python 2, whose objects name a helper that is long gone."""
    arrays = [path for path in shipped("numpy") if path.suffix == ".npy"]
    assert arrays
    for path in arrays:
        findings = [o for o in examine_file(str(path)).outcomes if isinstance(o, Finding)]
        assert not findings, (path, findings)
